"""Match one shard of a day, both ways, and write what does not agree (RC2).

First all lines without a twin meet in one full outer join: it can only be one to one. What agrees there is
matched. What does not, what has a twin and what the day before left in transit is little, and is classed with
care: of a kind and number with several lines the pair that agrees best stands, every other is a duplicate.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from octane.kernel.errors import OctaneError
from octane.kernel.statement import LineKind
from octane.reconciliation.lines import (
    CARRIED,
    FACTS,
    MEMORY,
    STORED,
    THREADS,
    UNPACKED,
    engine,
    quoted,
    rows_of,
    schema,
    shard_of,
)
from octane.reconciliation.model import DayWindow, MatchClass, Side, Tally
from octane.reconciliation.shards import merge_tallies

COMPARED = {
    "amount": "o.amount <> t.amount",
    "fee": "o.fee <> t.fee",
    "currency": "o.currency <> t.currency",
    "status": "o.status <> t.status",
    "party": "(o.party <> t.party AND o.party <> '' AND t.party <> '')",
    "merchant": "(o.merchant <> t.merchant AND o.merchant <> '' AND t.merchant <> '')",
    "reference": "(o.reference <> t.reference AND o.reference <> '' AND t.reference <> '')",
}
"""When a field of our line `o` and their line `t` differs; what a side does not tell is not compared."""

VIEW = ("amount", "fee", "currency", "status", "party", "merchant", "reference", "settled_at", "day", "line")
DIFFERENCE = (
    *("class", "kind", "number", "fields"),
    *(f"our_{name}" for name in VIEW),
    *(f"their_{name}" for name in VIEW),
)
"""The columns of a file of differences. The absent side's are NULL."""

SIDES = {"our": Side.OURS, "their": Side.THEIRS}
NUMBER = CARRIED.index("number")
BATCH = 10_000


class UnevenShardError(OctaneError):
    """A fault of ours: the two sides of what agrees do not sum to the same; a file was not written as the
    matching expects."""

    code = "UNEVEN_SHARD"


def match_shard(
    ours: Path,
    theirs: Path,
    window: DayWindow,
    out: Path,
    *,
    carried_ours: Path | None = None,
    carried_theirs: Path | None = None,
    shard: int = 0,
    shards: int = 1,
    threads: int = THREADS,
    memory: str = MEMORY,
) -> tuple[Tally, ...]:
    """Class every line of both files, write the differences to `out` (Parquet), and return the tallies.

    `ours` and `theirs` are files of the day that `write_lines` wrote. The carried files are what the run of
    the day before left in transit, of all shards: this shard's lines of them are taken in, and are not in
    transit a second time. Raises `UnevenShardError`.
    """
    with engine(out.parent, threads=threads, memory=memory) as database:
        database.execute("SET preserve_insertion_order = false")
        for side, path in zip(SIDES, (carried_ours, carried_theirs), strict=True):
            _bring(database, f"carried_{side}s", path, shard, shards)
        _join(database, ours, theirs)
        for side, path in zip(SIDES, (ours, theirs), strict=True):
            _gather(database, side, path, window)
        _classify(database, window)
        database.execute(
            f"COPY (FROM classed WHERE class <> 'MATCHED' ORDER BY ALL) TO {quoted(out)} (FORMAT parquet)"
        )
        classed = (_classed(database, side) for side in SIDES)
        return merge_tallies((_agreeing(database, ours, theirs), *classed))


def _bring(
    database: duckdb.DuckDBPyConnection, table: str, path: Path | None, shard: int, shards: int
) -> None:
    """Load the carried lines of this shard."""
    database.execute(f"CREATE TEMP TABLE {table} ({schema(CARRIED)})")
    if path is None:
        return
    with database.cursor() as rows, database.appender(table) as appender:
        rows.execute(f"SELECT {', '.join(CARRIED)} FROM {rows_of(path)}")  # noqa: S608 - our own names
        while batch := rows.fetchmany(BATCH):
            appender.append_rows(row for row in batch if shard_of(row[NUMBER], shards) == shard)


def _join(database: duckdb.DuckDBPyConnection, ours: Path, theirs: Path) -> None:
    """Keep the lines that do not agree with one of the other side, in pairs where there are two, and those
    that a carried line speaks of too."""
    stored = ", ".join(STORED)
    database.execute(
        "CREATE TEMP TABLE carried AS SELECT number FROM carried_ours UNION SELECT number FROM carried_theirs"
    )
    spoken_of = "OR coalesce(o.number, t.number) IN (FROM carried)" if _count(database, "carried") else ""
    database.execute(f"""
        CREATE TEMP TABLE apart AS
        SELECT {_named(STORED)}
        FROM (SELECT {stored} FROM {rows_of(ours)} WHERE NOT twin) o
        FULL JOIN (SELECT {stored} FROM {rows_of(theirs)} WHERE NOT twin) t
            ON o.kind = t.kind AND o.number = t.number
        WHERE o.number IS NULL OR t.number IS NULL
           OR o.amount <> t.amount OR o.fee <> t.fee OR o.terms <> t.terms {spoken_of}
    """)  # noqa: S608 - our own names


