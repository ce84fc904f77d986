"""The workbook of a day: a sheet with the proof, one for each class of difference, the books (RC4).

The same input makes the same bytes: nothing in it is taken from the clock.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeAlias

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from octane.reconciliation.export_tables import (
    CLASS_NAMES,
    DIFFERENCES,
    FUNDS,
    OPEN_DIFFERENCES,
    TOTALS,
    TRIAL_BALANCE,
    Column,
    ExportTable,
    Shape,
)
from octane.reconciliation.model import MatchClass, ProofLine

Row: TypeAlias = tuple[object, ...]
Ask: TypeAlias = Callable[[str], Iterable[Row]]
"""Answers a query over the export tables."""

SHEET_ROWS = 20_000
"""A sheet shows at most so many rows; the CSV has them all."""
HEAD_ROW = 3
WIDTHS = {Shape.WHOLE: 8, Shape.FEN: 16, Shape.MOMENT: 21, Shape.DAY: 12, Shape.TEXT: 14}
WIDE = {"number": 30, "reference": 30, "party": 30, "account": 32, "label": 32, "task": 30, "class": 26}
EPOCH = datetime(1970, 1, 1)
ONE_SIDED = {
    MatchClass.MISSING_HERE: "our_",
    MatchClass.DUPLICATE_THERE: "our_",
    MatchClass.MISSING_THERE: "their_",
    MatchClass.DUPLICATE_HERE: "their_",
}
"""The columns that a class leaves empty."""


class Look(NamedTuple):
    title: Format
    note: Format
    head: Format
    right_head: Format
    total: Format
    total_money: Format
    good: Format
    bad: Format
    cells: dict[Shape, Format]


def write_workbook(path: Path, day: str, version: int, ask: Ask, proofs: Sequence[ProofLine]) -> None:
    """Write the workbook of a day; `ask` reads the export tables."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sealed = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
        book.set_properties({"title": f"对账 Reconciliation {day} v{version}", "created": sealed})
        look = _look(book)
        heading = f"{day}  v{version}"
        _overview(book.add_worksheet("总览 Overview"), look, heading, proofs)
        _sheet(book.add_worksheet("合计 Totals"), look, heading, TOTALS, TOTALS.columns, ask("FROM totals"))
        for match_class, chinese in CLASS_NAMES.items():
            if match_class is MatchClass.MATCHED:
                continue
            empty = ONE_SIDED.get(match_class, "-")
            columns = [
                column
                for column in DIFFERENCES.columns
                if column.name != "class" and not column.name.startswith(empty)
            ]
            names = ", ".join(f'"{column.name}"' for column in columns)
            rows = ask(f"SELECT {names} FROM differences WHERE class = '{match_class.value}'")  # noqa: S608 - ours
            sheet = book.add_worksheet(f"{chinese} {match_class.value}")
            _sheet(sheet, look, f"{heading}  {chinese} {match_class.value}", DIFFERENCES, columns, rows)
        for table, name in (
            (OPEN_DIFFERENCES, "未结 Open"),
            (TRIAL_BALANCE, "试算平衡 Trial balance"),
            (FUNDS, "资金 Funds"),
        ):
            _sheet(book.add_worksheet(name), look, heading, table, table.columns, ask(f"FROM {table.name}"))


