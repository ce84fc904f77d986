"""Withdrawals (LG5): one person of finance requests, another approves, a director too when it is large.

Whoever requests a withdrawal never approves it, and nobody approves twice. Its amount is held from the moment
of the request. The last approval makes the instruction and books it, in one transaction; the bank's statement
ends it.
"""

from typing import NamedTuple

from octane.funds.balances import hold_for
from octane.funds.model import BankAccount
from octane.funds.port import FundsDeps
from octane.funds.records import (
    LISTING,
    SHARD,
    Approval,
    Instruction,
    Purpose,
    Withdrawal,
    WithdrawalState,
    change_withdrawal,
    load_withdrawal,
    put_instruction,
    put_withdrawal,
    waiting_withdrawals,
    withdrawal_page,
)
from octane.kernel.caller import DIRECTS_FUNDS, MOVES_FUNDS, READS_FUNDS, Caller
from octane.kernel.clock import Instant, in_beijing, later
from octane.kernel.errors import ForbiddenError, KeyReusedError, StateError
from octane.kernel.ids import derive_id, digest_of
from octane.kernel.money import fen
from octane.ledger.accounts import FUNDS_IN_TRANSIT, WITHDRAWALS, custody_bank
from octane.ledger.balances import HoldState, settle_hold
from octane.ledger.entries import Entry, post, transfer
from octane.store.cursors import read_cursor, write_cursor
from octane.store.store import until_settled
from octane.store.writes import ChangedMeanwhileError, Write

PAGE = 20


class WithdrawalStateError(StateError):
    code = "WITHDRAWAL_STATE"
    summary = "The withdrawal does not wait for an approval any more."


class WithdrawalExpiredError(StateError):
    code = "WITHDRAWAL_EXPIRED"
    summary = "The withdrawal was not approved in time; request it again."


class ApprovedAlreadyError(StateError):
    code = "WITHDRAWAL_APPROVED_ALREADY"
    summary = "You have approved this withdrawal; it needs another person."


class OwnWithdrawalError(ForbiddenError):
    code = "WITHDRAWAL_OWN"
    summary = "Whoever requests a withdrawal does not approve it."


class DirectorRequiredError(ForbiddenError):
    code = "DIRECTOR_REQUIRED"
    summary = "The last approval of a withdrawal of this size is a finance director's."


class WithdrawalList(NamedTuple):
    withdrawals: list[Withdrawal]
    next_cursor: str | None


def request_withdrawal(deps: FundsDeps, caller: Caller, amount: int, purpose: str, key: str) -> Withdrawal:
    """Ask for money out of the hot account, and hold it.

    The same key with the same words returns what it made; other words raise `KeyReusedError`. Raises
    `InsufficientBalanceError`. One AWS call; a replay two.
    """
    caller.must_have(MOVES_FUNDS)
    asked, now = fen(amount), deps.clock.now()
    withdrawal = Withdrawal(
        withdrawal_id=derive_id("W", caller.user_id, key),
        amount=asked,
        purpose=purpose,
        requested_by=caller.user_id,
        requested_at=now,
        expires_at=later(now, deps.settings.withdrawal_ms),
        is_large=asked > deps.settings.director_limit,
        digest=digest_of({"amount": asked, "purpose": purpose}),
    )
    try:
        held = hold_for(BankAccount.HOT, withdrawal.withdrawal_id, asked)
        deps.store.commit(*put_withdrawal(withdrawal), *held)
    except ChangedMeanwhileError:
        known = load_withdrawal(deps.store, withdrawal.withdrawal_id)
        if known.digest != withdrawal.digest:
            raise KeyReusedError from None
        return known
    return withdrawal


