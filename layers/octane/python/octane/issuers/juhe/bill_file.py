"""The issuer's settlement file: UTF-8 CSV with a BOM, one recharge a row, its own total as the last line.

No such file is published: this is our contract with the issuer.

    orderid,sporder_id,game_userid,cardnum,ordercash,fee,state,finished_at
    O…R01,S20261118…,*0018,100.00,100.00,0.00,1,2026-11-18 10:55:23
    #total,1,100.00

`game_userid` shows the card's last four digits at most, `ordercash` is the recharge and `fee` what the issuer
charges for it, both in yuan; `state` is the interface's; times are Beijing's. The total counts every row.
"""

import re
from collections.abc import Iterator
from datetime import date

from octane.kernel.statement import (
    BillUnreadableError,
    LineKind,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.wire.bill_files import Opener, lines_of, plain_or_gzip, tail_of
from octane.wire.bill_rows import Layout, Row, Writing, fen_of, layout_of, of_the_day, whole_of

ROWS = Writing("utf-8")
COLUMNS = ("orderid", "sporder_id", "game_userid", "ordercash", "fee", "state", "finished_at")
STATES = {"0": LineStatus.PROCESSING, "1": LineStatus.SUCCEEDED, "9": LineStatus.FAILED}
MASKED = re.compile(r"\d{0,6}\*+(\d{4})", re.ASCII)
TOTAL = "#total"
TOTAL_CELLS = 3
TAIL_LINES = 4


def parse(content: bytes, day: date) -> ParsedBill:
    """Read a settlement file; raise `BillUnreadableError`, here or while its lines are drawn."""
    opener = plain_or_gzip(content)
    layout = layout_of(next(lines_of(opener), b""), 1, COLUMNS, ROWS, day)
    tail = tail_of(opener, TAIL_LINES)
    line, raw = tail[-1] if tail else (1, b"")
    if not raw.startswith(b"#"):
        raise BillUnreadableError("TRUNCATED", "no total", line=line, column=1)
    return ParsedBill((_stated(raw, line),), of_the_day(_lines(opener, layout, until=line), day))


def _stated(raw: bytes, line: int) -> StatedTotal:
    cells = ROWS.cells(raw, line)
    if len(cells) != TOTAL_CELLS or cells[0] != TOTAL:
        raise BillUnreadableError("SUMMARY", line=line, column=1)
    column = 2
    try:
        count = whole_of(cells[1])
        column = 3
        return StatedTotal(LineKind.RECHARGE, count, fen_of(cells[2]))
    except ValueError:
        raise BillUnreadableError("SUMMARY", line=line, column=column) from None


def _lines(opener: Opener, layout: Layout, until: int) -> Iterator[StatementLine]:
    for line, raw in enumerate(lines_of(opener), 1):
        if line == until:
            return
        if line > 1:
            yield _line(layout.row(raw, line))


def _line(row: Row) -> StatementLine:
    status = STATES.get(row.text("state"))
    if status is None:
        raise row.refused("STATUS", "state")
    amount = row.fen("ordercash")
    if amount < 0:
        raise row.refused("AMOUNT", "ordercash")
    return StatementLine(
        kind=LineKind.RECHARGE,
        number=row.number("orderid"),
        reference=row.number("sporder_id"),
        amount=amount,
        fee=row.fen("fee"),
        currency="CNY",
        status=status,
        party=row.read(_last_four, "game_userid", "NUMBER"),
        merchant="",
        settled_at=row.moment("finished_at"),
        line=row.line,
    )


def _last_four(card: str) -> str:
    found = MASKED.fullmatch(card)
    if found is None:
        raise ValueError
    return f"*{found[1]}"
