"""A day's files for finance: CSV, Parquet, a workbook and the journal (RC4).

The same input makes the same bytes. The folder, one for a day and version:

    reconciliation.xlsx
    differences.csv  differences-wechat.csv …  totals.csv  ledger_entries.csv  trial_balance.csv …
    parquet/<table>/<table>.parquet
    journal/chain=00/00000001.jsonl …

The summary, the manifest and its signature come by `sealing`, in another function: it has other libraries.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from octane.ledger.entries import Entry
from octane.reconciliation.contents import AccountMovement, Contents, ExportedFile, FundsRow, described
from octane.reconciliation.differences import Difference
from octane.reconciliation.export_tables import (
    DIFFERENCES,
    FUNDS,
    OPEN_DIFFERENCES,
    TABLES,
    TOTALS,
    ExportTable,
    csv_columns,
)
from octane.reconciliation.model import ProofLine, Source
from octane.reconciliation.workbook import write_workbook
from octane.store.blocks import Block
from octane.store.chain import Head

MEMORY = "1GB"
BOM = "\ufeff"


class DayBooks(NamedTuple):
    """What is exported of a day."""

    proofs: tuple[ProofLine, ...]
    differences: Mapping[Source, Path]
    """Each source's merged differences, as Parquet."""
    blocks: Iterable[Block[Entry]]
    """The journal of the day: `ledger.journal.read_blocks`."""
    opening: Mapping[str, int]
    """Debits less credits of each account before the day, in fen; WALLET for all wallets together."""
    open_differences: Sequence[Difference] = ()
    """Those of any day that still wait for a person."""
    funds: Sequence[FundsRow] = ()


def export_day(day: str, version: int, books: DayBooks, folder: Path) -> Contents:
    """Write the files of a day into an empty folder. Raises `ChainBrokenError`."""
    heads, journal = _write_journal(books.blocks, folder)
    with duckdb.connect(config={"threads": 1, "memory_limit": MEMORY}) as database:
        for table in TABLES:
            columns = ", ".join(f'"{column.name}" {column.stored}' for column in table.columns)
            database.execute(f"CREATE TABLE {table.name} ({columns})")
        _load(database, books, folder if journal else None)
        files = [file for table in TABLES for file in _write_table(database, table, folder)]
        for source in sorted(books.differences):
            files.append(_write_csv(database, DIFFERENCES, folder, source))
        write_workbook(
            folder / "reconciliation.xlsx",
            day,
            version,
            lambda query: database.execute(query).fetchall(),
            books.proofs,
        )
        trial = tuple(AccountMovement(*row) for row in database.execute("FROM trial_balance").fetchall())
    files.append(described(folder, "reconciliation.xlsx"))
    return Contents(
        day=day,
        version=version,
        files=tuple(sorted((*files, *journal))),
        heads=heads,
        proofs=books.proofs,
        trial=trial,
        funds=tuple(books.funds),
        open_count=len(books.open_differences),
    )


def _write_journal(
    blocks: Iterable[Block[Entry]], folder: Path
) -> tuple[tuple[Head, ...], list[ExportedFile]]:
    """Copy the blocks; the copies are what everything else is made of."""
    heads: dict[str, Head] = {}
    files = []
    for block in blocks:
        path = f"journal/{block.name}"
        folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(path).write_bytes(block.content)
        files.append(described(folder, path))
        heads[block.head.chain] = block.head
    return tuple(heads[chain] for chain in sorted(heads)), files


def _load(database: duckdb.DuckDBPyConnection, books: DayBooks, journal: Path | None) -> None:
    for source, path in sorted(books.differences.items()):
        database.execute(
            "INSERT INTO differences BY NAME "
            "SELECT ? AS source, * FROM read_parquet(?, hive_partitioning = false) ORDER BY ALL",
            [source.value, str(path)],
        )
    for proof in books.proofs:
        for tally in proof.tallies:
            _insert(database, TOTALS, [(proof.source.value, *tally)])
    if journal:
        database.execute(_ENTRIES, [str(journal / "journal/chain=*/*.jsonl")])
    database.execute("CREATE TEMP TABLE opening (account VARCHAR, fen BIGINT)")
    for account, fen in books.opening.items():
        database.execute("INSERT INTO opening VALUES (?, ?)", [account, fen])
    database.execute(_TRIAL)
    _insert(database, OPEN_DIFFERENCES, [_open_row(each) for each in books.open_differences])
    _insert(database, FUNDS, books.funds)


