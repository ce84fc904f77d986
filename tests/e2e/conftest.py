"""One Octane for all end-to-end tests: the template on the embedded AWS, every IAM policy enforced."""

from collections.abc import Iterator

import pytest

from demo.performance import SETTINGS, SIMULATOR_OPTIONS
from e2e.client import Client
from local.world import LocalOctane


@pytest.fixture(scope="session")
def octane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOctane]:
    directory = tmp_path_factory.mktemp("octane")
    with LocalOctane(directory, iam=True, settings=SETTINGS, simulator_options=SIMULATOR_OPTIONS) as running:
        yield running


@pytest.fixture(scope="session")
def anybody(octane: LocalOctane) -> Client:
    return Client(octane.url)


@pytest.fixture(scope="session")
def person(anybody: Client) -> Client:
    return anybody.logged_in("end-to-end")
