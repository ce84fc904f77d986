"""Rows of a CSV and of Parquet as one and the same, and where two lists of rows part."""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from re import compile as pattern
from typing import NamedTuple, TypeAlias

Row: TypeAlias = tuple[object, ...]
GUARDED = pattern(r"^[=+\-@'\t\r\n ＝＋－＠]|^[0-9][0-9.,:/eE+\-]*\Z")
"""Text that a CSV shows behind an apostrophe, so that a spreadsheet takes it as it is."""
TEXT = "VARCHAR"
AHEAD = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEIJING = timedelta(hours=8)


class Part(Enum):
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    SWAPPED = "swapped"


class Parting(NamedTuple):
    part: Part
    at: int
    """Of the row among those found, from 0."""
    expected: Row
    found: Row


def partings(expected: Iterator[Row], found: Iterator[Row]) -> Iterator[Parting]:
    """Where two lists of rows differ, with one row of foresight: a row that is missing or was added does not
    make all rows after it differ."""
    left, right, index = deque[Row](), deque[Row](), 0
    while True:
        while not left and not right:  # nearly all rows are equal: the quick way past them
            one, other = next(expected, None), next(found, None)
            if one is None and other is None:
                return
            if one == other:
                index += 1
                continue
            left.extend([] if one is None else [one])
            right.extend([] if other is None else [other])
        _fill(left, expected)
        _fill(right, found)
        if left and right and left[0] == right[0]:
            left.popleft()
            right.popleft()
            index += 1
            continue
        ahead, behind = list(left)[1:], list(right)[1:]
        if ahead and behind and ahead[0] == right[0] and behind[0] == left[0]:
            yield Parting(Part.SWAPPED, index, left[0], right[0])
            left.clear()
            right.clear()
            index += 2
        elif not right or (ahead and ahead[0] == right[0]):
            yield Parting(Part.MISSING, index, left.popleft(), ())
        elif not left or (behind and behind[0] == left[0]):
            yield Parting(Part.ADDED, index, (), right.popleft())
            index += 1
        else:
            yield Parting(Part.CHANGED, index, left.popleft(), right.popleft())
            index += 1


def cells_that_differ(columns: Sequence[str], parting: Parting) -> Iterator[tuple[str, str]]:
    """The columns of a changed row, and what stands there instead of what."""
    for place, column in enumerate(columns):
        expected, found = (
            row[place] if place < len(row) else None for row in (parting.expected, parting.found)
        )
        if expected != found:
            yield column, f"{found!r} instead of {expected!r}"
    if len(parting.found) != len(columns):
        yield "", f"{len(parting.found)} cells instead of {len(columns)}"


def csv_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV, its head first. Raises `csv.Error` and `UnicodeDecodeError`."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(stream, strict=True):
            yield tuple(row)


def csv_head(columns: Sequence[str], money: Sequence[str]) -> Row:
    return tuple(
        name
        for column in columns
        for name in ((f"{column}_yuan", f"{column}_fen") if column in money else (column,))
    )


def writer(columns: Sequence[tuple[str, str]], money: Sequence[str]) -> Callable[[Row], Row]:
    """How rows with these columns (name, type in Parquet) are written to a CSV."""

    def form(column: str, kind: str) -> Callable[[object], tuple[str, ...]]:
        if column in money:
            return _yuan_and_fen
        if column.endswith("_at"):
            return _moment
        return _guarded if kind == TEXT and not column.endswith("_day") else _plain

    forms = [form(*column) for column in columns]
    return lambda row: tuple(text for write, value in zip(forms, row, strict=True) for text in write(value))


def _plain(value: object) -> tuple[str, ...]:
    return ("" if value is None else str(value),)


def _guarded(value: object) -> tuple[str, ...]:
    text = "" if value is None else str(value)
    return (f"'{text}" if GUARDED.search(text) else text,)


def _yuan_and_fen(value: object) -> tuple[str, ...]:
    if not isinstance(value, int):
        return "", ""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}", str(value)


def _moment(value: object) -> tuple[str, ...]:
    if not isinstance(value, int):
        return ("",)
    moment = EPOCH + timedelta(milliseconds=value) + BEIJING
    return (f"{moment:%Y-%m-%d %H:%M:%S}.{value % 1_000:03d}",)


def _fill(ahead: deque[Row], rows: Iterator[Row]) -> None:
    while len(ahead) < AHEAD:
        row = next(rows, None)
        if row is None:
            return
        ahead.append(row)
