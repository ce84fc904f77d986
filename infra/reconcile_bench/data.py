"""Both sides of a large day, made by SQL and written as the matching's own writer writes them.

Every 997th movement is planted with one of thirteen differences in turn; besides, one single movement is one
fen off. Our lines stand in the order of time, theirs in none.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from octane.reconciliation.lines import BETWEEN, FACTS, STORED, TERMS, engine, write_shard
from octane.reconciliation.model import DayWindow

EVERY, AT = 997, 500
CHANGES = {
    "amount": "amount + 1",
    "fee": "fee + 1",
    "currency": "'USD'",
    "status": "'PROCESSING'",
    "party": "'o' || party",
    "merchant": "'1900000110'",
    "reference": "reference || '0'",
}
PLANTS = (
    *CHANGES,
    *("gone_there", "gone_here", "twice_there", "twice_here", "late_there", "late_here"),
)
CLASSES = {
    "gone_there": "MISSING_THERE",
    "gone_here": "MISSING_HERE",
    "twice_there": "DUPLICATE_THERE",
    "twice_here": "DUPLICATE_HERE",
    "late_there": "IN_TRANSIT",
    "late_here": "IN_TRANSIT",
}


class Sides(NamedTuple):
    ours: Path
    theirs: Path


def one_in_a_million(rows: int) -> int:
    """Which movement is one fen off and nothing else."""
    number = max(rows * 7 // 9, 1)
    return number + 1 if number % EVERY == AT else number


def number_of(movement: int) -> str:
    """As `movements` makes it: 26 characters and the attempt's three."""
    return f"O{movement * 7_919:025d}P01"


def truth(rows: int) -> Counter[str]:
    """How many differences of each class are planted."""
    planted = Counter(PLANTS[i // EVERY % len(PLANTS)] for i in range(AT, rows + 1, EVERY))
    found: Counter[str] = Counter({"MISMATCH": 1})
    for plant, times in planted.items():
        found[CLASSES.get(plant, "MISMATCH")] += times
    return found


def write_sides(folder: Path, first: int, last: int, rows: int, window: DayWindow) -> Sides:
    """Write the movements `first` to `last` of `rows`."""
    folder.mkdir(parents=True, exist_ok=True)
    sides = Sides(folder / "ours.parquet", folder / "theirs.parquet")
    with engine(folder) as database:
        database.execute(f"CREATE TABLE movements AS {_movements(first, last, rows, window)}")
        facts, terms = ", ".join(FACTS), f"concat_ws(chr({ord(BETWEEN)}), {', '.join(TERMS)}) AS terms"
        stored = ", ".join(STORED).replace("terms", terms)
        changed = ", ".join(
            f"CASE WHEN plant = '{name}' THEN {CHANGES[name]} ELSE {name} END AS {name}"
            if name in CHANGES
            else name
            for name in FACTS
        ).replace("plant = 'amount'", f"plant = 'amount' OR i = {one_in_a_million(rows)}")
        for path, columns, gone, twice, order in (
            (sides.ours, facts.replace("line", "0 AS line"), "here", "twice_here", "i"),
            (sides.theirs, changed, "there", "twice_there", "hash(i)"),
        ):
            database.execute(f"""
                CREATE OR REPLACE TABLE lines AS
                SELECT {stored}, 0 AS shard FROM (
                    SELECT {columns}, i FROM movements, range(CASE WHEN plant = '{twice}' THEN 2 ELSE 1 END)
                    WHERE plant NOT IN ('gone_{gone}', 'late_{gone}')
                ) ORDER BY {order}
            """)  # noqa: S608 - our own names
            write_shard(database, 0, window.day, path)
    return sides


def _movements(first: int, last: int, rows: int, window: DayWindow) -> str:
    plants = f"[{', '.join(repr(plant) for plant in PLANTS)}][i // {EVERY} % {len(PLANTS)} + 1]"
    spread = window.transit_from - window.start
    return f"""
        SELECT i, CASE i % {EVERY} WHEN {AT} THEN {plants} ELSE '' END AS plant,
               CASE WHEN i % 20 = 0 THEN 'REFUND' ELSE 'PAYMENT' END AS kind,
               'O' || lpad((i * 7919)::VARCHAR, 25, '0') || 'P01' AS number,
               '42000' || lpad((i * 104729)::VARCHAR, 23, '0') AS reference,
               1000 + i % 50000 AS amount, ((1000 + i % 50000) * 6 + 500) // 1000 AS fee,
               'CNY' AS currency, 'SUCCEEDED' AS status,
               'o' || substr(md5((i % 300000)::VARCHAR), 1, 27) AS party, '1900000109' AS merchant,
               CASE WHEN plant IN ('late_there', 'late_here') THEN {window.transit_from} + i % 1000
                    ELSE {window.start} + i * {spread} // {rows + 1} END AS settled_at,
               i AS line
        FROM range({first}, {last + 1}) every (i)
    """  # noqa: S608
