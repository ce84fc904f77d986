"""Withdrawals (LG5): one person of finance requests, another approves, a director too when it is large.

Whoever requests a withdrawal never approves it, and nobody approves twice. Its amount is held from the moment
of the request. The last approval makes the instruction and books it, in one transaction; the bank's statement
ends it.
"""

from typing import NamedTuple

from octane.audit.acts import act_of, record, state_digest, system_act
from octane.funds.balances import hold_for
from octane.funds.model import BankAccount
from octane.funds.port import FundsDeps
from octane.funds.records import (
    LISTING,
    SHARD,
    Approval,
    Instruction,
    InstructionPurpose,
    Withdrawal,
    WithdrawalState,
    change_withdrawal,
    load_withdrawal,
    put_instruction,
    put_withdrawal,
    waiting_withdrawals,
    withdrawal_item,
    withdrawal_page,
)
from octane.identity.step_ups import Operation, use_step_up
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
from octane.store.writes import ChangedMeanwhileError, Put, Write

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


def request_withdrawal(
    deps: FundsDeps, caller: Caller, amount: int, purpose: str, key: str, step_up_id: str = ""
) -> Withdrawal:
    """Ask for money out of the hot account, and hold it; the step-up for just this amount is used up (ID4).

    The same key with the same words returns what it made; other words raise `KeyReusedError`. Raises
    `InsufficientBalanceError`, `StepUpRequiredError`. One AWS call; a replay two.
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
        act = act_of(caller, "request_withdrawal", withdrawal.withdrawal_id, key, now, reason=purpose)
        proof = _proof(deps, caller, asked, step_up_id)
        deps.store.commit(*put_withdrawal(withdrawal), *proof, *held, record(act))
    except ChangedMeanwhileError:
        known = load_withdrawal(deps.store, withdrawal.withdrawal_id)
        if known.digest != withdrawal.digest:
            raise KeyReusedError from None
        return known
    return withdrawal


def _proof(deps: FundsDeps, caller: Caller, amount: int, step_up_id: str) -> tuple[Write, ...]:
    if not deps.settings.withdrawal_step_up:
        return ()
    return (use_step_up(caller.user_id, step_up_id, Operation.WITHDRAW, "", amount, deps.clock.now()),)


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
        act = _act(caller, "approve_withdrawal", known, approved, now)
        deps.store.commit(*writes, *(_instructed(approved, now) if is_last else ()), act)
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
        purpose=InstructionPurpose.WITHDRAWAL,
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
        refused = known._replace(state=WithdrawalState.REFUSED, reason=reason)
        act = _act(caller, "refuse_withdrawal", known, refused, deps.clock.now())
        return _end(deps, known, refused, caller.user_id, act)

    return until_settled(refuse)


def expire_withdrawals(deps: FundsDeps) -> int:
    """End what nobody approved in time; return how many. Whoever was faster has settled it."""
    expired = 0
    for known in waiting_withdrawals(deps.store, until=deps.clock.now()):
        try:
            late = known._replace(state=WithdrawalState.EXPIRED, reason="not approved in time")
            now, once = deps.clock.now(), known.withdrawal_id
            act = system_act("expire_withdrawal", known.withdrawal_id, once, now, reason=late.reason)
            _end(deps, known, late, "schedule", record(act))
            expired += 1
        except ChangedMeanwhileError:
            continue
    return expired


def _act(caller: Caller, action: str, old: Withdrawal, new: Withdrawal, now: Instant) -> Put:
    before, after = state_digest(withdrawal_item(old)), state_digest(withdrawal_item(new))
    once = str(old.version)
    return record(
        act_of(caller, action, old.withdrawal_id, once, now, reason=new.reason, before=before, after=after)
    )


def _end(deps: FundsDeps, known: Withdrawal, ended: Withdrawal, by: str, act: Put) -> Withdrawal:
    writes = change_withdrawal(known, ended, by=by, because=ended.reason, at=deps.clock.now())
    account = custody_bank(BankAccount.HOT)
    freed = settle_hold(account, SHARD, known.withdrawal_id, known.amount, HoldState.VOIDED)
    deps.store.commit(*writes, *freed, act)
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
