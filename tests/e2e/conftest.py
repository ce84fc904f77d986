"""One Octane for all end-to-end tests: the template on the embedded AWS, every IAM policy enforced."""

import json
from collections.abc import Iterator

import pytest

from demo.performance import SETTINGS, SIMULATOR_OPTIONS
from demo.staff import promoter
from e2e.client import Client
from local.world import LocalOctane
from octane.kernel.caller import Role


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


@pytest.fixture(scope="session")
def finance(octane: LocalOctane, anybody: Client) -> Client:
    """A finance director: the role comes with the next login."""
    user_id = json.loads(anybody.logged_in("finance-director").call("GET", "/me").text)["user_id"]
    promote = promoter(octane.client("dynamodb"), octane.outputs["IdentityTableName"])
    promote(user_id, Role.FINANCE_DIRECTOR)
    return anybody.logged_in("finance-director")
