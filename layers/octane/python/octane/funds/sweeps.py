"""Sweeps between the hot and the cold account, by the forecast of tomorrow's outflow (LG6)."""

from datetime import date, timedelta

from octane.funds.balances import hold_for, read_balances
from octane.funds.days import closed_days, outflows
from octane.funds.forecast import HISTORY_DAYS, cold_ppm, forecast_outflow, plan_sweep
from octane.funds.model import BankAccount
from octane.funds.port import FundsDeps
from octane.funds.records import (
    Instruction,
    InstructionPurpose,
    find_instruction,
    open_instructions,
    put_instruction,
)
from octane.kernel.clock import in_beijing
from octane.kernel.ids import derive_id
from octane.store.writes import ChangedMeanwhileError


def sweep_number(day: date, debit: BankAccount) -> str:
    """At most one sweep a day and direction: the number says it."""
    return derive_id("S", day.isoformat(), debit)


def sweep_funds(deps: FundsDeps, day: date) -> Instruction | None:
    """Instruct what brings the hot account to the forecast of the next day, after the check of `day`; None:
    nothing.

    The amount is held in the account that gives it; the statements' lines move it in the ledger. A second
    call for the day returns what the first one instructed.
    """
    tomorrow = day + timedelta(days=1)
    history = outflows(closed_days(deps.store, BankAccount.HOT, day, HISTORY_DAYS))
    target = forecast_outflow(history, tomorrow)
    if target is None or day not in history:
        return None
    for debit in BankAccount:
        if (made := find_instruction(deps.store, sweep_number(day, debit))) is not None:
            return made
    if tomorrow < in_beijing(deps.clock.now()).date():
        return None  # an old day, checked again: its forecast is of a day that is over
    balances = read_balances(deps.store)
    hot, cold = balances[BankAccount.HOT].available, balances[BankAccount.COLD].available
    on_the_way = sum(
        one.awaits(BankAccount.HOT) for one in open_instructions(deps.store) if one.credit is BankAccount.HOT
    )
    planned = plan_sweep(target, hot, cold, on_the_way)
    if planned is None:
        return None
    now = deps.clock.now()
    instruction = Instruction(
        number=sweep_number(day, planned.debit),
        purpose=InstructionPurpose.SWEEP,
        debit=planned.debit,
        credit=planned.credit,
        amount=planned.amount,
        day=in_beijing(now).date().isoformat(),
        made_at=now,
        remark=f"sweep {day} to {target} fen",
    )
    held = hold_for(planned.debit, instruction.number, planned.amount)
    try:
        deps.store.commit(put_instruction(instruction), *held)
    except ChangedMeanwhileError:
        return find_instruction(deps.store, instruction.number)
    deps.signals.count(
        "FundsSwept", debit=planned.debit.value, fen=planned.amount, cold_ppm=cold_ppm(hot, cold)
    )
    return instruction
