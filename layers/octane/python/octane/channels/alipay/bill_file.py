"""Alipay's trade bill: find the details in the zip, and read every row exactly (GBK, yuan to fen).

The archive stays in memory: no name in it is ever used as a path, and no member is read past a bound.
"""

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from octane.channels.alipay.readings import moment
from octane.channels.port import NoticeUnreadableError
from octane.kernel.clock import Instant

MOST_MEMBERS = 16
MOST_BYTES = 64 << 20
"""Of one member, unpacked."""
DETAILS = "业务明细"
SUMMARY = "汇总"
UTF8_NAME = 0x800
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError),
    *(RuntimeError, NotImplementedError),
)
"""Whatever the zip reader raises for damaged, encrypted or hostile archives."""
BANNER, LIST_END = "列表-", "列表结束-"
COLUMNS = (
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称"),
    *("操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）", "支付宝红包（元）", "集分宝（元）"),
    *("支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）", "券名称", "商家红包消费金额（元）"),
    *("卡消费金额（元）", "退款批次号/请求号", "服务费（元）", "分润（元）", "备注"),
)
AMOUNT = re.compile(r"-?\d{1,13}(\.\d{1,2})?", re.ASCII)
TOTAL = re.compile(r"#(交易|退款)合计：(\d+)笔，商家实收(?:退款)?共(-?[\d.]+)元", re.ASCII)


class BillUnreadableError(ValueError):
    """A bill that cannot be read exactly; the message says where, never what."""


class BillKind(StrEnum):
    PAYMENT = "交易"
    REFUND = "退款"


@dataclass(frozen=True, slots=True)
class BillRow:
    """One movement. Amounts are fen; those of a refund are negative."""

    kind: BillKind
    trade_no: str
    out_trade_no: str
    refund_no: str
    """out_request_no of a refund; empty for a payment."""
    subject: str
    created_at: Instant
    finished_at: Instant
    buyer: str
    order_fen: int
    received_fen: int
    """What we really get, before the fee."""
    fee_fen: int
    """Alipay's fee: negative when it is charged."""
    note: str


@dataclass(frozen=True, slots=True)
class BillTotal:
    count: int
    received_fen: int


@dataclass(frozen=True, slots=True)
class TradeBill:
    rows: tuple[BillRow, ...]
    payments: BillTotal
    """As the bill itself states it: the caller compares with `counted`."""
    refunds: BillTotal

    def counted(self, kind: BillKind) -> BillTotal:
        found = [row.received_fen for row in self.rows if row.kind is kind]
        return BillTotal(len(found), sum(found))


def unpack_details(archive: bytes) -> bytes:
    """Return the one member with the trade details; raise `BillUnreadableError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            if len(members) > MOST_MEMBERS:
                raise BillUnreadableError("too many members")
            details = [member for member in members if _is_details(_name(member))]
            if len(details) != 1:
                raise BillUnreadableError("not exactly one member with the details")
            if details[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BillUnreadableError("packed in another way")
            with opened.open(details[0]) as stream:
                content = stream.read(MOST_BYTES + 1)
    except BillUnreadableError:
        raise
    except DAMAGE:
        raise BillUnreadableError("not a zip that can be read") from None
    if len(content) > MOST_BYTES:
        raise BillUnreadableError("the details are too large")
    return content


def _is_details(name: str) -> bool:
    return DETAILS in name and SUMMARY not in name


def _name(member: zipfile.ZipInfo) -> str:
    """Alipay writes names in GBK without saying so, and the zip reader then takes them for cp437."""
    if member.flag_bits & UTF8_NAME:
        return member.filename
    try:
        return member.orig_filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return member.filename


def parse_details(content: bytes) -> TradeBill:
    """Read the details, columns by their names; raise `BillUnreadableError` with the line's number."""
    try:
        lines = content.decode("gbk").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        raise BillUnreadableError("not GBK") from None
    start = next((at for at, line in enumerate(lines) if line.startswith("#") and BANNER in line), None)
    end = next((at for at, line in enumerate(lines) if line.startswith("#") and LIST_END in line), None)
    if start is None or end is None or end < start + 2:
        raise BillUnreadableError("no list of details, or no end of it")
    names = [cell.strip() for cell in lines[start + 1].split(",")]
    if sorted(names) != sorted(COLUMNS):
        raise BillUnreadableError(f"line {start + 2}: other columns")
    rows = tuple(_row(names, lines[at], at + 1) for at in range(start + 2, end))
    stated = {found[1]: found for line in lines[end + 1 :] if (found := TOTAL.match(line))}
    if set(stated) != {kind.value for kind in BillKind}:
        raise BillUnreadableError("no totals")
    payments, refunds = (_total(stated[kind.value], end + 1) for kind in BillKind)
    return TradeBill(rows, payments, refunds)


def _row(names: list[str], line: str, number: int) -> BillRow:
    cells = [cell.strip(" \t") for cell in line.split(",")]
    if len(cells) != len(names):
        raise BillUnreadableError(f"line {number}: {len(cells)} cells")
    cell = dict(zip(names, cells, strict=True))
    try:
        row = BillRow(
            kind=BillKind(cell["业务类型"]),
            trade_no=cell["支付宝交易号"],
            out_trade_no=cell["商户订单号"],
            refund_no=cell["退款批次号/请求号"],
            subject=cell["商品名称"],
            created_at=moment(cell["创建时间"]),
            finished_at=moment(cell["完成时间"]),
            buyer=cell["对方账户"],
            order_fen=_fen(cell["订单金额（元）"], number),
            received_fen=_fen(cell["商家实收（元）"], number),
            fee_fen=_fen(cell["服务费（元）"], number),
            note=cell["备注"],
        )
    except (ValueError, NoticeUnreadableError):
        raise BillUnreadableError(f"line {number}: a cell") from None
    if not row.trade_no or not row.out_trade_no or bool(row.refund_no) != (row.kind is BillKind.REFUND):
        raise BillUnreadableError(f"line {number}: its numbers")
    if (row.order_fen < 0) != (row.kind is BillKind.REFUND):
        raise BillUnreadableError(f"line {number}: its sign")
    return row


def _total(found: re.Match[str], number: int) -> BillTotal:
    return BillTotal(int(found[2]), _fen(found[3], number))


def _fen(text: str, number: int) -> int:
    if AMOUNT.fullmatch(text) is None:
        raise BillUnreadableError(f"line {number}: an amount")
    return int(Decimal(text) * 100)
