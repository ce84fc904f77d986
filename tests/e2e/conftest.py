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
def staff(octane: LocalOctane, anybody: Client) -> dict[Role, Client]:
    """A finance director and a risk officer: the role comes with the next login."""
    promote = promoter(octane.client("dynamodb"), octane.outputs["IdentityTableName"])
    for role in (roles := (Role.FINANCE_DIRECTOR, Role.RISK)):
        user_id = json.loads(anybody.logged_in(role).call("GET", "/me").text)["user_id"]
        promote(user_id, role)
    return {role: anybody.logged_in(role) for role in roles}
