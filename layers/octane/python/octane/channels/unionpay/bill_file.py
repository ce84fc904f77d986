"""UnionPay's clearing file: unpack with bounds, read the ZM records exactly.

fileContent is base64 over deflate over a zip; its `…ZM_<merId>` member is GBK text of fixed width in bytes,
one space between fields, one record to a line. It has no summary. Amounts are fen.
"""

import base64
import binascii
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from octane.kernel.clock import Instant
from octane.kernel.statement import BillUnreadableError, LineKind, LineStatus, ParsedBill, StatementLine
from octane.wire.bill_files import DAMAGE, Opener, check_present, lines_of, member_of, midnight
from octane.wire.bill_rows import Layout, Row, Writing, moment_of

CODE, SENT, AMOUNT, QUERY_ID = "交易代码", "交易传输时间", "交易金额", "查询流水号"
ORDER_ID, FEE, MERCHANT = "商户订单号", "商户手续费", "商户代码"
PLACES = {CODE: 0, SENT: 4, AMOUNT: 6, QUERY_ID: 9, ORDER_ID: 11, FEE: 15, MERCHANT: 27}
LENGTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2),
    *(6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
"""Bytes of the 42 fields."""
RECORD = struct.Struct("1s".join(f"{length}s" for length in LENGTHS))
RECORD_BYTES = RECORD.size
SPACES = (b" ",) * (len(LENGTHS) - 1)
FIELDS = Writing("gbk", separator=" ", padding=" ")
KINDS = {"S22": LineKind.PAYMENT, "S30": LineKind.REFUND, "S31": LineKind.REFUND}
"""Payment, refund, void. What a void's code is, is not published: confirm it with UnionPay."""
MEMBER = re.compile(r"INN(?P<day>\d{6})\d{2}ZM_(?P<merchant>[0-9A-Za-z]+)(\.txt)?", re.ASCII)
FEN = re.compile(r"\d{12}", re.ASCII)
DIRECTED = re.compile(r"([CD])(\d{12})|0*", re.ASCII)
BASE64 = re.compile(rb"[0-9A-Za-z+/]*={0,2}")
END = b"\x1a"
MOST_BASE64 = MOST_ZIP = 128 << 20
MOST_MEMBERS = 32


def parse(content: bytes, day: date, mer_id: str) -> ParsedBill:
    """Read fileContent; raise `BillUnreadableError`, here or while the lines are drawn."""
    archive = _inflated(content)
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise BillUnreadableError("TOO_LARGE", "too many members")
    if len({info.filename for info in infos}) != len(infos):
        raise BillUnreadableError("NOT_AN_ARCHIVE", "a member twice")
    members = [(info, found) for info in infos if (found := MEMBER.fullmatch(info.filename))]
    if not members:
        raise BillUnreadableError("NOT_AN_ARCHIVE", "no ZM file")
    if any((found["day"], found["merchant"]) != (f"{day:%y%m%d}", mer_id) for _, found in members):
        raise BillUnreadableError("FOREIGN", "another day or merchant")
    return ParsedBill((), _records(archive, [info for info, _ in members], day))


def _inflated(content: bytes) -> zipfile.ZipFile:
    """Undo base64 and deflate within bounds: a small answer may not unfold without end."""
    if len(content) > MOST_BASE64:
        raise BillUnreadableError("TOO_LARGE")
    check_present(content)
    if BASE64.fullmatch(content) is None:
        raise BillUnreadableError("NOT_AN_ARCHIVE", "not base64")
    if len(content) % 4:
        raise BillUnreadableError("TRUNCATED", "base64 ends too early")
    try:
        packed = base64.b64decode(content, validate=True)
        inflater = zlib.decompressobj()
        archive = inflater.decompress(packed, MOST_ZIP)
        if inflater.unconsumed_tail:
            raise BillUnreadableError("TOO_LARGE")
        if not inflater.eof:
            raise BillUnreadableError("TRUNCATED", "the archive ends too early")
        return zipfile.ZipFile(io.BytesIO(archive))
    except BillUnreadableError:
        raise
    except (binascii.Error, *DAMAGE):
        raise BillUnreadableError("NOT_AN_ARCHIVE") from None


def _records(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], day: date) -> Iterator[StatementLine]:
    """The lines of several members are counted on."""
    before = 0
    for member in members:
        for line in read_zm(member_of(archive, member), day, before):
            yield line
            before = line.line


def read_zm(opener: Opener, day: date, before: int = 0) -> Iterator[StatementLine]:
    """Read the records of a ZM file, `RECORD_BYTES` to a line; raise `BillUnreadableError`.

    After the last there may be empty lines and the old end-of-file sign."""
    layout, sent = Layout(FIELDS, PLACES, midnight(day)), partial(_sent, day)
    ended = 0
    for line, raw in enumerate(lines_of(opener), before + 1):
        if raw in (b"", END):
            ended = ended or line
            continue
        if ended:
            raise BillUnreadableError("CELL_COUNT", "a record after the end", line=ended, column=1)
        yield _line(Row(layout, line, split_record(raw, line)), sent)


def split_record(raw: bytes, line: int = 1) -> list[str]:
    """Cut a record by bytes, for a GBK character is two; raise `BillUnreadableError`. What is not ASCII stays
    undecoded: we read no such field."""
    if len(raw) != RECORD_BYTES:
        raise BillUnreadableError("CELL_COUNT", f"{len(raw)} bytes", line=line, column=_field_at(len(raw)))
    try:
        raw.decode("gbk")
    except UnicodeDecodeError as error:
        raise BillUnreadableError("ENCODING", line=line, column=_field_at(error.start)) from None
    cut = RECORD.unpack(raw)
    if cut[1::2] != SPACES:
        column = next(column for column, text in enumerate(cut[1::2], 1) if text != b" ")
        raise BillUnreadableError("CELL_COUNT", "no space after it", line=line, column=column)
    return [field.decode("latin-1") for field in cut[::2]]


def _field_at(offset: int) -> int:
    """The field, from 1, in which a byte stands."""
    end = 0
    for column, length in enumerate(LENGTHS, 1):
        end += length + 1
        if offset < end:
            return column
    return len(LENGTHS)


def _line(row: Row, sent: Callable[[str], Instant]) -> StatementLine:
    kind = KINDS.get(row.text(CODE))
    if kind is None:
        raise row.refused("KIND", CODE)
    return StatementLine(
        kind=kind,
        number=row.number(ORDER_ID),
        reference=row.number(QUERY_ID),
        amount=row.read(_amount, AMOUNT, "AMOUNT"),
        fee=row.read(_fee, FEE, "AMOUNT"),
        currency="CNY",
        status=LineStatus.SUCCEEDED,
        party="",
        merchant=row.number(MERCHANT),
        settled_at=row.moment(SENT, sent),
        line=row.line,
    )


def _amount(text: str) -> int:
    if FEN.fullmatch(text) is None:
        raise ValueError
    return int(text)


def _fee(text: str) -> int:
    """`D000000000012` goes from us: a fee of 12; `C000000000012` comes back; blank or zeros are none."""
    found = DIRECTED.fullmatch(text)
    if found is None:
        raise ValueError
    if found[1] is None:
        return 0
    return int(found[2]) if found[1] == "D" else -int(found[2])


def _sent(day: date, text: str) -> Instant:
    """`MMddHHmmss` in the year of the clearing day; December settles in January too."""
    year = day.year - (day.month == 1 and text.startswith("12"))
    return moment_of(f"{year:04d}-{text[:2]}-{text[2:4]} {text[4:6]}:{text[6:8]}:{text[8:]}")