def _open_row(each: Difference) -> tuple[object, ...]:
    return each.id, each.source, each.match_class, each.kind, each.number, each.size, each.day, each.state


def _insert(
    database: duckdb.DuckDBPyConnection, table: ExportTable, rows: Sequence[tuple[object, ...]]
) -> None:
    places = ", ".join("?" for _ in table.columns)
    for row in rows:
        database.execute(f"INSERT INTO {table.name} VALUES ({places})", list(row))  # noqa: S608


_ENTRIES = """
INSERT INTO ledger_entries
WITH lines AS (
    SELECT regexp_extract(filename, 'chain=(\\d+)/\\d+\\.jsonl$', 1)::INTEGER AS chain, "no", entry
    FROM read_json(?, format = 'newline_delimited', filename = true, hive_partitioning = false, columns = {
        "no": 'INTEGER',
        entry: 'STRUCT(booked_at BIGINT, effective_at BIGINT, kind VARCHAR,
                       legs STRUCT(account VARCHAR, fen BIGINT)[],
                       party VARCHAR, proof VARCHAR, reference VARCHAR, subject VARCHAR)'
    })
    QUALIFY row_number() OVER (PARTITION BY entry.subject, entry.kind, entry.reference ORDER BY "no") = 1
), legs AS (
    SELECT chain, "no", entry, unnest(list_zip(range(1, len(entry.legs) + 1), entry.legs)) AS leg FROM lines
)
SELECT chain, "no", leg[1], entry.subject, entry.kind, entry.reference, leg[2].account,
       greatest(leg[2].fen, 0), greatest(-leg[2].fen, 0), entry.effective_at,
       entry.booked_at, entry.proof, entry.party
FROM legs ORDER BY ALL
"""

_TRIAL = """
INSERT INTO trial_balance
WITH moved AS (
    SELECT CASE WHEN starts_with(account, 'WALLET:') THEN 'WALLET' ELSE account END AS account,
           sum(debit)::BIGINT AS debit, sum(credit)::BIGINT AS credit
    FROM ledger_entries GROUP BY ALL
)
SELECT coalesce(moved.account, opening.account), coalesce(fen, 0), coalesce(debit, 0), coalesce(credit, 0),
       coalesce(fen, 0) + coalesce(debit, 0) - coalesce(credit, 0)
FROM moved FULL JOIN opening ON moved.account = opening.account ORDER BY ALL
"""


def _write_table(database: duckdb.DuckDBPyConnection, table: ExportTable, folder: Path) -> list[ExportedFile]:
    path = f"parquet/{table.name}/{table.name}.parquet"
    folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
    database.execute(
        f"COPY (FROM {table.name}) TO '{_quoted(folder / path)}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return [described(folder, path, *_sums(database, table, "true")), _write_csv(database, table, folder)]


def _write_csv(
    database: duckdb.DuckDBPyConnection, table: ExportTable, folder: Path, source: Source | None = None
) -> ExportedFile:
    """A CSV that Excel opens as it is; a whole table, or one source's rows of it."""
    path = f"{table.name}-{source.value.lower()}.csv" if source else f"{table.name}.csv"
    where = f"source = '{source.value}'" if source else "true"
    names = [f'{expression} AS "{name}"' for name, expression in csv_columns(table)]
    names[0] = names[0].replace(' AS "', f' AS "{BOM}')
    database.execute(
        f"COPY (SELECT {', '.join(names)} FROM {table.name} WHERE {where}) "  # noqa: S608 - our own names
        f"TO '{_quoted(folder / path)}' (FORMAT csv, HEADER)"
    )
    return described(folder, path, *_sums(database, table, where))


def _sums(database: duckdb.DuckDBPyConnection, table: ExportTable, where: str) -> tuple[int, dict[str, int]]:
    sums = "".join(f', coalesce(sum("{name}"), 0)::BIGINT' for name in table.money)
    row = database.execute(f"SELECT count(*){sums} FROM {table.name} WHERE {where}").fetchone()  # noqa: S608
    count, *fen = row or (0,)
    return count, dict(zip(table.money, fen, strict=True))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
