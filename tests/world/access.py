"""Every call × every kind of caller × whose thing it is: the cells of infra/docs/access.md, as data.

The same cells run in process (tests/flow/test_policy.py) and against a deployed API
(tests/e2e/test_policy.py): all that they need is `Api`. What a cell expects comes from the table; how each
call is made stands in `world.calls`.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple, Protocol

from octane.api.policy import MINE, RULES, Scope, scope_of
from octane.kernel.caller import Caller, Member, Role
from world.calls import ENTERPRISE, NAMELESS, OTHER, OWN, PLACE, calls

Json = Any
HIDDEN = frozenset(
    {
        *("BILL_ACCOUNT_NOT_FOUND", "CARD_NOT_FOUND", "ENTERPRISE_NOT_FOUND", "ORDER_NOT_FOUND"),
        "STEP_UP_NOT_FOUND",
    }
)
"""What is said of things that are not the caller's."""
_numbers = count(1)


class Answer(NamedTuple):
    status: int
    body: Json

    @property
    def code(self) -> str:
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return str(error["code"]) if isinstance(error, dict) else ""


class Api(Protocol):
    def send(self, method: str, path: str, body: Json, token: str, key: str) -> Answer:
        """Call below `/api/v1`; no token: nobody."""
        ...

    def promote(self, user_id: str, role: Role) -> None:
        """Give a person a role, as an administrator does."""
        ...


class Person(NamedTuple):
    """A kind of caller: a person with a role, or one who acts for the enterprise."""

    name: str
    caller: Caller
    token: str
    things: Mapping[str, Mapping[str, str]]
    """By whose they are."""


class Cell(NamedTuple):
    call: str
    person: Person
    whose: str

    @property
    def is_allowed(self) -> bool:
        rule = RULES[self.call]
        scope = scope_of(rule, self.person.caller)
        if scope is None or scope is Scope.ANY or not self.whose:
            return scope is not None
        acts_for_it = self.person.caller.enterprise_id and rule is not MINE
        return self.whose == (ENTERPRISE if acts_for_it else OWN)


def cells_of(call: str, people: list[Person]) -> Iterator[Cell]:
    """What belongs to nobody (`whose` is empty) has one cell for each caller."""
    for whose in calls()[call].whose:
        for person in people:
            yield Cell(call, person, whose)


def fault_of(api: Api, cell: Cell) -> str:
    """Make the call; return what is wrong with its answer, or nothing."""
    method, path = cell.call.split(" ", 1)
    made, things = calls()[cell.call], {**PLACE, **NAMELESS}
    things |= {"me": cell.person.caller.user_id, "new_number": new_number()}
    things |= cell.person.things[cell.whose or OWN]
    answer = api.send(
        method, _filled(made.path or path, things), _filled(made.body, things), cell.person.token, new_key()
    )
    scope = scope_of(RULES[cell.call], cell.person.caller)
    told = f"{cell.person.name}, {cell.call}, {cell.whose}: {answer.status} {answer.code}"
    if answer.status >= 500 and answer.status != 503:
        return f"{told}: a fault of ours"
    if cell.is_allowed:
        refusals = {"FORBIDDEN"} if scope is Scope.OPEN else {"FORBIDDEN", "UNAUTHENTICATED"}
        is_hidden = scope is Scope.OWN and answer.code in HIDDEN
        return f"{told}: must be allowed" if answer.code in refusals or is_hidden else ""
    is_refused = answer.code == "FORBIDDEN" or (cell.whose and answer.status == 404)
    return "" if is_refused else f"{told}: must be refused"


def _filled(pattern: Json, things: Mapping[str, str]) -> Json:
    if isinstance(pattern, dict):
        return {name: _filled(part, things) for name, part in pattern.items()}
    return pattern.format(**things) if isinstance(pattern, str) else pattern


def new_key() -> str:
    return f"access-key-{next(_numbers):08d}"


def new_number() -> str:
    """A Sinopec card that nobody has."""
    return f"100011{next(_numbers):013d}"


# ---- the people and their things


