"""Every call × every kind of caller × whose thing it is: the cells of infra/docs/access.md, as data.

The same cells run in process (tests/flow/test_policy.py) and against a deployed API
(tests/e2e/test_policy.py): all that they need is `Api`. What a cell expects comes from the table; here is
only how to make each call.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple, Protocol

from octane.api.policy import MINE, RULES, Scope, scope_of
from octane.kernel.caller import Caller, Member, Role

Json = Any
OWN, OTHER, ENTERPRISE = "own", "other", "enterprise"
ALL = (OWN, OTHER, ENTERPRISE)
NOTHING = ("",)
"""The call names no thing."""
NO_ID = "A" * 26
HIDDEN = frozenset({"CARD_NOT_FOUND", "ENTERPRISE_NOT_FOUND", "ORDER_NOT_FOUND", "STEP_UP_NOT_FOUND"})
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


class Call(NamedTuple):
    """How to make a call; `{names}` are filled in with the things of a cell."""

    path: str = ""
    """With its query; empty: the path of the table."""
    body: Json = None
    whose: tuple[str, ...] = NOTHING


PAY = {"method": "WECHAT_NATIVE"}
REASON = "a reason"
PLACE = {"day": "2026-07-01", "source": "WECHAT", "difference_id": NO_ID}
CALLS: Mapping[str, Call] = {
    "GET /switches": Call(),
    "POST /sessions": Call(body={"provider": "WECHAT", "code": "code-anybody"}),
    "POST /sessions/refresh": Call(body={"refresh_token": "none"}),
    "POST /sms-codes": Call(body={"phone": "0", "purpose": "LOGIN"}),
    "POST /callbacks/wechat/payments": Call(body={}),
    "POST /callbacks/wechat/refunds": Call(body={}),
    "POST /callbacks/alipay/payments": Call(body={}),
    "POST /callbacks/unionpay/payments": Call(body={}),
    "POST /callbacks/unionpay/refunds": Call(body={}),
    "POST /callbacks/issuers/juhe": Call(body={}),
    "GET /me": Call(),
    "POST /me/phone": Call(body={"code": "no-code"}),
    "GET /me/logins": Call(),
    "POST /me/logins": Call(body={"provider": "ALIPAY", "code": "no-code"}),
    "DELETE /me/logins/{provider}": Call("/me/logins/WECHAT"),
    "PUT /me/payment-password": Call(body={"pin": "258037"}),
    "POST /me/step-ups": Call(body={"operation": "WITHDRAW", "amount_fen": 100}),
    "POST /me/step-ups/{step_up_id}/proofs": Call(body={"method": "FACE"}, whose=(OWN, OTHER)),
    "PUT /me/identity": Call(body={"name": "张三", "identity_number": "11010519491231002X"}),
    "POST /me/account": Call(body={"enterprise_id": ""}),
    "GET /me/consents": Call(),
    "PUT /me/consents/{purpose}": Call("/me/consents/MARKETING", {"given": True, "text_version": 1}),
    "POST /me/exports": Call(),
    "POST /me/erasure": Call(),
    "POST /enterprises": Call(body={"name": "Another Ltd"}),
    "GET /enterprises/{enterprise_id}": Call("/enterprises/{account_id}", whose=(OTHER, ENTERPRISE)),
    "PUT /enterprises/{enterprise_id}/members/{user_id}": Call(
        "/enterprises/{enterprise_id}/members/{spare}", {"role": "viewer"}
    ),
    "GET /cards": Call(),
    "POST /cards": Call(body={"number": "{new_number}", "holder_name": "张三"}),
    "GET /orders": Call("/orders?userId={account_id}", whose=ALL),
    "POST /orders": Call(body={"card_id": "{card_id}", "amount_fen": 100}, whose=ALL),
    "GET /orders/{order_id}": Call(whose=ALL),
    "POST /orders/{order_id}/pay": Call(body=PAY, whose=ALL),
    "POST /orders/{order_id}/step-up": Call(body={"step_up_id": NO_ID}, whose=ALL),
    "POST /orders/{order_id}/cancel": Call(whose=ALL),
    "POST /orders/{order_id}/refunds": Call(body={"amount_fen": 1, "reason": REASON}, whose=ALL),
    "POST /payments/create": Call(
        body={
            "userId": "{account_id}",
            "amount": 1,
            "paymentMethod": "WECHAT_NATIVE",
            "cardId": "{card_id}",
        },
        whose=ALL,
    ),
    "GET /wallet": Call(),
    "POST /wallet/top-ups": Call(body={"amount_fen": 100}),
    "GET /routing/rules": Call(),
    "POST /routing/rules": Call(body={"rules": {}, "based_on": 0}),
    "POST /routing/dry-runs": Call(body={"rules": {}, "attempts": ["T"]}),
    "GET /reconciliation/differences": Call(),
    "GET /funds": Call(),
    "GET /withdrawals": Call(),
    "POST /withdrawals": Call(body={"amount_fen": 100, "purpose": "rent"}),
    "POST /withdrawals/{withdrawal_id}/approval": Call(),
    "POST /withdrawals/{withdrawal_id}/refusal": Call(body={"reason": REASON}),
    "GET /risk/rules": Call(),
    "POST /risk/rules": Call(body={"rules": {}, "based_on": 0}),
    "POST /risk/rules/dry-run": Call(body={"rules": {}, "orders": [NO_ID]}),
    "POST /risk/rules/rollback": Call(body={"to_version": 7, "based_on": 0}),
    "GET /risk/decisions/{order_id}": Call(whose=ALL),
    "PUT /risk/lists/{list}/{value}": Call("/risk/lists/user/x", {"entry": "WATCH", "reason": REASON}),
    "DELETE /risk/lists/{list}/{value}": Call("/risk/lists/user/x", {"reason": REASON}),
    "PUT /users/{user_id}/freeze": Call("/users/{spare}/freeze", {"reason": REASON}),
    "DELETE /users/{user_id}/freeze": Call("/users/{spare}/freeze", {"reason": REASON}),
    "GET /reviews": Call(),
    "GET /reviews/{order_id}": Call(whose=ALL),
    "POST /reviews/{order_id}/claim": Call(body={"version": 1}, whose=ALL),
    "POST /reviews/{order_id}/decision": Call(
        body={"decision": "APPROVE", "reason": REASON, "version": 1}, whose=ALL
    ),
    "GET /audit": Call("/audit?subject={account_id}", whose=ALL),
    "POST /evidence": Call(body={"order_id": "{order_id}"}, whose=ALL),
    "GET /evidence/{evidence_id}": Call(),
    "DELETE /cards/{card_id}": Call("/cards/{last_card_id}", whose=(OTHER, OWN, ENTERPRISE)),
    "DELETE /enterprises/{enterprise_id}/members/{user_id}": Call(
        "/enterprises/{enterprise_id}/members/{me}"
    ),
    "DELETE /sessions/current": Call(),
}
"""In the order in which they can follow each other: what ends something comes last."""
DIFFERENCE = "/reconciliation/differences/{day}/{source}/{difference_id}"
DIFFERENCES: Mapping[str, Call] = {
    f"GET {DIFFERENCE}": Call(),
    f"POST {DIFFERENCE}/decisions": Call(body={"action": "RECOVER", "reason": REASON, "version": 1}),
    f"POST {DIFFERENCE}/approvals": Call(body={"version": 1}),
    f"POST {DIFFERENCE}/refusals": Call(body={"reason": REASON, "version": 1}),
}


def calls() -> Mapping[str, Call]:
    return {**DIFFERENCES, **CALLS}


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
    made, things = calls()[cell.call], {**PLACE, "withdrawal_id": NO_ID, "evidence_id": NO_ID}
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
    """Two cards, of which one will go, and an order."""
    card_id = _card(api, token)
    order = _must(api, "POST", "/orders", {"card_id": card_id, "amount_fen": 10_000}, token)
    return {"card_id": card_id, "last_card_id": _card(api, token), "order_id": order["order_id"]}


def _card(api: Api, token: str) -> str:
    card = _must(api, "POST", "/cards", {"number": new_number(), "holder_name": "张三"}, token)
    return str(card["card_id"])


def _must(api: Api, method: str, path: str, body: Json, token: str) -> Json:
    answer = api.send(method, path, body, token, new_key())
    assert answer.status < 300, (method, path, answer)
    return answer.body