def approve_withdrawal(deps: FundsDeps, caller: Caller, withdrawal_id: str) -> Withdrawal:
    """Approve what somebody else requested. The last approval that it needs instructs the bank to pay.

    Two AWS calls.
    """
    caller.must_have(MOVES_FUNDS)

    def approve() -> Withdrawal:
        known, now = load_withdrawal(deps.store, withdrawal_id), deps.clock.now()
        _must_be_approvable(known, caller, now)
        approvals = (*known.approvals, Approval(caller.user_id, caller.role.value, now))
        is_last = len(approvals) == known.approvals_needed
        state = WithdrawalState.APPROVED if is_last else WithdrawalState.CHECKED
        approved = known._replace(state=state, approvals=approvals)
        writes = change_withdrawal(known, approved, by=caller.user_id, because="approved", at=now)
        deps.store.commit(*writes, *(_instructed(approved, now) if is_last else ()))
        return approved._replace(version=known.version + 1)

    return until_settled(approve)


def _must_be_approvable(known: Withdrawal, caller: Caller, now: Instant) -> None:
    if caller.user_id == known.requested_by:
        raise OwnWithdrawalError
    if any(approval.by == caller.user_id for approval in known.approvals):
        raise ApprovedAlreadyError
    if not known.is_waiting:
        raise WithdrawalStateError
    if now >= known.expires_at:
        raise WithdrawalExpiredError
    is_second = known.is_large and len(known.approvals) == 1
    if is_second and caller.role not in DIRECTS_FUNDS:
        raise DirectorRequiredError


def _instructed(withdrawal: Withdrawal, now: Instant) -> tuple[Write, ...]:
    number, amount = withdrawal.withdrawal_id, withdrawal.amount
    instruction = Instruction(
        number=number,
        purpose=Purpose.WITHDRAWAL,
        debit=BankAccount.HOT,
        credit=None,
        amount=amount,
        day=in_beijing(now).date().isoformat(),
        made_at=now,
        remark=withdrawal.purpose,
    )
    legs = transfer(amount, debit=WITHDRAWALS, credit=FUNDS_IN_TRANSIT)
    approvers = ",".join(approval.by for approval in withdrawal.approvals)
    entry = Entry(number, "withdrawal_instructed", number, legs, now, now, f"approved:{approvers}")
    return put_instruction(instruction), post(entry)


def refuse_withdrawal(deps: FundsDeps, caller: Caller, withdrawal_id: str, reason: str) -> Withdrawal:
    """Refuse a withdrawal that waits, or take back one's own: the money is available again. Two AWS calls."""
    caller.must_have(MOVES_FUNDS)

    def refuse() -> Withdrawal:
        known = load_withdrawal(deps.store, withdrawal_id)
        if not known.is_waiting:
            raise WithdrawalStateError
        return _end(deps, known, WithdrawalState.REFUSED, caller.user_id, reason)

    return until_settled(refuse)


def expire_withdrawals(deps: FundsDeps) -> int:
    """End what nobody approved in time; return how many. Whoever was faster has settled it."""
    expired = 0
    for known in waiting_withdrawals(deps.store, until=deps.clock.now()):
        try:
            _end(deps, known, WithdrawalState.EXPIRED, "schedule", "not approved in time")
            expired += 1
        except ChangedMeanwhileError:
            continue
    return expired


def _end(deps: FundsDeps, known: Withdrawal, state: WithdrawalState, by: str, reason: str) -> Withdrawal:
    ended = known._replace(state=state, reason=reason)
    writes = change_withdrawal(known, ended, by=by, because=reason, at=deps.clock.now())
    account = custody_bank(BankAccount.HOT)
    freed = settle_hold(account, SHARD, known.withdrawal_id, known.amount, HoldState.VOIDED)
    deps.store.commit(*writes, *freed)
    return ended._replace(version=known.version + 1)


def list_withdrawals(
    deps: FundsDeps, caller: Caller, limit: int = PAGE, cursor: str | None = None, *, waiting: bool = False
) -> WithdrawalList:
    """All withdrawals, the newest first; or those that wait for an approval, the first to expire first, in
    one page. Two AWS calls."""
    caller.must_have(READS_FUNDS)
    if waiting:
        return WithdrawalList(waiting_withdrawals(deps.store), None)
    found, page = withdrawal_page(deps.store, limit, read_cursor(cursor, LISTING))
    return WithdrawalList(found, write_cursor(page.cursor))
