"""A day's lines as Parquet files, one a shard: what the matching reads (RC2).

| column             | is                                                                              |
|--------------------|---------------------------------------------------------------------------------|
| kind, number       | where the two sides meet                                                        |
| amount, fee        | fen                                                                             |
| settled_at, line   | as in `StatementLine`                                                           |
| terms              | currency, status, party, merchant and reference, in one text: compared as one   |
| day                | YYYY-MM-DD, whose run the line belongs to                                       |
| twin               | whether another line of the file has its kind and number                        |

So the matching looks for no doubles itself: a line without a twin meets at most one of the other side. Lines
with one stand last: who wants only those reads only the end.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import duckdb

from octane.kernel.statement import BillUnreadableError, LineKind, StatementLine
from octane.reconciliation.model import KindTotal

FACTS = StatementLine._fields
WHOLE = frozenset({"amount", "fee", "settled_at", "line"})
TERMS = ("currency", "status", "party", "merchant", "reference")
STORED = ("kind", "number", "amount", "fee", "settled_at", "line", "terms")
BETWEEN = "\x1f"
"""The unit separator: a line that has one in its terms is refused."""
UNPACKED = ", ".join(
    f"string_split(terms, chr({ord(BETWEEN)}))[{TERMS.index(name) + 1}] AS {name}" if name in TERMS else name
    for name in FACTS
)
"""The facts of a stored line, as SQL."""
CARRIED = (*FACTS, "day")
"""The columns of lines in transit: they keep the day they are of."""

THREADS = 2
MEMORY = "1GB"
PARQUET = "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw)"
"""As large as DuckDB's own choice, and a fifth cheaper to read."""


def engine(spill: Path, *, threads: int = THREADS, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that writes what is over its limit into a folder; `with` closes it."""
    return duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": str(spill / ".spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def schema(columns: Iterable[str]) -> str:
    """The columns as SQL declares them."""
    return ", ".join(f"{name} {'BIGINT' if name in WHOLE else 'VARCHAR'} NOT NULL" for name in columns)


def shard_of(number: str, shards: int) -> int:
    """The shard of a line, alike on both sides: by our number of it, in UTF-8."""
    return zlib.crc32(number.encode()) % shards


def quoted(path: Path) -> str:
    """A path as SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def rows_of(*paths: Path) -> str:
    """The rows of files as SQL, with their own columns only: a path may look like a partition."""
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}], hive_partitioning = false)"


def shard_file(shard: int) -> str:
    return f"shard={shard:03d}.parquet"


def write_lines(
    lines: Iterable[StatementLine], day: date, folder: Path, shards: int = 1, *, memory: str = MEMORY
) -> tuple[KindTotal, ...]:
    """Write a file for every shard, `shard=000.parquet` and on, an empty shard's too; return the sums.

    The sums are taken from the lines as they are drawn, not from the files: the proof compares both. What is
    over the limit of memory waits on disk. Whatever drawing them raises is passed on, and no file is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums: dict[LineKind, list[int]] = {}
    with engine(folder, memory=memory) as database:
        database.execute(f"CREATE TABLE lines ({schema(STORED)}, shard INTEGER NOT NULL)")
        with database.appender("lines") as appender:
            appender.append_rows(_stored(_summed(lines, sums), shards))
        for shard in range(shards):
            write_shard(database, shard, day, folder / shard_file(shard))
    return tuple(KindTotal(kind, *total) for kind, total in sorted(sums.items()))


def _summed(lines: Iterable[StatementLine], sums: dict[LineKind, list[int]]) -> Iterator[StatementLine]:
    for line in lines:
        total = sums.get(line.kind)
        if total is None:
            total = sums[line.kind] = [0, 0, 0]
        total[0] += 1
        total[1] += line.amount
        total[2] += line.fee
        yield line


def _stored(lines: Iterable[StatementLine], shards: int) -> Iterator[tuple[object, ...]]:
    for line in lines:
        kind, number, reference, amount, fee, currency, status, party, merchant, settled_at, place = line
        terms = BETWEEN.join((currency, status, party, merchant, reference))
        if terms.count(BETWEEN) >= len(TERMS):
            raise BillUnreadableError("ENCODING", "a unit separator", line=place, column=1)
        yield kind, number, amount, fee, settled_at, place, terms, shard_of(number, shards)


def write_shard(database: duckdb.DuckDBPyConnection, shard: int, day: date, path: Path) -> None:
    """Write the shard's lines of the table `lines`, those with a twin last."""
    stored, on = ", ".join(STORED), f"'{day:%Y-%m-%d}' AS day"
    every = f"(SELECT {stored} FROM lines WHERE shard = {shard})"  # noqa: S608 - our own names
    database.execute(f"""
        CREATE OR REPLACE TEMP TABLE twins AS
        SELECT kind, number FROM {every} GROUP BY ALL HAVING count(*) > 1
    """)  # noqa: S608
    database.execute(f"""
        COPY (
            SELECT {stored}, {on}, false AS twin FROM {every} ANTI JOIN twins USING (kind, number)
            UNION ALL
            SELECT {stored}, {on}, true FROM {every} SEMI JOIN twins USING (kind, number)
        ) TO {quoted(path)} {PARQUET}
    """)  # noqa: S608


def keys_of(path: Path) -> set[tuple[str, str]]:
    """Kind and number of each line of a file of lines in transit."""
    with engine(path.parent) as database:
        rows = database.execute("SELECT kind, number FROM read_parquet(?)", [str(path)]).fetchall()
    return {(kind, number) for kind, number in rows}


def totals_of(path: Path) -> tuple[KindTotal, ...]:
    """The sums of a file of lines: what the day before left in transit."""
    with engine(path.parent) as database:
        rows = database.execute(
            f"SELECT kind, count(*), sum(amount), sum(fee) FROM {rows_of(path)} GROUP BY kind ORDER BY kind"  # noqa: S608
        ).fetchall()
    return tuple(KindTotal(LineKind(kind), *total) for kind, *total in rows)
