"""What the bank accounts have, and what of it is set aside (LG2, LG3).

available + held is what the checked statements say the bank has. Money is held for an instruction before
anybody sends it, so that no two together take more than there is; the statement line that takes it posts the
hold. A line that nobody held for (an issuer's settlement) takes from what is available, and may take it below
zero: the bank has done it, and then nothing more can be held.
"""

from typing import NamedTuple

from octane.funds.model import BankAccount
from octane.funds.records import SHARD, Instruction
from octane.kernel.money import Fen
from octane.ledger.accounts import custody_bank
from octane.ledger.balances import HoldState, hold, settle_hold, shard_key
from octane.store.items import Item
from octane.store.store import Store
from octane.store.writes import ANYWAY, Update, Write


class BankBalance(NamedTuple):
    """Fen."""

    available: int
    held: int


def read_balances(store: Store) -> dict[BankAccount, BankBalance]:
    """Both accounts, at one moment. One AWS call."""
    keys = {account: shard_key(custody_bank(account), SHARD) for account in BankAccount}
    found = {str(item["pk"]): item for item in store.batch_get(list(keys.values()))}
    return {account: _balance(found.get(key.pk, {})) for account, key in keys.items()}


def _balance(item: Item) -> BankBalance:
    available, held = item.get("available", 0), item.get("held", 0)
    if not isinstance(available, int) or not isinstance(held, int):
        raise TypeError(item)
    return BankBalance(available, held)


def bank_moved(account: BankAccount, amount: int) -> Update:
    """Follow a statement line, whatever is available. The line's entry makes it happen once."""
    add = {"available": amount, "held": 0}
    return Update(shard_key(custody_bank(account), SHARD), when=ANYWAY, add=add)


def hold_for(account: BankAccount, number: str, amount: Fen) -> tuple[Write, ...]:
    """Set an instruction's amount aside; raises `InsufficientBalanceError` when it is not available."""
    return hold(custody_bank(account), SHARD, number, amount)


def settle(instruction: Instruction, outcome: HoldState) -> tuple[Write, ...]:
    """The bank has taken the amount (POSTED), or never will (VOIDED)."""
    account = custody_bank(instruction.debit)
    return settle_hold(account, SHARD, instruction.number, instruction.amount, outcome)
