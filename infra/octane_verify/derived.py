"""Tables that follow from others: entries and trial balance from the journal, totals from the differences."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from octane_verify.chain import Entry
from octane_verify.rows import Row
from octane_verify.tables import Folder, Parquet, rows_of, tell


def check_derived(folder: Folder, table: Parquet, entries: Sequence[Entry], previous: Path | None) -> None:
    """Check a table against what it is made of."""
    match table.name:
        case "ledger_entries":
            check_entries(folder, table, entries)
        case "trial_balance":
            check_trial(folder, table, entries, previous)
        case "totals":
            check_totals(folder, table)


def check_entries(folder: Folder, table: Parquet, entries: Sequence[Entry]) -> None:
    """The table is what the journal says, line by line."""
    in_order = sorted(entries, key=lambda each: (each.chain, each.no))
    journal = (row for entry in in_order for row in _legs(entry))
    rows = rows_of(folder, table)
    head = [name for name, _ in table.columns]
    blamed = folder.blamed_or_journal(table.path)
    if blamed == table.path:
        tell(folder, blamed, "differs from the journal", journal, rows, head, _name)
    else:
        tell(folder, blamed, f"differs from {table.path}", rows, journal, head, _name)


def _name(row: Row) -> str:
    return f" (entry {row[1]} of chain {row[0]}: {row[3]} {row[4]} {row[5]})"


def _legs(entry: Entry) -> Iterator[Row]:
    record = entry.record
    for number, leg in enumerate(record["legs"], start=1):
        debit, credit = max(leg["fen"], 0), max(-leg["fen"], 0)
        yield (
            *(entry.chain, entry.no, number, record["subject"], record["kind"], record["reference"]),
            *(leg["account"], debit, credit, record["effective_at"], record["booked_at"]),
            *(record.get("proof"), record.get("party")),
        )


def check_trial(folder: Folder, table: Parquet, entries: Sequence[Entry], previous: Path | None) -> None:
    """Each account moved by what the journal's entries say, from where it stood the day before."""
    moved: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        for leg in entry.record["legs"]:
            account = "WALLET" if leg["account"].startswith("WALLET:") else leg["account"]
            moved[account][leg["fen"] < 0] += abs(leg["fen"])
    blamed = folder.blamed_or_journal(table.path)
    before = _closings(folder, previous)
    closing_sum = 0
    for account, opening, debit, credit, closing in _trial_rows(rows_of(folder, table)):
        place = f"account {account}"
        closing_sum += closing
        journal = moved.pop(account, [0, 0])
        if [debit, credit] != journal:
            made = f"the journal's entries make {journal[0]}, {journal[1]}"
            folder.report.found(
                blamed, place, f"{table.name} says debit {debit}, credit {credit} fen; {made}"
            )
        if opening + debit - credit != closing:
            folder.report.found(table.path, place, "its closing is not opening + debit - credit")
        if before is not None and before.pop(account, 0) != opening:
            folder.report.found(table.path, place, "its opening is not the closing of the day before")
    for account in moved:
        folder.report.found(
            blamed, f"account {account}", "the journal has entries on it, trial_balance has not"
        )
    for account in (account for account, closing in (before or {}).items() if closing):
        folder.report.found(table.path, f"account {account}", "had a balance the day before and is not in it")
    if closing_sum:
        folder.report.found(table.path, "column closing", f"sums to {closing_sum} fen, not to zero")


def _trial_rows(rows: Iterable[Row]) -> Iterator[tuple[str, int, int, int, int]]:
    for account, *fen in rows:
        opening, debit, credit, closing = (int(str(each)) for each in fen)
        yield str(account), opening, debit, credit, closing


def _closings(folder: Folder, previous: Path | None) -> dict[str, int] | None:
    if previous is None:
        return None
    path = previous / "parquet/trial_balance/trial_balance.parquet"
    rows = folder.database.execute(
        "SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(path)]
    ).fetchall()
    return {account: closing for account, *_, closing in _trial_rows(rows)}


_CLASSES = """
WITH lines AS (FROM read_parquet(?, hive_partitioning = false)),
sides AS (
    SELECT source, class, kind, 'OURS' AS side, our_amount AS amount, our_fee AS fee FROM lines
    UNION ALL
    SELECT source, class, kind, 'THEIRS', their_amount, their_fee FROM lines
)
SELECT source, class, kind, side, count(*), sum(amount), sum(fee)
FROM sides WHERE amount IS NOT NULL GROUP BY ALL
"""


def check_totals(folder: Folder, table: Parquet) -> None:
    """The lines of each class are as many, and as much, as the totals say."""
    path = "parquet/differences/differences.parquet"
    if path not in folder.there:
        return
    try:
        lines_by_class = folder.database.execute(_CLASSES, [str(folder.root / path)]).fetchall()
    except duckdb.Error:
        return  # it is named already: it cannot be read
    made = {row[:4]: row[4:] for row in lines_by_class}
    told = {row[:4]: row[4:] for row in rows_of(folder, table) if row[1] != "MATCHED"}
    for key in sorted(made.keys() | told.keys()):
        lines, total = made.get(key, (0, 0, 0)), told.get(key, (0, 0, 0))
        if lines != total:
            words = f"says {_three(total)}; the lines of differences make {_three(lines)}"
            folder.report.found(folder.blamed(table.path, path), " ".join(map(str, key)), words)


def _three(sums: Row) -> str:
    count, amount, fee = sums
    return f"{count} lines, {amount} fen, fee {fee} fen"