def _gather(database: duckdb.DuckDBPyConnection, side: str, path: Path, window: DayWindow) -> None:
    """One side's lines that are to be classed, numbered within their kind and number: the earliest first."""
    facts, stored = ", ".join(FACTS), ", ".join(STORED)
    apart = ", ".join(f"{side}_{name}" for name in STORED)
    database.execute(f"""
        CREATE TEMP TABLE {side}s AS
        SELECT *, row_number() OVER (PARTITION BY kind, number ORDER BY day, line, settled_at, {facts}) AS nth
        FROM (
            SELECT {UNPACKED}, '{window.day:%Y-%m-%d}' AS day FROM (
                SELECT {apart} FROM apart WHERE {side}_number IS NOT NULL
                UNION ALL SELECT {stored} FROM {rows_of(path)} WHERE twin
            ) day_lines ({stored})
            UNION ALL SELECT {facts}, day FROM carried_{side}s
        )
    """)  # noqa: S608


def _classify(database: duckdb.DuckDBPyConnection, window: DayWindow) -> None:
    """Of a kind and number with lines on both sides, the pair with the fewest differences stands, then the
    earliest lines; every other line is a duplicate, or alone."""
    fields = ", ".join(f"CASE WHEN {differs} THEN '{name}' END" for name, differs in COMPARED.items())
    apart = " + ".join(f"({differs})::INTEGER" for differs in COMPARED.values())
    database.execute(f"""
        CREATE TEMP TABLE pairs AS
        SELECT o.kind, o.number, o.nth AS our_nth, t.nth AS their_nth, concat_ws(',', {fields}) AS fields
        FROM ours o JOIN theirs t ON o.kind = t.kind AND o.number = t.number
        QUALIFY row_number() OVER (PARTITION BY o.kind, o.number ORDER BY {apart}, o.nth, t.nth) = 1
    """)  # noqa: S608
    in_transit = f"day = '{window.day:%Y-%m-%d}' AND settled_at >= {window.transit_from}"
    lonely = "\n".join(
        f"""
        UNION ALL BY NAME
        SELECT CASE WHEN p.number IS NOT NULL OR nth > 1 THEN '{doubled}' WHEN {in_transit} THEN 'IN_TRANSIT'
                    ELSE '{missing}' END AS class,
               {row}.kind, {row}.number, '' AS fields, {_named(VIEW, side)}
        FROM {side}s {row} LEFT JOIN pairs p ON {row}.kind = p.kind AND {row}.number = p.number
        WHERE p.{side}_nth IS DISTINCT FROM nth"""  # noqa: S608
        for row, side, doubled, missing in (
            ("o", "our", MatchClass.DUPLICATE_HERE, MatchClass.MISSING_THERE),
            ("t", "their", MatchClass.DUPLICATE_THERE, MatchClass.MISSING_HERE),
        )
    )
    database.execute(f"""
        CREATE TEMP TABLE classed AS
        SELECT CASE fields WHEN '' THEN 'MATCHED' ELSE 'MISMATCH' END AS class,
               kind, number, fields, {_named(VIEW)}
        FROM pairs p JOIN ours o USING (kind, number) JOIN theirs t USING (kind, number)
        WHERE o.nth = our_nth AND t.nth = their_nth
        {lonely}
    """)  # noqa: S608


def _classed(database: duckdb.DuckDBPyConnection, side: str) -> list[Tally]:
    rows = database.execute(f"""
        SELECT class, kind, count(*), sum({side}_amount), sum({side}_fee)
        FROM classed WHERE {side}_amount IS NOT NULL GROUP BY class, kind
    """).fetchall()  # noqa: S608
    return [Tally(MatchClass(each), LineKind(kind), SIDES[side], *sums) for each, kind, *sums in rows]


def _agreeing(database: duckdb.DuckDBPyConnection, ours: Path, theirs: Path) -> list[Tally]:
    """What the join left out: each side's lines less those that were classed. Both sides' must sum alike."""
    left = []
    for side, path in zip(SIDES, (ours, theirs), strict=True):
        rows = database.execute(
            f"""
            SELECT kind, sum(many), sum(amount), sum(fee) FROM (
                SELECT kind, 1 AS many, amount, fee FROM {rows_of(path)}
                UNION ALL SELECT kind, -1, -amount, -fee FROM {side}s
                UNION ALL SELECT kind, 1, amount, fee FROM carried_{side}s
            ) GROUP BY kind HAVING sum(many) <> 0 OR sum(amount) <> 0 OR sum(fee) <> 0 ORDER BY kind
            """  # noqa: S608
        ).fetchall()
        left.append(rows)
    if left[0] != left[1]:
        raise UnevenShardError(f"ours {left[0]}, theirs {left[1]}: kind, lines, amount, fee")
    return [
        Tally(MatchClass.MATCHED, LineKind(kind), side, *sums) for side in Side for kind, *sums in left[0]
    ]


def _named(names: Iterable[str], *sides: str) -> str:
    """The columns of our line `o` and their line `t`, each side's by its name."""
    return ", ".join(f"{side[0]}.{name} AS {side}_{name}" for side in (sides or SIDES) for name in names)


def _count(database: duckdb.DuckDBPyConnection, table: str) -> int:
    row = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return row[0] if row else 0