def _look(book: xlsxwriter.Workbook) -> Look:
    base = {"font_name": "Microsoft YaHei", "font_size": 10}
    money = "#,##0.00;[Red]-#,##0.00"
    total = {**base, "bold": True, "top": 1, "bg_color": "#EEF2F7"}
    head: dict[str, object] = {
        **base,
        "bold": True,
        "text_wrap": True,
        "valign": "vcenter",
        "bottom": 1,
        "bg_color": "#DCE6F2",
    }
    kinds: dict[Shape, dict[str, object]] = {
        Shape.TEXT: {"num_format": "@", "indent": 1},
        Shape.WHOLE: {"num_format": "0"},
        Shape.FEN: {"num_format": money},
        Shape.MOMENT: {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left", "indent": 1},
        Shape.DAY: {"num_format": "yyyy-mm-dd", "align": "left", "indent": 1},
    }
    return Look(
        title=book.add_format({**base, "bold": True, "font_size": 14}),
        note=book.add_format({**base, "font_color": "#5B6573"}),
        head=book.add_format({**head, "indent": 1}),
        right_head=book.add_format({**head, "align": "right"}),
        total=book.add_format(total),
        total_money=book.add_format({**total, "num_format": money}),
        good=book.add_format({**base, "font_color": "#1B7F4B", "bold": True}),
        bad=book.add_format({**base, "font_color": "#B3261E", "bold": True}),
        cells={shape: book.add_format({**base, **kind}) for shape, kind in kinds.items()},
    )


def _overview(sheet: Worksheet, look: Look, heading: str, proofs: Sequence[ProofLine]) -> None:
    """The proof of each source: its classes, both sides beside each other."""
    heads = ["渠道\nSource", "差异类型\nClass", "中文", "我方笔数\nOur count", "我方金额\nOur amount"]
    heads += [
        "我方手续费\nOur fee",
        "对方笔数\nTheir count",
        "对方金额\nTheir amount",
        "对方手续费\nTheir fee",
    ]
    widths = [12, 20, 12, 12, 18, 16, 12, 18, 16]
    _begin(sheet, look, f"对账总览 Reconciliation {heading}", heads, widths, range(3, 9))
    row = HEAD_ROW + 1
    for proof in proofs:
        for match_class, chinese in CLASS_NAMES.items():
            sides = [_sum(proof, match_class, side) for side in ("OURS", "THEIRS")]
            if any(side[0] for side in sides) or match_class is MatchClass.MATCHED:
                _words(sheet, row, look, proof.source.value, match_class.value, chinese)
                _sides(sheet, row, sides, look.cells[Shape.WHOLE], look.cells[Shape.FEN])
                row += 1
        for column in range(9):
            sheet.write_blank(row, column, None, look.total)
        sheet.write_string(row, 0, proof.source.value, look.total)
        sheet.write_string(row, 1, "合计 Total", look.total)
        _sides(
            sheet, row, [_sum(proof, None, side) for side in ("OURS", "THEIRS")], look.total, look.total_money
        )
        said = (
            "平衡：各类合计等于双方总额 The proof line holds" if proof.holds else "不平 The proof line fails"
        )
        sheet.write_string(row + 1, 1, said, look.good if proof.holds else look.bad)
        for number, failure in enumerate(proof.failures, start=2):
            sheet.write_string(row + number, 1, failure, look.bad)
        row += 3 + len(proof.failures)


def _sum(proof: ProofLine, match_class: MatchClass | None, side: str) -> tuple[int, int, int]:
    found = [
        tally
        for tally in proof.tallies
        if tally.side.value == side and match_class in {None, tally.match_class}
    ]
    return (
        sum(tally.count for tally in found),
        sum(tally.amount for tally in found),
        sum(tally.fee for tally in found),
    )


def _words(sheet: Worksheet, row: int, look: Look, *words: str) -> None:
    for column, word in enumerate(words):
        sheet.write_string(row, column, word, look.cells[Shape.TEXT])


def _sides(
    sheet: Worksheet, row: int, sides: list[tuple[int, int, int]], whole: Format, money: Format
) -> None:
    for place, (count, amount, fee) in zip((3, 6), sides, strict=True):
        sheet.write_number(row, place, count, whole)
        sheet.write_number(row, place + 1, _yuan(amount), money)
        sheet.write_number(row, place + 2, _yuan(fee), money)


def _sheet(
    sheet: Worksheet,
    look: Look,
    heading: str,
    table: ExportTable,
    columns: Sequence[Column],
    rows: Iterable[Row],
) -> None:
    """A table: heads that stay, as many rows as a sheet takes, and the sums of all of them."""
    heads = [f"{column.chinese}\n{column.name}" for column in columns]
    widths = [
        WIDE.get(column.name.removeprefix("our_").removeprefix("their_"), WIDTHS[column.shape])
        for column in columns
    ]
    numbers = [place for place, column in enumerate(columns) if column.shape in {Shape.FEN, Shape.WHOLE}]
    _begin(sheet, look, f"{table.chinese} {heading}", heads, widths, numbers)
    sums, count = [0] * len(columns), 0
    for row in rows:
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if column.shape is Shape.FEN and isinstance(value, int):
                sums[place] += value
            if count < SHEET_ROWS:
                _cell(sheet, HEAD_ROW + 1 + count, place, column.shape, value, look.cells[column.shape])
        count += 1
    shown = min(count, SHEET_ROWS)
    last = HEAD_ROW + 1 + shown
    sheet.autofilter(HEAD_ROW, 0, max(last - 1, HEAD_ROW), len(columns) - 1)
    for place, column in enumerate(columns):
        if column.shape is Shape.FEN:
            sheet.write_number(last, place, _yuan(sums[place]), look.total_money)
        else:
            sheet.write_blank(last, place, None, look.total)
    sheet.write_string(last, 0, f"合计 {count}", look.total)
    if count > shown:
        sheet.write_string(last + 1, 0, f"仅列前 {shown} 行，其余见 {table.name}.csv", look.note)


def _begin(
    sheet: Worksheet,
    look: Look,
    title: str,
    heads: Sequence[str],
    widths: Sequence[int],
    numbers: Collection[int],
) -> None:
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1 + len(heads) // 16, 0)
    sheet.repeat_rows(HEAD_ROW)
    sheet.freeze_panes(HEAD_ROW + 1, 0)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.set_row(0, 22)
    sheet.write_string(0, 0, title, look.title)
    sheet.write_string(1, 0, "金额单位：元；时间：北京时间 Amounts in yuan, Beijing time", look.note)
    sheet.set_row(HEAD_ROW, 32)
    for place, head in enumerate(heads):
        sheet.write_string(HEAD_ROW, place, head, look.right_head if place in numbers else look.head)


def _cell(sheet: Worksheet, row: int, place: int, shape: Shape, value: object, look: Format) -> None:
    if value is None:
        return
    match shape:
        case Shape.FEN if isinstance(value, int):
            sheet.write_number(row, place, _yuan(value), look)
        case Shape.WHOLE if isinstance(value, int):
            sheet.write_number(row, place, value, look)
        case Shape.MOMENT if isinstance(value, int):
            sheet.write_datetime(row, place, EPOCH + timedelta(hours=8, milliseconds=value), look)
        case Shape.DAY:
            sheet.write_datetime(row, place, date.fromisoformat(str(value)), look)
        case _:
            sheet.write_string(row, place, str(value), look)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)
