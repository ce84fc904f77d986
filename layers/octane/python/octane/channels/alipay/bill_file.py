"""Alipay's trade bill: find the details in the zip, and read every row exactly (GBK, yuan to fen).

No name in the archive is ever used as a path, and no member is read past a bound.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from itertools import islice

from octane.kernel.statement import (
    BillUnreadableError,
    LineKind,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.wire.bill_files import DAMAGE, Opener, check_present, lines_of, member_of, tail_of
from octane.wire.bill_rows import Layout, Row, Writing, fen_of, layout_of

MOST_MEMBERS = 16
DETAILS, SUMMARY = "业务明细", "汇总"
UTF8_NAME = 0x800
ROWS = Writing("gbk", padding=" \t")
BANNER, LIST_END = "列表-", "列表结束-"
HEAD_LINES, TAIL_LINES = 8, 8
TRADE_NO, ORDER_NO, KIND, AT = "支付宝交易号", "商户订单号", "业务类型", "完成时间"
RECEIVED, REFUND_NO, FEE = "商家实收（元）", "退款批次号/请求号", "服务费（元）"
COLUMNS = (TRADE_NO, ORDER_NO, KIND, AT, RECEIVED, REFUND_NO, FEE)
KINDS = {"交易": LineKind.PAYMENT, "退款": LineKind.REFUND}
ACCOUNT = re.compile(r"#账号：\[(\d+)\]", re.ASCII)
SPAN = re.compile(r"#起始日期：\[(\d{4})年(\d\d)月(\d\d)日 00:00:00\]", re.ASCII)
TOTAL = re.compile(r"#(交易|退款)合计：(\d{1,12})笔，商家实收(?:退款)?共([^元]*)元", re.ASCII)


def parse(archive: bytes, day: date, seller_id: str) -> ParsedBill:
    """Read the details in a bill's zip; raise `BillUnreadableError`, here or while the lines are drawn."""
    return parse_details(details_in(archive), day, seller_id)


def details_in(archive: bytes) -> Opener:
    """Find the one member with the trade details; raise `BillUnreadableError`."""
    check_present(archive)
    try:
        opened = zipfile.ZipFile(io.BytesIO(archive))
    except DAMAGE:
        raise BillUnreadableError("NOT_AN_ARCHIVE") from None
    members = opened.infolist()
    if len(members) > MOST_MEMBERS:
        raise BillUnreadableError("TOO_LARGE", "too many members")
    details = [member for member in members if DETAILS in (name := _name(member)) and SUMMARY not in name]
    if len(details) != 1:
        raise BillUnreadableError("NOT_AN_ARCHIVE", "not exactly one member with the details")
    if details[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BillUnreadableError("NOT_AN_ARCHIVE", "packed in another way")
    return member_of(opened, details[0])


def _name(member: zipfile.ZipInfo) -> str:
    """Alipay writes names in GBK without saying so, and the zip reader then takes them for cp437."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    try:
        return member.orig_filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return member.filename


def parse_details(opener: Opener, day: date, seller_id: str) -> ParsedBill:
    """Read the details. Their first lines say whose and which day's they are, their last what they sum to;
    between them every line is a row."""
    layout, header_line = _head(opener, day, seller_id)
    tail = tail_of(opener, TAIL_LINES)
    for at, (line, raw) in enumerate(tail):
        if line > header_line and raw.startswith(b"#") and LIST_END in ROWS.text(raw, line):
            stated = _stated(tail[at:])
            return ParsedBill(stated, _lines(opener, layout, seller_id, after=header_line, until=line))
    raise BillUnreadableError("TRUNCATED", "no end of the list", line=tail[-1][0] if tail else 1, column=1)


def _head(opener: Opener, day: date, seller_id: str) -> tuple[Layout, int]:
    """Return the layout, and the number of the line with the columns' names."""
    account = span = None
    lines = enumerate(lines_of(opener), 1)
    line = 0
    for line, raw in islice(lines, HEAD_LINES):
        text = ROWS.text(raw, line)
        if not text.startswith("#"):
            break
        account, span = account or ACCOUNT.match(text), span or SPAN.match(text)
        if BANNER in text:
            if account is None or not account[1].startswith(seller_id):
                raise BillUnreadableError("FOREIGN", "another account", line=line, column=1)
            if span is None or "-".join(span.groups()) != day.isoformat():
                raise BillUnreadableError("FOREIGN", "another day", line=line, column=1)
            header_line, header = next(lines, (line, b""))
            return layout_of(header, header_line, COLUMNS, ROWS, day), header_line
    raise BillUnreadableError("COLUMNS", "no list", line=max(line, 1), column=1)


def _stated(tail: list[tuple[int, bytes]]) -> tuple[StatedTotal, ...]:
    """The two totals, each once, among remarks."""
    found: dict[LineKind, StatedTotal] = {}
    for line, raw in tail:
        try:
            text = ROWS.text(raw, line)
            total = TOTAL.match(text)
            if not text.startswith("#") or (total and KINDS[total[1]] in found):
                raise ValueError
            if total:
                kind, amount = KINDS[total[1]], fen_of(total[3])
                found[kind] = StatedTotal(kind, int(total[2]), -amount if kind is LineKind.REFUND else amount)
        except ValueError:
            raise BillUnreadableError("SUMMARY", line=line, column=1) from None
    if len(found) != len(KINDS):
        raise BillUnreadableError("SUMMARY", "no totals", line=tail[-1][0], column=1)
    return tuple(found[kind] for kind in KINDS.values())


def _lines(opener: Opener, layout: Layout, seller_id: str, after: int, until: int) -> Iterator[StatementLine]:
    for line, raw in enumerate(lines_of(opener), 1):
        if line == until:
            return
        if line > after:
            yield _line(layout.row(raw, line), seller_id)


def _line(row: Row, seller_id: str) -> StatementLine:
    """Refunds are negative in the file, and so is a fee that Alipay charges.

    A refund has no number of Alipay's own: it is known by its payment's and ours."""
    kind = KINDS.get(row.text(KIND))
    if kind is None:
        raise row.refused("KIND", KIND)
    refund = kind is LineKind.REFUND
    if bool(row.text(REFUND_NO)) != refund:
        raise row.refused("NUMBER", REFUND_NO)
    amount = -row.fen(RECEIVED) if refund else row.fen(RECEIVED)
    if amount < 0:
        raise row.refused("AMOUNT", RECEIVED)
    trade_no, order_no = row.number(TRADE_NO), row.number(ORDER_NO)
    number = row.number(REFUND_NO) if refund else order_no
    return StatementLine(
        kind=kind,
        number=number,
        reference=f"{trade_no}/{number}" if refund else trade_no,
        amount=amount,
        fee=-row.fen(FEE),
        currency="CNY",
        status=LineStatus.SUCCEEDED,
        party="",
        merchant=seller_id,
        settled_at=row.moment(AT),
        line=row.line,
    )