def settle(api: Api, prefix: str) -> list[Person]:
    """One person for each role, one for each member's role, and the things that the cells are about."""
    stranger = _newcomer(api, f"{prefix}-stranger")
    other = _things(api, stranger.token) | {"account_id": stranger.user_id}
    spare = _newcomer(api, f"{prefix}-spare").user_id
    owner = _newcomer(api, f"{prefix}-owner")
    enterprise_id = _must(api, "POST", "/enterprises", {"name": "Fleet Ltd"}, owner.token)["enterprise_id"]
    acting = _acts(api, owner.token, enterprise_id)
    firm = _things(api, acting) | {"account_id": enterprise_id}

    def person(name: str, new: "_Newcomer", caller: Caller, token: str, own: Mapping[str, str]) -> Person:
        shared = {"enterprise_id": enterprise_id, "spare": spare}
        step_up = _must(api, "POST", "/me/step-ups", {"operation": "WITHDRAW", "amount_fen": 1}, token)
        mine = {**own, "account_id": new.user_id, "step_up_id": step_up["step_up_id"]}
        theirs = {**firm, "last_card_id": _card(api, acting)}  # each may unbind one
        things = {OWN: mine, OTHER: other, ENTERPRISE: theirs}
        return Person(name, caller, token, {whose: {**known, **shared} for whose, known in things.items()})

    step_up = _must(api, "POST", "/me/step-ups", {"operation": "WITHDRAW", "amount_fen": 1}, stranger.token)
    other["step_up_id"] = step_up["step_up_id"]
    people = []
    for role in Role:
        openid = f"{prefix}-{role.value}"
        new = _newcomer(api, openid)
        own = _things(api, new.token)
        api.promote(new.user_id, role)
        token = _log_in(api, openid)["access_token"]
        people.append(person(role.value, new, Caller(new.user_id, role, ""), token, own))
    for member in Member:
        new = owner if member is Member.OWNER else _newcomer(api, f"{prefix}-member-{member.value}")
        own = _things(api, new.token)
        if member is not Member.OWNER:
            path = f"/enterprises/{enterprise_id}/members/{new.user_id}"
            _must(api, "PUT", path, {"role": member.value}, acting)
        token = acting if member is Member.OWNER else _acts(api, new.token, enterprise_id)
        caller = Caller(new.user_id, Role.CUSTOMER, "", enterprise_id=enterprise_id, member=member)
        people.append(person(f"enterprise {member.value}", new, caller, token, own))
    return people


class _Newcomer(NamedTuple):
    user_id: str
    token: str


def _newcomer(api: Api, openid: str) -> _Newcomer:
    session = _log_in(api, openid)
    token = str(session["access_token"])
    _must(api, "POST", "/me/phone", {"code": "phone-13800138000"}, token)
    return _Newcomer(str(session["user"]["user_id"]), token)


def _log_in(api: Api, openid: str) -> Json:
    return _must(api, "POST", "/sessions", {"provider": "WECHAT", "code": f"code-{openid}"}, "")


def _acts(api: Api, token: str, enterprise_id: str) -> str:
    session = _must(api, "POST", "/me/account", {"enterprise_id": enterprise_id}, token)
    return str(session["access_token"])


def _things(api: Api, token: str) -> dict[str, str]:
    """Two cards, of which one will go, an order, and an account at a biller."""
    card_id = _card(api, token)
    order = _must(api, "POST", "/orders", {"card_id": card_id, "amount_fen": 10_000}, token)
    account = {"biller": "ELECTRICITY", "account_no": f"2026{next(_numbers):08d}001"}
    bound = _must(api, "POST", "/bill-accounts", account, token)
    return {
        "card_id": card_id,
        "last_card_id": _card(api, token),
        "order_id": order["order_id"],
        "bill_account_id": bound["bill_account_id"],
    }


def _card(api: Api, token: str) -> str:
    card = _must(api, "POST", "/cards", {"number": new_number(), "holder_name": "张三"}, token)
    return str(card["card_id"])


def _must(api: Api, method: str, path: str, body: Json, token: str) -> Json:
    answer = api.send(method, path, body, token, new_key())
    assert answer.status < 300, (method, path, answer)
    return answer.body
