"""UnionPay's clearing file of a day: download (txnType 76), unpack with bounds, read the ZM rows.

fileContent is base64 over deflate over a zip; its `…ZM_<merId>` member is GBK text of fixed width in bytes,
one space between fields. The answer that carries it is signed, so the file needs no digest of its own.
Amounts are fen.
"""

import base64
import binascii
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date

from octane.channels.port import Unknown
from octane.channels.unionpay import codes
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.exchange import Answer, Exchange, NotSent
from octane.channels.unionpay.moments import parse_trace_time, txn_time
from octane.channels.unionpay.requests import ANY_PRODUCT, DIRECT
from octane.kernel.clock import Clock, Instant

PAY, REFUND = "S22", "S30"
"""交易代码 of the rows we know; a void has a code of its own, and reconciliation decides on the rest."""

LENGTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2),
    *(6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
"""Bytes of the 42 fields."""
RECORD_BYTES = sum(LENGTHS) + len(LENGTHS) - 1
CODE, TRACE_NO, SENT, CARD, AMOUNT, QUERY_ID, ORDER_ID = 0, 3, 4, 5, 6, 9, 11
FEE, SETTLED, ORIGINAL_QUERY_ID, MERCHANT = 15, 16, 26, 27
ZM_MEMBER = re.compile(r"INN(?P<day>\d{6})\d{2}ZM_(?P<merchant>[0-9A-Za-z]+)(\.txt)?")

MOST_BASE64 = 32 << 20
MOST_ZIP = 32 << 20
MOST_TEXT = 128 << 20
MOST_MEMBERS = 32
DIRECTIONS = {"C": 1, "D": -1}
"""Credit to the merchant, debit from the merchant."""


class BillUnreadableError(ValueError):
    """A clearing file that is not what its layout says; the message names the place, never the content."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """One settled transaction, in fen. Its order number and `query_id` find it in our books."""

    code: str
    """`PAY`, `REFUND`, or another of UnionPay's."""
    order_id: str
    query_id: str
    original_query_id: str
    """Of a refund: the payment's; else empty."""
    amount: int
    fee: int
    """As the file has it: negative is what we pay."""
    settled: int
    """清算: what reaches us (positive) or leaves us (negative); 0 where the file leaves it blank."""
    trace_no: str
    traced_at: Instant
    card: str
    """As the file shows it."""


@dataclass(frozen=True, slots=True)
class Bill:
    settle_day: date
    rows: tuple[BillRow, ...]


@dataclass(frozen=True, slots=True)
class NoFileYet:
    """98: the file of this day is not made yet, or the day had no transaction."""


def download(exchange: Exchange, clock: Clock, settle_day: date) -> Bill | NoFileYet | Unknown:
    """Fetch one clearing day. The exchange's transport must allow large answers (`response_limit`).

    Raise `BillUnreadableError` for a genuine answer whose file cannot be read: that is a fault to look at,
    not one to try again.
    """
    asked = {
        "txnType": "76",
        "txnSubType": "01",
        "bizType": ANY_PRODUCT,
        "accessType": DIRECT,
        "txnTime": txn_time(clock.now()),
        "settleDate": f"{settle_day:%m%d}",
        "fileType": "00",
    }
    answer = exchange.call(f"{exchange.config.file_url}/", asked)
    if isinstance(answer, NotSent):
        return Unknown(f"NOT_SENT {answer.reason}")
    if not isinstance(answer, Answer):
        return answer
    if answer.code == codes.NO_FILE:
        return NoFileYet()
    if answer.code not in codes.SUCCESS:
        return Unknown(answer.code)
    if answer.fields.get("settleDate", asked["settleDate"]) != asked["settleDate"]:
        return Unknown("ANSWER_FOREIGN settleDate")
    return Bill(settle_day, read_file(exchange.config, settle_day, answer.fields.get("fileContent", "")))


def read_file(config: UnionPayConfig, settle_day: date, content: str) -> tuple[BillRow, ...]:
    """Unpack fileContent and read the ZM members of our merchant for that day."""
    rows: list[BillRow] = []
    found = False
    for name, text in unpack(content):
        match = ZM_MEMBER.fullmatch(name)
        if match is None:
            continue
        if match["day"] != f"{settle_day:%y%m%d}" or match["merchant"] != config.mer_id:
            raise BillUnreadableError("the file of another day or merchant")
        found = True
        rows += read_zm(text, settle_day)
    if not found:
        raise BillUnreadableError("no ZM file")
    return tuple(rows)


def unpack(content: str) -> list[tuple[str, bytes]]:
    """Undo base64, deflate and zip, each within its bound: a small answer may not unfold without end."""
    if not content or len(content) > MOST_BASE64:
        raise BillUnreadableError("no content, or too much")
    try:
        packed = base64.b64decode(content, validate=True)
        inflater = zlib.decompressobj()
        archive = inflater.decompress(packed, MOST_ZIP)
    except (binascii.Error, ValueError, zlib.error):
        raise BillUnreadableError("not base64 over deflate") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise BillUnreadableError("too large, or cut off")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return _members(opened)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise BillUnreadableError("not a zip that can be read") from None


def _members(opened: zipfile.ZipFile) -> list[tuple[str, bytes]]:
    infos = opened.infolist()
    if len(infos) > MOST_MEMBERS or len({info.filename for info in infos}) != len(infos):
        raise BillUnreadableError("too many members, or one twice")
    left, members = MOST_TEXT, []
    for info in infos:
        with opened.open(info) as member:
            text = member.read(left + 1)
        left -= len(text)
        if left < 0:
            raise BillUnreadableError("too large")
        members.append((info.filename, text))
    return members


def read_zm(text: bytes, settle_day: date) -> list[BillRow]:
    """Read the records of a ZM file: `RECORD_BYTES` each, one to a line."""
    lines = [line.removesuffix(b"\r") for line in text.split(b"\n")]
    return [_row(number, line, settle_day) for number, line in enumerate(lines, 1) if line.strip(b" \x1a")]


def _row(number: int, line: bytes, settle_day: date) -> BillRow:
    try:
        fields = split_record(line)
        return BillRow(
            code=_filled(fields[CODE]),
            order_id=fields[ORDER_ID],
            query_id=_filled(fields[QUERY_ID]),
            original_query_id=_optional(fields[ORIGINAL_QUERY_ID]),
            amount=_count(fields[AMOUNT]),
            fee=_directed(fields[FEE]),
            settled=_directed(fields[SETTLED]),
            trace_no=fields[TRACE_NO],
            traced_at=_traced(fields[SENT], settle_day),
            card=fields[CARD],
        )
    except ValueError:
        raise BillUnreadableError(f"record {number}") from None


def split_record(line: bytes) -> list[str]:
    """Cut by bytes, then decode: a GBK character is two. Raise `ValueError`."""
    if len(line) != RECORD_BYTES:
        raise ValueError("length")
    fields, at = [], 0
    for length in LENGTHS:
        fields.append(line[at : at + length].decode("gbk").strip())
        at += length
        if line[at : at + 1] not in (b" ", b""):
            raise ValueError("separator")
        at += 1
    return fields


def _filled(text: str) -> str:
    if not text:
        raise ValueError("empty")
    return text


def _optional(text: str) -> str:
    """A number with zeros all over is none; one that begins with a zero is a number like any other."""
    return text if text.strip("0") else ""


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError("amount")
    return int(text)


def _directed(text: str) -> int:
    """`C000000000012` is 12 to us, `D000000000012` 12 from us; blank and bare digits occur."""
    if not text:
        return 0
    sign = DIRECTIONS.get(text[0])
    return _count(text) if sign is None else sign * _count(text[1:])


def _traced(text: str, settle_day: date) -> Instant:
    """`MMddHHmmss` in the year of the clearing day, or the year before it: 31 December settles in January."""
    january_first = (settle_day.month, settle_day.day) == (1, 1)
    year = settle_day.year - 1 if january_first and text[:4] == "1231" else settle_day.year
    return parse_trace_time(text, f"{year:04d}{text}")
