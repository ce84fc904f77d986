"""The cells of infra/docs/access.md against the deployed API: gateway, authorizer and functions."""

import json
from typing import Any

import pytest

from demo.staff import promoter
from e2e.client import Client
from local.world import LocalOctane
from octane.api.policy import RULES
from octane.kernel.caller import Role
from world.access import Answer, Person, cells_of, fault_of, settle
from world.calls import calls


class Deployed:
    """Implements `world.access.Api`. Any deployed Octane will do, given its address and an administrator."""

    def __init__(self, octane: LocalOctane) -> None:
        self._url = octane.url
        self._promote = promoter(octane.client("dynamodb"), octane.outputs["IdentityTableName"])

    def send(self, method: str, path: str, body: Any, token: str, key: str) -> Answer:
        reply = Client(self._url, token).call(method, path, body, Idempotency_Key=key)
        is_json = reply.text[:1] in {"{", "["}
        return Answer(reply.status, json.loads(reply.text) if is_json else reply.text)

    def promote(self, user_id: str, role: Role) -> None:
        self._promote(user_id, role)


@pytest.fixture(scope="module")
def api(octane: LocalOctane) -> Deployed:
    return Deployed(octane)


@pytest.fixture(scope="module")
def people(api: Deployed) -> list[Person]:
    return settle(api, "deployed-cell")


def test_every_cell(api: Deployed, people: list[Person]) -> None:
    cells = [cell for call in calls() for cell in cells_of(call, people)]
    faults = [fault for cell in cells if (fault := fault_of(api, cell))]
    assert faults == [], f"{len(faults)} of {len(cells)} cells"


def test_nobody_without_a_login(api: Deployed) -> None:
    for call, made in calls().items():
        method, path = call.split(" ", 1)
        if not RULES[call].is_open:
            answer = api.send(method, path.replace("{", "").replace("}", ""), made.body, "", "no-login-key")
            assert answer.status == 401, (call, answer)
