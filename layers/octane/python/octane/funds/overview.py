"""Where our money is: what staff of finance see."""

from datetime import date, timedelta
from typing import NamedTuple

from octane.funds.balances import BankBalance, read_balances
from octane.funds.days import ClosedDay, closed_days, outflows
from octane.funds.forecast import HISTORY_DAYS, cold_ppm, forecast_outflow
from octane.funds.model import BankAccount
from octane.funds.port import FundsDeps
from octane.funds.records import Instruction, InstructionPurpose, open_instructions
from octane.kernel.caller import READS_FUNDS, Caller
from octane.kernel.clock import in_beijing
from octane.kernel.money import Fen


class AccountView(NamedTuple):
    account: BankAccount
    balance: BankBalance
    closed: ClosedDay | None
    """The last statement that was checked; None: none yet."""


class Funds(NamedTuple):
    accounts: tuple[AccountView, ...]
    forecast_for: date | None
    forecast: Fen | None
    """What the hot account needs on that day; None: no history yet."""
    cold_ppm: int
    in_transit: int
    """What the ledger's FUNDS_IN_TRANSIT holds for the open instructions: debits less credits, in fen."""
    instructions: tuple[Instruction, ...]
    """Those that no statement has confirmed, oldest first."""


def get_funds(deps: FundsDeps, caller: Caller) -> Funds:
    """Five AWS calls; four when no instruction is open."""
    caller.must_have(READS_FUNDS)
    today = in_beijing(deps.clock.now()).date()
    balances = read_balances(deps.store)
    hot = closed_days(deps.store, BankAccount.HOT, today, HISTORY_DAYS)
    cold = closed_days(deps.store, BankAccount.COLD, today, 1)
    last = {BankAccount.HOT: hot[0] if hot else None, BankAccount.COLD: cold[0] if cold else None}
    tomorrow = hot[0].day + timedelta(days=1) if hot else None
    instructions = tuple(open_instructions(deps.store))
    totals = {account: sum(balance) for account, balance in balances.items()}
    return Funds(
        accounts=tuple(AccountView(account, balances[account], last[account]) for account in BankAccount),
        forecast_for=tomorrow,
        forecast=forecast_outflow(outflows(hot), tomorrow) if tomorrow else None,
        cold_ppm=cold_ppm(totals[BankAccount.HOT], totals[BankAccount.COLD]),
        in_transit=sum(in_transit(instruction) for instruction in instructions),
        instructions=instructions,
    )


def in_transit(instruction: Instruction) -> int:
    """What an open instruction keeps on FUNDS_IN_TRANSIT: owed to a withdrawal, or between two accounts."""
    owed = instruction.amount if instruction.purpose is InstructionPurpose.WITHDRAWAL else 0
    left = instruction.amount if instruction.debited else 0
    arrived = instruction.amount if instruction.credited else 0
    return left - arrived - owed
