"""Settlement files of those who fulfil orders: UTF-8 CSV with a BOM, one payment a row, a total at its end.

Nobody publishes such a file: this is our contract with issuers and billers. Each has its own words for the
columns; an issuer's:

    orderid,sporder_id,game_userid,cardnum,ordercash,fee,state,finished_at
    O…R01,S20261118…,*0018,100.00,100.00,0.00,1,2026-11-18 10:55:23
    #total,1,100.00

The party's cell shows the last four characters of a card or account; the amount is what was recharged or paid
and `fee` what they charge for it, both in yuan; times are Beijing's. The total counts every row.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import NamedTuple

from octane.kernel.statement import (
    BillOriginal,
    BillUnknown,
    BillUnreadableError,
    LineKind,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.wire.bill_files import Opener, check_digest, get, is_as_safe, lines_of, plain_or_gzip, tail_of
from octane.wire.bill_rows import Layout, Row, Writing, fen_of, layout_of, of_the_day, whole_of
from octane.wire.http import Transport

ROWS = Writing("utf-8")
CARD = re.compile(r"\d{0,6}\*+(\d{4})", re.ASCII)
TOTAL = "#total"
TOTAL_CELLS = 3
TAIL_LINES = 4


class Words(NamedTuple):
    """What the columns are called, and the states."""

    number: str
    """Our number of the order."""
    reference: str
    party: str
    amount: str
    states: Mapping[str, LineStatus]
    masked: re.Pattern[str] = CARD
    """How the party's cell is written; its group is the four characters that both sides know."""
    fee: str = "fee"
    state: str = "state"
    at: str = "finished_at"

    @property
    def columns(self) -> tuple[str, ...]:
        return self.number, self.reference, self.party, self.amount, self.fee, self.state, self.at


def get_announced(
    transport: Transport, base_url: str, url: object, digest: object, name: str
) -> BillOriginal | BillUnknown:
    """Get the file whose address and SHA-256 an answer told; raise `BillUnreadableError` for another file."""
    if not isinstance(url, str) or not isinstance(digest, str) or not is_as_safe(url, base_url):
        return BillUnknown("ANSWER_UNREADABLE no address")
    content = get(transport, url)
    if isinstance(content, BillUnknown):
        return content
    check_digest(plain_or_gzip(content), "sha256", digest)
    return BillOriginal(name, content)


def parse(content: bytes, day: date, words: Words) -> ParsedBill:
    """Read a settlement file; raise `BillUnreadableError`, here or while its lines are drawn."""
    opener = plain_or_gzip(content)
    layout = layout_of(next(lines_of(opener), b""), 1, words.columns, ROWS, day)
    tail = tail_of(opener, TAIL_LINES)
    line, raw = tail[-1] if tail else (1, b"")
    if not raw.startswith(b"#"):
        raise BillUnreadableError("TRUNCATED", "no total", line=line, column=1)
    return ParsedBill((_stated(raw, line),), of_the_day(_lines(opener, layout, words, until=line), day))


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


def _lines(opener: Opener, layout: Layout, words: Words, until: int) -> Iterator[StatementLine]:
    for line, raw in enumerate(lines_of(opener), 1):
        if line == until:
            return
        if line > 1:
            yield _line(layout.row(raw, line), words)


def _line(row: Row, words: Words) -> StatementLine:
    status = words.states.get(row.text(words.state))
    if status is None:
        raise row.refused("STATUS", words.state)
    amount = row.fen(words.amount)
    if amount < 0:
        raise row.refused("AMOUNT", words.amount)
    return StatementLine(
        kind=LineKind.RECHARGE,
        number=row.number(words.number),
        reference=row.number(words.reference),
        amount=amount,
        fee=row.fen(words.fee),
        currency="CNY",
        status=status,
        party=row.read(partial(_shown, words.masked), words.party, "NUMBER"),
        merchant="",
        settled_at=row.moment(words.at),
        line=row.line,
    )


def _shown(pattern: re.Pattern[str], masked: str) -> str:
    found = pattern.fullmatch(masked)
    if found is None:
        raise ValueError
    return f"*{found[1]}"
