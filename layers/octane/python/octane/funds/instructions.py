"""What becomes of an instruction: sent until the bank takes it, ended by its statements or its refusal."""

from octane.channels.port import Refused, Unknown
from octane.funds.balances import settle
from octane.funds.port import BankDeps, CustodyBank, FundsDeps, Order
from octane.funds.records import (
    Instruction,
    InstructionPurpose,
    InstructionState,
    WithdrawalState,
    change_instruction,
    change_withdrawal,
    load_withdrawal,
    open_instructions,
)
from octane.funds.withdrawals import expire_withdrawals
from octane.kernel.clock import Instant
from octane.ledger.accounts import FUNDS_IN_TRANSIT, WITHDRAWALS
from octane.ledger.balances import HoldState
from octane.ledger.entries import Entry, post, transfer
from octane.store.store import Store
from octane.store.writes import ChangedMeanwhileError, Write


def move_funds(deps: BankDeps) -> None:
    """One tick of the schedule: what waited too long expires, what was instructed is sent to the bank."""
    expire_withdrawals(deps)
    if deps.bank is None:
        return
    for instruction in open_instructions(deps.store):
        if instruction.is_unsent:
            send(deps, deps.bank, instruction)


def send(deps: BankDeps, bank: CustodyBank, instruction: Instruction) -> None:
    """Tell the bank. An unknown outcome changes nothing: the same number is sent again at the next tick."""
    answer = bank.instruct(
        Order(
            instruction.number, instruction.debit, instruction.credit, instruction.amount, instruction.remark
        )
    )
    try:
        if isinstance(answer, Refused):
            fail(deps, instruction, answer.code)
        elif isinstance(answer, Unknown):
            deps.signals.count("InstructionUnknown", number=instruction.number, why=answer.reason)
        else:
            sent = instruction._replace(sent_at=deps.clock.now())
            deps.store.commit(change_instruction(instruction, sent))
    except ChangedMeanwhileError:
        return  # by a statement, or another tick: the next one reads it again


def fail(deps: FundsDeps, instruction: Instruction, code: str) -> None:
    """The bank's definite no: the hold is void, and a withdrawal's entry is taken back by another one."""
    now, number = deps.clock.now(), instruction.number
    failed = instruction._replace(state=InstructionState.FAILED, code=code)
    writes = [change_instruction(instruction, failed), *settle(instruction, HoldState.VOIDED)]
    if instruction.purpose is InstructionPurpose.WITHDRAWAL:
        known = load_withdrawal(deps.store, number)
        refused = known._replace(state=WithdrawalState.FAILED, reason=code)
        writes += change_withdrawal(known, refused, by="bank", because=code, at=now)
        legs = transfer(instruction.amount, debit=FUNDS_IN_TRANSIT, credit=WITHDRAWALS)
        writes.append(post(Entry(number, "withdrawal_failed", number, legs, now, now, f"bank:{code}")))
    deps.store.commit(*writes)
    deps.signals.count("InstructionRefused", number=number, why=code)


def confirmed(
    store: Store, instruction: Instruction, serial: int, *, is_debit: bool, now: Instant
) -> tuple[Write, ...]:
    """Return the writes by which a statement line confirms one end of an instruction; commit them with its
    entry. The money that left was held; what arrives is the caller's to add."""
    part = {"debited" if is_debit else "credited": serial}
    moved = instruction._replace(**part)  # type: ignore[arg-type]
    if moved.debited and (moved.credited or moved.credit is None):
        moved = moved._replace(state=InstructionState.CONFIRMED)
    writes: tuple[Write, ...] = (change_instruction(instruction, moved),)
    if is_debit:
        writes += settle(instruction, HoldState.POSTED)
    if instruction.purpose is InstructionPurpose.WITHDRAWAL:
        known = load_withdrawal(store, instruction.number)
        paid = known._replace(state=WithdrawalState.PAID)
        because = f"statement:{instruction.debit}:{serial}"
        writes += change_withdrawal(known, paid, by="bank", because=because, at=now)
    return writes
