"""Balances derived from entries, off the request path (LG1)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from octane.ledger.entries import Entry


@dataclass(frozen=True, slots=True)
class AccountBalance:
    account: str
    debit: int
    credit: int

    @property
    def net(self) -> int:
        """Debits less credits, in fen."""
        return self.debit - self.credit


def trial_balance(entries: Iterable[Entry]) -> list[AccountBalance]:
    """Sum the entries by account, sorted by name."""
    debit: Counter[str] = Counter()
    credit: Counter[str] = Counter()
    for entry in entries:
        for leg in entry.legs:
            (debit if leg.fen > 0 else credit)[leg.account] += abs(leg.fen)
    return [AccountBalance(name, debit[name], credit[name]) for name in sorted({*debit, *credit})]


def is_balanced(balances: Iterable[AccountBalance]) -> bool:
    return sum(balance.net for balance in balances) == 0
