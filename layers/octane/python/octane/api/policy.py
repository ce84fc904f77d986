"""Who may call what: one row for each method and path, and no row means nobody (ID3, SE4).

The entry checks it before anything else. It says *whether*; the use cases say *on what* (another person's
order does not exist for a customer) and *whether now* (nobody approves their own withdrawal).

    staff     by their role, on anybody's things
    people    on their own things: customers, and staff as private people
    members   who act for an enterprise, on its things; a staff role rests meanwhile

`infra/docs/access.md` is this table for reading; tests/flow/test_policy.py drives it cell by cell.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from octane.kernel.caller import (
    ASKS_FOR_EVIDENCE,
    FREEZES_ACCOUNTS,
    GRANTS_REFUNDS,
    IMPORTS_STATIONS,
    LIFTS_FREEZES,
    MOVES_FUNDS,
    READS_ALL_ORDERS,
    READS_AUDIT,
    READS_CAMPAIGNS,
    READS_DIFFERENCES,
    READS_FUNDS,
    READS_REVIEWS,
    READS_RISK,
    READS_ROUTES,
    REVIEWS_ORDERS,
    SETS_CAMPAIGNS,
    SETS_PRICES,
    SETS_RISK,
    SETS_ROUTES,
    SETTLES_DIFFERENCES,
    Caller,
    Member,
    Role,
)
from octane.kernel.errors import ForbiddenError

PREFIX = "/api/v1"
NO_ROLE: frozenset[Role] = frozenset()
STAFF = frozenset(Role) - {Role.CUSTOMER}
PEOPLE = frozenset(Role)
DOERS = PEOPLE - {Role.AUDITOR}
"""Whose job is to look on does nothing, not even for themselves."""
NO_MEMBER: frozenset[Member] = frozenset()
MEMBERS = frozenset(Member)
OWNERS = frozenset({Member.OWNER})
ORDERS = frozenset({Member.OWNER, Member.OPERATOR})
PAYS = frozenset({Member.OWNER, Member.FINANCE})


class Scope(StrEnum):
    """On whose things somebody may act."""

    OPEN = "open"
    """No login needed: a signature, a code or nothing stands for it."""
    OWN = "own"
    ANY = "any"


class Rule(NamedTuple):
    staff: frozenset[Role] = NO_ROLE
    people: frozenset[Role] = NO_ROLE
    members: frozenset[Member] = NO_MEMBER
    is_open: bool = False


OPEN = Rule(is_open=True)
MINE = Rule(people=PEOPLE, members=MEMBERS)
"""A person's login and proofs, whomever they act for."""
PRIVATE = Rule(people=PEOPLE)
READ = Rule(people=PEOPLE, members=MEMBERS)
READ_ORDERS = Rule(READS_ALL_ORDERS, PEOPLE, MEMBERS)
DIFFERENCES = "/reconciliation/differences"
DIFFERENCE = f"{DIFFERENCES}/{{day}}/{{source}}/{{difference_id}}"

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "GET /switches": OPEN,
        "POST /sessions": OPEN,
        "POST /sessions/refresh": OPEN,
        "POST /sms-codes": OPEN,
        "POST /callbacks/wechat/payments": OPEN,
        "POST /callbacks/wechat/refunds": OPEN,
        "POST /callbacks/alipay/payments": OPEN,
        "POST /callbacks/unionpay/payments": OPEN,
        "POST /callbacks/unionpay/refunds": OPEN,
        "POST /callbacks/issuers/juhe": OPEN,
        "POST /callbacks/billers/{biller}": OPEN,
        # the person
        "DELETE /sessions/current": MINE,
        "GET /me": MINE,
        "POST /me/phone": MINE,
        "GET /me/logins": MINE,
        "POST /me/logins": MINE,
        "DELETE /me/logins/{provider}": MINE,
        "PUT /me/payment-password": MINE,
        "POST /me/step-ups": MINE,
        "POST /me/step-ups/{step_up_id}/proofs": MINE,
        "PUT /me/identity": MINE,
        "POST /me/account": MINE,
        "GET /me/consents": MINE,
        "PUT /me/consents/{purpose}": MINE,
        "GET /me/price-subscriptions": MINE,
        "PUT /me/price-subscriptions/{province}": MINE,
        "DELETE /me/price-subscriptions/{province}": MINE,
        "POST /me/exports": PRIVATE,
        "POST /me/erasure": PRIVATE,
        # enterprises
        "POST /enterprises": Rule(people=DOERS),
        "GET /enterprises/{enterprise_id}": Rule(STAFF, PEOPLE, MEMBERS),
        "PUT /enterprises/{enterprise_id}/members/{user_id}": Rule(members=OWNERS),
        "DELETE /enterprises/{enterprise_id}/members/{user_id}": Rule(people=PEOPLE, members=MEMBERS),
        # cards, orders, money of an account
        "GET /cards": READ,
        "POST /cards": Rule(people=DOERS, members=ORDERS),
        "DELETE /cards/{card_id}": Rule(people=DOERS, members=ORDERS),
        "GET /billers": READ,
        "GET /bill-accounts": READ,
        "POST /bill-accounts": Rule(people=DOERS, members=ORDERS),
        "DELETE /bill-accounts/{bill_account_id}": Rule(people=DOERS, members=ORDERS),
        "GET /bill-accounts/{bill_account_id}/bills": READ,
        "GET /bill-plans": READ,
        "POST /bill-plans": Rule(people=DOERS, members=ORDERS),
        "GET /bill-plans/{plan_id}": READ,
        "DELETE /bill-plans/{plan_id}": Rule(people=DOERS, members=ORDERS),
        "GET /stations/nearby": READ,
        "GET /stations/{station_id}": READ,
        "GET /orders": READ_ORDERS,
        "POST /orders": Rule(people=DOERS, members=ORDERS),
        "POST /bill-orders": Rule(people=DOERS, members=ORDERS),
        "GET /orders/{order_id}": READ_ORDERS,
        "GET /orders/{order_id}/receipt": READ_ORDERS,
        "POST /orders/{order_id}/cancel": Rule(people=DOERS, members=ORDERS),
        "POST /orders/{order_id}/pay": Rule(people=DOERS, members=PAYS),
        "POST /orders/{order_id}/step-up": Rule(people=DOERS, members=PAYS),
        "POST /orders/{order_id}/refunds": Rule(GRANTS_REFUNDS),
        "POST /payments/create": Rule(people=DOERS, members=OWNERS),  # it places and pays
        "GET /home": READ,
        "GET /prices": READ,
        "GET /me/coupons": READ,
        "POST /campaigns/{campaign_id}/claims": Rule(people=DOERS, members=ORDERS),
        "POST /coupon-codes": Rule(people=DOERS, members=ORDERS),
        "GET /wallet": READ,
        "POST /wallet/top-ups": Rule(people=DOERS, members=PAYS),
        # staff
        "PUT /prices/{province}": Rule(SETS_PRICES),
        "POST /stations/imports": Rule(IMPORTS_STATIONS),
        "GET /routing/rules": Rule(READS_ROUTES),
        "POST /routing/rules": Rule(SETS_ROUTES),
        "POST /routing/dry-runs": Rule(READS_ROUTES),
        f"GET {DIFFERENCES}": Rule(READS_DIFFERENCES),
        f"GET {DIFFERENCE}": Rule(READS_DIFFERENCES),
        f"POST {DIFFERENCE}/decisions": Rule(SETTLES_DIFFERENCES),
        f"POST {DIFFERENCE}/approvals": Rule(SETTLES_DIFFERENCES),
        f"POST {DIFFERENCE}/refusals": Rule(SETTLES_DIFFERENCES),
        "GET /funds": Rule(READS_FUNDS),
        "GET /withdrawals": Rule(READS_FUNDS),
        "POST /withdrawals": Rule(MOVES_FUNDS),
        "POST /withdrawals/{withdrawal_id}/approval": Rule(MOVES_FUNDS),
        "POST /withdrawals/{withdrawal_id}/refusal": Rule(MOVES_FUNDS),
        "GET /campaigns": Rule(READS_CAMPAIGNS),
        "POST /campaigns": Rule(SETS_CAMPAIGNS),
        "GET /campaigns/{campaign_id}": Rule(READS_CAMPAIGNS),
        "PUT /campaigns/{campaign_id}": Rule(SETS_CAMPAIGNS),
        "GET /campaigns/{campaign_id}/claims": Rule(READS_CAMPAIGNS),
        "POST /campaigns/{campaign_id}/codes": Rule(SETS_CAMPAIGNS),
        "GET /supply": Rule(READS_CAMPAIGNS),
        "GET /risk/rules": Rule(READS_RISK),
        "POST /risk/rules": Rule(SETS_RISK),
        "POST /risk/rules/dry-run": Rule(READS_RISK),
        "POST /risk/rules/rollback": Rule(SETS_RISK),
        "GET /risk/decisions/{order_id}": Rule(READS_RISK),
        "PUT /risk/lists/{list}/{value}": Rule(SETS_RISK),
        "DELETE /risk/lists/{list}/{value}": Rule(SETS_RISK),
        "PUT /users/{user_id}/freeze": Rule(FREEZES_ACCOUNTS),
        "DELETE /users/{user_id}/freeze": Rule(LIFTS_FREEZES),
        "GET /reviews": Rule(READS_REVIEWS),
        "GET /reviews/{order_id}": Rule(READS_REVIEWS),
        "POST /reviews/{order_id}/claim": Rule(REVIEWS_ORDERS),
        "POST /reviews/{order_id}/decision": Rule(REVIEWS_ORDERS),
        "GET /audit": Rule(READS_AUDIT),
        "POST /evidence": Rule(ASKS_FOR_EVIDENCE),
        "GET /evidence/{evidence_id}": Rule(ASKS_FOR_EVIDENCE),
    }
)


def check(method: str, resource: str, who: Callable[[], Caller]) -> None:
    """Refuse (`ForbiddenError`) what the table does not allow; `who` is asked only where a login is needed.

    `resource` is the gateway's: `/api/v1/orders/{order_id}`.
    """
    rule = RULES.get(f"{method} {resource.removeprefix(PREFIX)}")
    if rule is None:
        raise ForbiddenError
    if not rule.is_open and scope_of(rule, who()) is None:
        raise ForbiddenError


def scope_of(rule: Rule, caller: Caller) -> Scope | None:
    """On whose things this caller may do it; None: on nobody's."""
    if rule.is_open:
        return Scope.OPEN
    if caller.enterprise_id:
        return Scope.OWN if caller.member in rule.members else None
    if caller.role in rule.staff:
        return Scope.ANY
    return Scope.OWN if caller.role in rule.people else None
