"""Freeze an account and lift the freeze (RK2).

The mark stands on the account's risk item, where every order and payment meets it in its own transaction, and
on the person's own item, where login and refresh meet it.
"""

from typing import NamedTuple, Protocol

from octane.audit.acts import Act, act_of, record
from octane.identity.revocation import revoke_tokens
from octane.identity.users import UserNotFoundError, user_key
from octane.kernel.caller import FREEZES_ACCOUNTS, LIFTS_FREEZES, Caller
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import ForbiddenError, StateError
from octane.risk.seen import person_key
from octane.store.store import Store, until_settled
from octane.store.writes import Exists, Is, Missing, Update, Write


class AlreadyFrozenError(StateError):
    code = "ALREADY_FROZEN"
    summary = "The account is frozen already."


class NotFrozenError(StateError):
    code = "NOT_FROZEN"
    summary = "The account is not frozen."


class SamePersonError(ForbiddenError):
    code = "FREEZE_SAME_PERSON"
    summary = "Somebody else than who froze the account must lift the freeze."


class Freeze(NamedTuple):
    user_id: str
    frozen: bool
    reason: str
    by: str
    at: Instant


class FreezeDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...


def freeze(account_id: str, by: str, reason: str, now: Instant, act: Act) -> tuple[Write, ...]:
    """Freeze a person or an enterprise, end a person's access tokens, and say so: commit all together.

    They raise `AlreadyFrozenError`, or `UserNotFoundError` for a person who is none.
    """
    mark = Update(
        person_key(account_id),
        when=Missing("frozen_at"),
        assign={"frozen_at": now, "frozen_by": by, "frozen_reason": reason},
        otherwise=AlreadyFrozenError(),
    )
    return (mark, *_of_person(account_id, now, frozen=True), record(act))


def freeze_account(deps: FreezeDeps, caller: Caller, account_id: str, reason: str) -> Freeze:
    """Freeze by a person's decision. Two AWS calls at most; raises as `freeze` does."""
    caller.must_have(FREEZES_ACCOUNTS)

    def act() -> Freeze:
        now = deps.clock.now()
        done = act_of(caller, "freeze_account", account_id, str(now), now, reason=reason)
        deps.store.commit(*freeze(account_id, caller.user_id, reason, now, done))
        return Freeze(account_id, True, reason, caller.user_id, now)

    return until_settled(act)


def lift_freeze(deps: FreezeDeps, caller: Caller, account_id: str, reason: str) -> Freeze:
    """Lift a freeze: somebody else than who set it (LG5's rule, for people). Two AWS calls.

    Raises `NotFrozenError` or `SamePersonError`.
    """
    caller.must_have(LIFTS_FREEZES)

    def act() -> Freeze:
        now = deps.clock.now()
        item = deps.store.get(person_key(account_id)) or {}
        if "frozen_at" not in item:
            raise NotFrozenError
        if caller.user_id in {item["frozen_by"], account_id}:
            raise SamePersonError
        frozen_at = item["frozen_at"]
        done = act_of(caller, "lift_freeze", account_id, str(frozen_at), now, reason=reason)
        deps.store.commit(
            Update(
                person_key(account_id),
                when=Is("frozen_at", frozen_at),
                assign={"lifted_at": now, "lifted_by": caller.user_id},
                remove=("frozen_at", "frozen_by", "frozen_reason"),
            ),
            *_of_person(account_id, now, frozen=False),
            record(done),
        )
        return Freeze(account_id, False, reason, caller.user_id, now)

    return until_settled(act)


def _of_person(account_id: str, now: Instant, *, frozen: bool) -> tuple[Write, ...]:
    """An enterprise has no login of its own: its members' orders meet its risk item."""
    if not account_id.startswith("U"):
        return ()
    key, absent = user_key(account_id), UserNotFoundError()
    if frozen:
        mark = Update(key, when=Exists(), assign={"frozen": True}, otherwise=absent)
        return (mark, revoke_tokens(account_id, now))
    return (Update(key, when=Exists(), remove=("frozen",), otherwise=absent),)
