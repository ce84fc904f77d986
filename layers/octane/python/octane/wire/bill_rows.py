"""Rows of a bill, cell by cell by their columns' names: exactly as written, or refused with their place."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar

from octane.kernel.clock import Instant, later
from octane.kernel.statement import BillUnreadableError, StatementLine
from octane.wire.bill_files import midnight

DAY_MS = 86_400_000
YUAN = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2})0*)?", re.ASCII)
WHOLE = re.compile(r"(\d{1,12})(?:\.0+)?", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
NUMBER = re.compile(r"[0-9A-Za-z_|*@.:/-]{1,64}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
BOM = b"\xef\xbb\xbf"
Value = TypeVar("Value")


@lru_cache(maxsize=8_192)
def fen_of(yuan: str) -> int:
    """Read yuan exactly: `-0.06` is -6 and `0.01000` is 1; raise `ValueError`, for part of a fen too."""
    found = YUAN.fullmatch(yuan)
    if found is None:
        raise ValueError
    amount = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -amount if found[1] else amount


@lru_cache(maxsize=8_192)
def moment_of(text: str) -> Instant:
    """Read Beijing time, `2026-11-18 10:55:23`; raise `ValueError`."""
    if MOMENT.fullmatch(text) is None:
        raise ValueError
    return Instant(round(datetime.fromisoformat(f"{text}+08:00").timestamp()) * 1_000)


def whole_of(text: str) -> int:
    """Read a count, which may come as `45.0`; raise `ValueError`."""
    found = WHOLE.fullmatch(text)
    if found is None:
        raise ValueError
    return int(found[1])


def number_of(text: str) -> str:
    if NUMBER.fullmatch(text) is None:
        raise ValueError
    return text


def currency_of(text: str) -> str:
    if CURRENCY.fullmatch(text) is None:
        raise ValueError
    return text


class Writing(NamedTuple):
    """How a format writes its rows."""

    encoding: str
    separator: str = ","
    lead: str = ""
    """What each row begins with."""
    padding: str = ""
    """What may stand around a cell's text."""

    def text(self, raw: bytes, line: int) -> str:
        """Decode a line; raise `BillUnreadableError`."""
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError as error:
            column = raw[: error.start].count(self.separator.encode()) + 1
            raise BillUnreadableError("ENCODING", line=line, column=column) from None

    def cells(self, raw: bytes, line: int) -> list[str]:
        """Cut a row; raise `BillUnreadableError`."""
        text = self.text(raw, line)
        if not text.startswith(self.lead):
            raise BillUnreadableError("CELL_COUNT", "not the beginning of a row", line=line, column=1)
        return text[len(self.lead) :].split(self.separator)


class Layout(NamedTuple):
    writing: Writing
    places: dict[str, int]
    day: Instant
    """The first moment of the day whose bill it is."""

    def row(self, raw: bytes, line: int) -> "Row":
        """Cut a row and count its cells; raise `BillUnreadableError`."""
        cells = self.writing.cells(raw, line)
        if len(cells) != len(self.places):
            column = min(len(cells), len(self.places)) + 1
            raise BillUnreadableError("CELL_COUNT", f"{len(cells)} cells", line=line, column=column)
        return Row(self, line, cells)


def layout_of(raw: bytes, line: int, required: Sequence[str], writing: Writing, day: date) -> Layout:
    """Read a header, whose columns may stand in any order; raise `BillUnreadableError`.

    Columns that we do not know may stand among the required ones; none may stand twice.
    """
    if line == 1:
        raw = raw.removeprefix(BOM)
    names = [name.strip() for name in writing._replace(lead="").cells(raw, line)]
    places = {name: place for place, name in enumerate(names)}
    if len(places) != len(names):
        twice = next(place for place, name in enumerate(names) if name in names[:place])
        raise BillUnreadableError("COLUMNS", "a column twice", line=line, column=twice + 1)
    for name in required:
        if name not in places:
            raise BillUnreadableError("COLUMNS", f"no {name}", line=line, column=len(names) + 1)
    return Layout(writing, places, midnight(day))


class Row:
    """One row; every method raises `BillUnreadableError` with the row's line and the cell's column."""

    __slots__ = ("cells", "layout", "line")

    def __init__(self, layout: Layout, line: int, cells: list[str]) -> None:
        self.layout, self.line, self.cells = layout, line, cells

    def text(self, column: str) -> str:
        return self.cells[self.layout.places[column]].strip(self.layout.writing.padding)

    def fen(self, column: str) -> int:
        return self.read(fen_of, column, "AMOUNT")

    def number(self, column: str) -> str:
        return self.read(number_of, column, "NUMBER")

    def moment(self, column: str, reading: Callable[[str], Instant] = moment_of) -> Instant:
        """No more than a day away from the bill's own: anything else is another day's."""
        found = self.read(reading, column, "MOMENT")
        if not -DAY_MS <= found - self.layout.day < 2 * DAY_MS:
            raise self.refused("FOREIGN", column)
        return found

    def read(self, reading: Callable[[str], Value], column: str, code: str) -> Value:
        try:
            return reading(self.text(column))
        except ValueError:
            raise self.refused(code, column) from None

    def refused(self, code: str, column: str) -> BillUnreadableError:
        return BillUnreadableError(code, column, line=self.line, column=self.layout.places[column] + 1)


def of_the_day(lines: Iterator[StatementLine], day: date) -> Iterator[StatementLine]:
    """Pass the lines of a bill that does not say which day's it is: one at least must be of that day."""
    start, inside, last = midnight(day), 0, 0
    end = later(start, DAY_MS)
    for line in lines:
        last = line.line
        inside += start <= line.settled_at < end
        yield line
    if last and not inside:
        raise BillUnreadableError("FOREIGN", "no line of the day", line=last, column=1)
