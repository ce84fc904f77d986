"""Who may call what: every call by every kind of caller on own, other people's and an enterprise's things."""

from collections.abc import Iterator
from typing import Any

import pytest

from octane.api.policy import PREFIX, RULES, check
from octane.identity.users import user_key
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.errors import ForbiddenError
from octane.store.writes import Exists, Update
from openapi.access import access_table
from world.access import Answer, Person, cells_of, fault_of, settle
from world.calls import calls
from world.shop import Shop, opened_shop
from world.system import ROOT, routes, system

SERVED = {f"{route.method} {route.path.removeprefix(PREFIX)}": route for route in routes(system())}
"""The calls that the template serves."""


class InProcess:
    """Implements `world.access.Api`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def send(self, method: str, path: str, body: Any, token: str, key: str) -> Answer:
        headers = {"Idempotency-Key": key}
        answer = self.shop.call(method, f"{PREFIX}{path}", body, token=token or None, headers=headers)
        return Answer(answer.status, answer.body)

    def promote(self, user_id: str, role: Role) -> None:
        write = Update(user_key(user_id), when=Exists(), assign={"role": role.value})
        self.shop.wiring.store.commit(write)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with opened_shop(tmp_path_factory.mktemp("simulators")) as shop:
        yield InProcess(shop)


@pytest.fixture(scope="module")
def people(api: InProcess) -> list[Person]:
    return settle(api, "cell")


@pytest.mark.parametrize("call", [call for call in calls() if call in SERVED])
def test_every_cell_of_a_call(api: InProcess, people: list[Person], call: str) -> None:
    cells = list(cells_of(call, people))
    faults = [fault for cell in cells if (fault := fault_of(api, cell))]
    assert faults == [], f"{len(faults)} of {len(cells)} cells"


@pytest.mark.parametrize("call", [call for call in calls() if call in SERVED and not RULES[call].is_open])
def test_nobody_without_a_login(api: InProcess, call: str) -> None:
    method, path = call.split(" ", 1)
    assert api.send(method, path, calls()[call].body, "", "no-login-key").status == 401


def test_no_call_is_missing() -> None:
    assert set(SERVED) == set(RULES), "each call of the template has a row in the table, and the other way"
    assert set(calls()) == set(RULES), "each row of the table is driven here"


def test_what_is_open_in_the_table_is_open_at_the_gateway() -> None:
    open_calls = {call for call, route in SERVED.items() if route.open_to_all}
    assert open_calls == {call for call, rule in RULES.items() if rule.is_open and call in SERVED}


def test_what_is_not_in_the_table_is_refused() -> None:
    for method, path in (("PATCH", "/orders"), ("GET", "/orders/T"), ("GET", "/unknown"), ("", "")):
        with pytest.raises(ForbiddenError):
            check(method, f"{PREFIX}{path}", lambda: Caller("U", Role.OPERATOR, "S"))


@pytest.mark.parametrize("call", [call for call in RULES if not call.startswith("GET ")])
def test_a_viewer_and_an_auditor_change_nothing_of_the_business(call: str) -> None:
    viewer = Caller("U", Role.CUSTOMER, "S", enterprise_id="E", member=Member.VIEWER)
    auditor = Caller("U", Role.AUDITOR, "S")
    theirs = (
        "/me",
        "/sessions",
        "/sms-codes",
        "/callbacks",
        "/enterprises/{enterprise_id}/members/{user_id}",
    )
    looks = {"POST /routing/dry-runs", "POST /risk/rules/dry-run", "POST /evidence"}
    for caller in (viewer, auditor):
        allowed = True
        try:
            check(*_at(call), lambda caller=caller: caller)  # type: ignore[misc]
        except ForbiddenError:
            allowed = False
        assert not allowed or call.split(" ")[1].startswith(theirs) or call in looks


@pytest.mark.parametrize(
    ("call", "members"),
    [
        ("POST /orders/{order_id}/pay", {Member.OWNER, Member.FINANCE}),
        ("POST /wallet/top-ups", {Member.OWNER, Member.FINANCE}),
        ("POST /payments/create", {Member.OWNER}),
        ("POST /orders", {Member.OWNER, Member.OPERATOR}),
        ("POST /bill-orders", {Member.OWNER, Member.OPERATOR}),
        ("POST /cards", {Member.OWNER, Member.OPERATOR}),
        ("PUT /enterprises/{enterprise_id}/members/{user_id}", {Member.OWNER}),
        ("POST /orders/{order_id}/refunds", set()),
        ("POST /withdrawals", set()),
        ("POST /me/erasure", set()),
    ],
)
def test_what_members_may_do(call: str, members: set[Member]) -> None:
    """Said once more, apart from the table: an owner does all, finance pays, an operator orders."""
    assert RULES[call].members == members


@pytest.mark.parametrize(
    ("call", "roles"),
    [
        ("POST /withdrawals", {Role.FINANCE, Role.FINANCE_DIRECTOR}),
        ("POST /orders/{order_id}/refunds", {Role.OPERATOR, Role.FINANCE}),
        ("POST /routing/rules", {Role.OPERATOR}),
        ("POST /risk/rules", {Role.RISK}),
        ("GET /audit", {Role.AUDITOR, Role.RISK, Role.FINANCE_DIRECTOR}),
        ("POST /orders/{order_id}/pay", set()),
        ("GET /me", set()),
    ],
)
def test_what_staff_may_do(call: str, roles: set[Role]) -> None:
    assert RULES[call].staff == roles


def _at(call: str) -> tuple[str, str]:
    method, path = call.split(" ", 1)
    return method, f"{PREFIX}{path}"


def test_the_page_says_what_the_code_says() -> None:
    assert (ROOT / "infra/docs/access.md").read_text() == access_table(), (
        "run `make openapi` and commit what it writes"
    )
