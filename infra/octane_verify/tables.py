"""The tables: CSV against Parquet cell by cell, and both against the manifest's sums."""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from octane_verify.findings import Report
from octane_verify.manifest import MANIFEST, Manifest
from octane_verify.rows import Part, Row, cells_that_differ, csv_head, csv_rows, partings, writer

FETCH = 10_000
HEAD_LINES = 1
ROWS = ""
"""Beside the sums of columns: how many rows."""


class Parquet(NamedTuple):
    """A table's file of columns."""

    name: str
    path: str
    """Within the folder."""
    columns: list[tuple[str, str]]
    """Name and type."""
    money: list[str]


class Folder(NamedTuple):
    """A day that is looked at."""

    root: Path
    manifest: Manifest
    there: set[str]
    """The listed files that exist."""
    altered: set[str]
    """Those that do not fit their digest."""
    report: Report
    database: duckdb.DuckDBPyConnection

    def blamed(self, one: str, other: str) -> str:
        """Which of two files that disagree was altered: the one that does not fit its digest."""
        return other if other in self.altered and one not in self.altered else one

    def blamed_or_journal(self, path: str) -> str:
        """The same for a table and the journal that it is made of."""
        if path in self.altered:
            return path
        return min((each for each in self.altered if each.startswith("journal/")), default=path)


def check_tables(folder: Folder) -> Iterator[Parquet]:
    """Check every table that the manifest lists against its CSVs and sums; yield those that can be read."""
    for path in sorted(folder.there):
        if not path.startswith("parquet/"):
            continue
        try:
            table = _open(folder, path)
            _check_sums(folder, table)
            for csv_path in sorted(folder.there):
                if csv_path.endswith(".csv") and csv_path[:-4].split("-")[0] == table.name:
                    _check_csv(folder, table, csv_path)
            yield table
        except duckdb.Error as error:
            folder.report.found(path, "", f"cannot be read as Parquet: {str(error).splitlines()[0]}")


def _open(folder: Folder, path: str) -> Parquet:
    described = folder.database.execute(
        "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [str(folder.root / path)]
    )
    columns = [(str(row[0]), str(row[1])) for row in described.fetchall()]
    money = list(folder.manifest.files[path].sums)
    return Parquet(path.split("/")[1], path, columns, money)


def rows_of(folder: Folder, table: Parquet, where: str = "true") -> Iterator[Row]:
    query = f"SELECT * FROM read_parquet(?, hive_partitioning = false) WHERE {where}"  # noqa: S608 - no word of it comes from a file
    cursor = folder.database.cursor().execute(query, [str(folder.root / table.path)])
    while rows := cursor.fetchmany(FETCH):
        yield from rows


def _check_sums(folder: Folder, table: Parquet) -> None:
    names = [name for name, _ in table.columns]
    places = {column: names.index(column) for column in table.money if column in names}
    if len(places) < len(table.money):
        folder.report.found(table.path, "", f"lacks columns that {MANIFEST} sums")
        return
    count, sums = 0, dict.fromkeys(places, 0)
    for row in rows_of(folder, table):
        count += 1
        for column, place in places.items():
            value = row[place]
            sums[column] += value if isinstance(value, int) else 0
    folder.report.checked["rows"] += count
    _compare_sums(folder, table.path, count, sums)


def _compare_sums(folder: Folder, path: str, count: int, sums: dict[str, int]) -> None:
    listed = folder.manifest.files[path]
    if count != listed.rows:
        folder.report.found(path, "", f"has {count} rows; {MANIFEST} says {listed.rows}")
    for column, fen in sums.items():
        if fen != listed.sums.get(column):
            said = listed.sums.get(column)
            folder.report.found(path, f"column {column}", f"sums to {fen} fen; {MANIFEST} says {said}")


def _check_csv(folder: Folder, table: Parquet, path: str) -> None:
    source = path[:-4].partition("-")[2].upper()
    head = csv_head([name for name, _ in table.columns], table.money)
    write = writer(table.columns, table.money)
    where = f"source = '{source}'" if source.isalpha() else "true"
    expected = map(write, rows_of(folder, table, where))
    blamed = folder.blamed(path, table.path)
    try:
        found = csv_rows(folder.root / path)
        if next(found, ()) != head:
            folder.report.found(path, "row 1", "has other column heads than the table")
            return
        sums = dict.fromkeys(table.money, 0)
        counted = _counting(found, [head.index(f"{column}_fen") for column in table.money], table.money, sums)
        tell(
            folder, blamed, f"differs from {table.path if blamed == path else path}", expected, counted, head
        )
    except (csv.Error, UnicodeDecodeError) as error:
        folder.report.found(path, "", f"cannot be read as CSV: {error}")
        return
    _compare_sums(folder, path, sums.pop(ROWS, 0), sums)


def _counting(
    rows: Iterator[Row], places: Sequence[int], money: Sequence[str], sums: dict[str, int]
) -> Iterator[Row]:
    """Pass the rows on, and sum them on the way."""
    sums[ROWS] = 0
    for row in rows:
        sums[ROWS] += 1
        for place, column in zip(places, money, strict=True):
            cell = str(row[place]) if place < len(row) else ""
            sums[column] += int(cell) if cell.removeprefix("-").isdecimal() else 0
        yield row


def tell(
    folder: Folder,
    path: str,
    words: str,
    expected: Iterator[Row],
    found: Iterator[Row],
    head: Sequence[object],
    name: Callable[[Row], str] = lambda row: "",
) -> None:
    """Report where rows part; rows are numbered as a spreadsheet shows them, the head being row 1.

    `name` says what a row is about.
    """
    columns = [str(column) for column in head]
    for parting in partings(expected, found):
        place = f"row {parting.at + 1 + HEAD_LINES}{name(parting.found or parting.expected)}"
        match parting.part:
            case Part.CHANGED:
                for column, what in cells_that_differ(columns, parting):
                    folder.report.found(path, f"{place}, column {column}", f"{words}: {what}")
            case Part.MISSING:
                folder.report.found(
                    path, place, f"{words}: a row is missing here: {_short(parting.expected)}"
                )
            case Part.ADDED:
                folder.report.found(path, place, f"{words}: the row was added: {_short(parting.found)}")
            case Part.SWAPPED:
                folder.report.found(path, place, f"{words}: the row and the next one were swapped")


def _short(row: Row) -> str:
    words = ", ".join(str(cell) for cell in row if cell not in {None, ""})
    return words if len(words) <= 100 else f"{words[:100]}…"  # noqa: PLR2004
