"""A person asks that their account be erased (ID6): refused while money is open, else promised for 7 days.

| key (table identity)           | item                                                |
|--------------------------------|-----------------------------------------------------|
| `#ERASURES` / `OPEN#<user_id>` | asked for, and not done yet                         |
| `#ERASURES` / `DONE#<user_id>` | when it was asked for and done; nothing personal    |

From the request on the account is frozen and its tokens end. The work itself is in `octane.rights.erasing`.
"""

from enum import StrEnum
from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.identity.enterprises import find_membership, member_key, recounted, unchanged
from octane.identity.revocation import revoke_tokens
from octane.identity.step_ups import Operation, StepUpRequiredError, use_step_up
from octane.identity.users import AccountFrozenError, get_user, user_key
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import SECOND, Instant, later
from octane.kernel.errors import ForbiddenError, StateError
from octane.ledger.accounts import wallet
from octane.ledger.balances import shard_key
from octane.orders.attempts import SHARD
from octane.orders.records import order_key
from octane.orders.states import TERMINAL
from octane.rights.deps import RightsDeps
from octane.rights.holdings import PAGE, order_ids
from octane.risk.seen import person_key
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store, until_settled
from octane.store.writes import Absent, Check, Delete, Exists, Is, Missing, Put, Update, Write, all_of, any_of

ERASURES = "#ERASURES"
DUE_MS = 7 * 24 * 3_600 * SECOND
"""The promise of ID6; backups included (infra/docs/privacy.md)."""
MOST_ENTERPRISES = 20


class OrdersOpenError(StateError):
    code = "ERASURE_ORDERS_OPEN"
    summary = "Orders or refunds are under way: cancel them or wait for their end, then ask again."


class WalletNotEmptyError(StateError):
    code = "ERASURE_WALLET_NOT_EMPTY"
    summary = "There is money in the wallet: spend it or have it paid out, then ask again."


class StaffAccountError(ForbiddenError):
    code = "ERASURE_STAFF_ACCOUNT"
    summary = "This account works for the house; have its role taken first."


class EnterprisesTooManyError(StateError):
    code = "ERASURE_ENTERPRISES"
    summary = "Leave your enterprises first: there are too many of them to leave at once."


class ErasureState(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"


class Erasure(NamedTuple):
    user_id: str
    requested_at: Instant
    state: ErasureState = ErasureState.OPEN

    @property
    def due_by(self) -> Instant:
        return later(self.requested_at, DUE_MS)


def erasure_key(user_id: str, state: ErasureState) -> Key:
    return Key(Table.IDENTITY, ERASURES, f"{state.value}#{user_id}")


def request_erasure(deps: RightsDeps, caller: Caller, step_up_id: str) -> Erasure:
    """Promise to erase the caller's own account; asked again, the same promise.

    One transaction: step-up used, wallet found empty, enterprises left, account frozen, tokens revoked, act.
    Raises `OrdersOpenError`, `WalletNotEmptyError`, `LastOwnerError`, `StepUpRequiredError`. An account
    without a phone has no card and no second proof: its session does.
    """
    if caller.enterprise_id:
        raise ForbiddenError("Act for yourself first (POST /api/v1/me/account).")
    if caller.role is not Role.CUSTOMER:
        raise StaffAccountError
    return until_settled(lambda: _request(deps, caller, step_up_id))


def _request(deps: RightsDeps, caller: Caller, step_up_id: str) -> Erasure:
    user_id, now = caller.user_id, deps.clock.now()
    promised = find_erasure(deps.store, user_id)
    if promised is not None:
        return promised
    user = get_user(deps.store, user_id)
    _must_owe_nothing(deps.store, user_id)
    first_time = all_of(Exists(), Missing("erasing_at"))
    proof: tuple[Write, ...] = ()
    if user.phone_sealed or user.phone_plain:
        if not step_up_id:
            raise StepUpRequiredError
        proof = (use_step_up(user_id, step_up_id, Operation.ERASE_ACCOUNT, "", 0, now),)
    else:
        first_time = all_of(first_time, Missing("phone_sealed"), Missing("phone"))
    erasure = Erasure(user_id, now)
    deps.store.commit(
        *proof,
        _stopped(user_id, now),
        empty_wallet(user_id),
        *leaving_enterprises(deps.store, user_id),
        Update(user_key(user_id), when=first_time, assign={"frozen": True, "erasing_at": now}),
        Put(erasure_key(user_id, ErasureState.OPEN), {"requested_at": now}, when=Absent()),
        revoke_tokens(user_id, now),
        record(act_of(caller, "request_erasure", user_id, str(now), now)),
    )
    return erasure


def _stopped(user_id: str, now: Instant) -> Update:
    """From now on no order is placed and no payment started, by any token that still lives. Who is frozen
    already is not erased on their own word: they would come back as a stranger."""
    return Update(
        person_key(user_id),
        when=Missing("frozen_at"),
        assign={"frozen_at": now, "frozen_by": user_id, "frozen_reason": "erasure"},
        otherwise=AccountFrozenError(),
    )


def find_erasure(store: Store, user_id: str) -> Erasure | None:
    """The open one, if any: whoever is erased is nobody who could ask."""
    item = store.get(erasure_key(user_id, ErasureState.OPEN))
    return None if item is None else erasure_in(item)


def erasure_in(item: Item) -> Erasure:
    state, _, user_id = str(item["sk"]).partition("#")
    return Erasure(user_id, Instant(int(str(item["requested_at"]))), ErasureState(state))


def empty_wallet(user_id: str) -> Check:
    """The condition that the balance holds nothing, in the commit that relies on it."""
    nothing = all_of(Is("available", 0), Is("held", 0))
    return Check(
        shard_key(wallet(user_id), SHARD), when=any_of(Absent(), nothing), otherwise=WalletNotEmptyError()
    )


def leaving_enterprises(store: Store, user_id: str) -> list[Write]:
    """Leave every enterprise; its last owner can't (`LastOwnerError`)."""
    page = store.query(
        Query(Table.IDENTITY, user_id, "ENTERPRISE#", "ENTERPRISE~", limit=MOST_ENTERPRISES + 1)
    )
    if len(page.items) > MOST_ENTERPRISES:
        raise EnterprisesTooManyError
    writes: list[Write] = []
    for item in page.items:
        enterprise_id = str(item["sk"]).removeprefix("ENTERPRISE#")
        known = find_membership(store, enterprise_id, user_id)
        if known is not None:
            left = Delete(member_key(enterprise_id, user_id), when=unchanged(known))
            writes += [*recounted(enterprise_id, known, None), left]
    return writes


def _must_owe_nothing(store: Store, user_id: str) -> None:
    """Every order has ended and every refund has arrived. Two AWS calls for a hundred orders.

    An order that is placed at this very moment may be overlooked: the work waits for its end.
    """
    terminal = {state.value for state in TERMINAL}
    waiting = list(order_ids(store, user_id))
    for first in range(0, len(waiting), PAGE):
        keys = [order_key(order_id) for order_id in waiting[first : first + PAGE]]
        for order in store.batch_get(keys):
            if order["state"] not in terminal or order.get("refunding", 0) != order.get("refunded", 0):
                raise OrdersOpenError
