"""The trial balance of a booking day: closing = the closing before + the entries booked on the day (LG4).

Debits are positive. Customers' wallets are summed into one control account. A day's JSON is the next day's
opening, so every account's balance is proven from the first entry on, one day's entries at a time.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from octane.kernel.clock import in_beijing
from octane.kernel.errors import OctaneError
from octane.kernel.money import format_yuan
from octane.ledger.entries import Entry
from octane.ledger.trial_balance import AccountBalance

WALLETS = "WALLET"
ISSUERS = "ISSUER_PAYABLE:"
NEVER_OWED_TO_US = (
    *("CUSTOMER_ADVANCE", "REVIEW_HELD", WALLETS, "REFUND_PAYABLE", "UNEXPECTED_RECEIPTS"),
    "BILLER_PAYABLE:",
)
"""Liabilities: with a debit balance we would have paid out what we did not owe. A biller counts for
itself; the issuers count as one: they settle together, and what their bill tells otherwise than we is booked
to the aggregator."""
NEVER_BELOW_ZERO = ("CUSTODY_BANK:", "WITHDRAWALS")


class TrialGapError(OctaneError):
    """The day before is missing: a balance without its opening proves nothing."""

    code = "TRIAL_GAP"


class TrialUnreadableError(OctaneError):
    code = "TRIAL_UNREADABLE"


class TrialRow(NamedTuple):
    """One account's day, in fen; `debit` and `credit` are the day's own, both positive."""

    account: str
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        return self.opening + self.debit - self.credit


class TrialDay(NamedTuple):
    day: date
    entries: int
    """Booked on the day."""
    rows: tuple[TrialRow, ...]
    """By account's name; those that never moved are not in it."""

    def balances(self) -> list[AccountBalance]:
        """What each account holds at the end of the day, as the exports show it."""
        return [AccountBalance(row.account, max(row.closing, 0), max(-row.closing, 0)) for row in self.rows]


def trial_key(day: date, version: int) -> str:
    """Where a day's JSON is, in the bucket of work."""
    return f"days/day={day.isoformat()}/v={version}/trial.json"


def close_trial_day(before: TrialDay | None, entries: Iterable[Entry], day: date) -> TrialDay:
    """Sum a day. `before` is None only on the ledger's first day.

    Raises `TrialGapError` when `before` is not the day before, or an entry was booked on another day.
    """
    if before is not None and before.day != day - timedelta(days=1):
        raise TrialGapError(f"{day} needs the trial balance of the day before, not of {before.day}.")
    debit, credit, counted = Counter[str](), Counter[str](), 0
    for entry in entries:
        if in_beijing(entry.booked_at).date() != day:
            raise TrialGapError(f"{entry.subject} {entry.kind} was not booked on {day}.")
        counted += 1
        for leg in entry.legs:
            (debit if leg.fen > 0 else credit)[_control(leg.account)] += abs(leg.fen)
    opening = {row.account: row.closing for row in before.rows} if before else {}
    names = sorted({*opening, *debit, *credit})
    rows = tuple(TrialRow(name, opening.get(name, 0), debit[name], credit[name]) for name in names)
    return TrialDay(day, counted, rows)


def trial_failures(trial: TrialDay) -> tuple[str, ...]:
    """Say in words what cannot be; empty when all holds."""
    failures: list[str] = []
    for name, total in (
        ("closing balances", sum(row.closing for row in trial.rows)),
        ("day's debits less credits", sum(row.debit - row.credit for row in trial.rows)),
    ):
        if total:
            failures.append(f"{trial.day}: the {name} sum to {format_yuan(total)} yuan, not to zero.")
    owed = sum(row.closing for row in trial.rows if row.account.startswith(ISSUERS))
    if owed > 0:
        failures.append(f"{trial.day}: the issuers together stand {format_yuan(owed)} yuan in our favour.")
    for row in trial.rows:
        if row.closing > 0 and row.account.startswith(NEVER_OWED_TO_US):
            failures.append(
                f"{trial.day}: {row.account} is a debt of ours and stands {format_yuan(row.closing)} yuan "
                "in our favour."
            )
        if row.closing < 0 and row.account.startswith(NEVER_BELOW_ZERO):
            failures.append(f"{trial.day}: {row.account} stands at {format_yuan(row.closing)} yuan.")
    return tuple(failures)


def trial_json(trial: TrialDay) -> bytes:
    """The same bytes for the same day."""
    content = {"day": trial.day.isoformat(), "entries": trial.entries, "rows": [list(r) for r in trial.rows]}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def read_trial_json(content: bytes) -> TrialDay:
    """Read it back, or raise `TrialUnreadableError`."""
    try:
        found = json.loads(content)
        rows = tuple(TrialRow(*row) for row in found["rows"])
        trial = TrialDay(date.fromisoformat(found["day"]), found["entries"], rows)
    except (ValueError, TypeError, KeyError):
        raise TrialUnreadableError from None
    if trial_json(trial) != content or not all(_is_whole(row) for row in rows):
        raise TrialUnreadableError
    return trial


def _is_whole(row: tuple[object, ...]) -> bool:
    return isinstance(row[0], str) and all(type(fen) is int for fen in row[1:])


def _control(account: str) -> str:
    return WALLETS if account.startswith(f"{WALLETS}:") else account
