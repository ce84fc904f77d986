"""Read the custody bank's statement exactly (infra/docs/custody-statement.md).

The file proves itself before a line is believed: its digest, its sums, and the balance after every line.
"""

import csv
import hashlib
import re
from datetime import date
from typing import NamedTuple

from octane.funds.model import BankAccount, BankLine, BankStatement, LineKind
from octane.kernel.clock import in_beijing, parse_rfc3339
from octane.kernel.money import format_yuan
from octane.kernel.statement import BillUnreadableError

MOST_BYTES = 16 << 20
TITLE = "#octane-custody-statement,1"
HEADS = ("#bank", "#account", "#day", "#opening", "#closing", "#count")
COLUMNS = (
    *("serial", "booked_at", "direction", "amount", "balance", "kind"),
    *("instruction", "settled_day", "counterparty", "remark"),
)
FIRST_ROW = 1 + len(HEADS) + 1 + 1
TAIL = 2
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,12})\.([0-9]{2})", re.ASCII)
SERIAL = re.compile(r"[0-9]{9}", re.ASCII)
COUNT = re.compile(r"0|[1-9][0-9]{0,6}", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+08:00", re.ASCII)
INSTRUCTION = re.compile(r"[0-9A-Za-z]{8,32}", re.ASCII)
NAME = re.compile(r"[0-9A-Z_]{1,32}", re.ASCII)


class _Heads(NamedTuple):
    bank: str
    opening: int
    closing: int
    rows: int


def parse_statement(content: bytes, account: BankAccount, day: date) -> BankStatement:
    """Read the statement of one account and day; raises `BillUnreadableError` with line and column."""
    lines, digest = _sealed_lines(content)
    heads = _read_heads(lines, account, day)
    if lines[FIRST_ROW - 2] != ",".join(COLUMNS):
        raise BillUnreadableError("COLUMNS", line=FIRST_ROW - 1, column=1)
    rows = lines[FIRST_ROW - 1 : -TAIL]
    if len(rows) != heads.rows:
        raise BillUnreadableError("SUMMARY", f"{len(rows)} rows", line=1 + len(HEADS), column=2)
    found: list[BankLine] = []
    balance = heads.opening
    for number, text in enumerate(rows, FIRST_ROW):
        line = _read_row(text, number, account, day)
        if found and line.serial != found[-1].serial + 1:
            raise BillUnreadableError("NUMBER", "serials do not follow each other", line=number, column=1)
        if found and line.booked_at < found[-1].booked_at:
            raise BillUnreadableError("MOMENT", "times go back", line=number, column=2)
        balance += line.amount
        if line.balance != balance:
            detail = f"{format_yuan(balance)} after this line"
            raise BillUnreadableError("SUMMARY", detail, line=number, column=5)
        found.append(line)
    if balance != heads.closing:
        detail = f"the lines end at {format_yuan(balance)}"
        raise BillUnreadableError("SUMMARY", detail, line=6, column=2)
    _check_total(lines[-TAIL], len(lines) - 1, found)
    return BankStatement(heads.bank, account, day, heads.opening, heads.closing, tuple(found), digest)


def _sealed_lines(content: bytes) -> tuple[list[str], str]:
    """The lines without their ends, when the digest in the last one holds."""
    if len(content) > MOST_BYTES:
        raise BillUnreadableError("TOO_LARGE")
    body, mark, seal = content.rpartition(b"#sha256,")
    if not mark or not body.endswith(b"\n") or not re.fullmatch(rb"[0-9a-f]{64}\n", seal):
        raise BillUnreadableError("TRUNCATED", "no #sha256 line at the end")
    digest = seal.strip().decode()
    if hashlib.sha256(body).hexdigest() != digest:
        raise BillUnreadableError("DIGEST")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        start = content.rfind(b"\n", 0, error.start) + 1
        column = content.count(b",", start, error.start) + 1
        raise BillUnreadableError("ENCODING", line=line, column=column) from None
    lines = text.split("\n")[:-1]
    for at, one in enumerate(lines, 1):
        odd = next((place for place, letter in enumerate(one) if not letter.isprintable()), None)
        if odd is not None:
            column = one.count(",", 0, odd) + 1
            raise BillUnreadableError("ENCODING", "a control character", line=at, column=column)
    if len(lines) < FIRST_ROW - 1 + TAIL:
        raise BillUnreadableError("TRUNCATED")
    return lines, digest


def _read_heads(lines: list[str], account: BankAccount, day: date) -> _Heads:
    if lines[0] != TITLE:
        raise BillUnreadableError("COLUMNS", "not a custody statement of version 1", line=1, column=1)
    values: list[str] = []
    for number, name in enumerate(HEADS, 2):
        cells = _cells(lines[number - 1], number)
        if cells[0] != name:
            raise BillUnreadableError("COLUMNS", f"{name} stands here", line=number, column=1)
        if len(cells) != 2:  # noqa: PLR2004  a name and its value
            raise BillUnreadableError("CELL_COUNT", line=number, column=len(cells))
        values.append(cells[1])
    if values[1] != account:
        raise BillUnreadableError("FOREIGN", "another account")
    if values[2] != day.isoformat():
        raise BillUnreadableError("FOREIGN", "another day")
    if not COUNT.fullmatch(values[5]):
        raise BillUnreadableError("NUMBER", line=7, column=2)
    return _Heads(values[0], _signed_fen(values[3], 5, 2), _signed_fen(values[4], 6, 2), int(values[5]))


def _read_row(text: str, number: int, account: BankAccount, day: date) -> BankLine:
    cells = _cells(text, number)
    if len(cells) != len(COLUMNS):
        raise BillUnreadableError("CELL_COUNT", line=number, column=min(len(cells), len(COLUMNS)))
    serial, moment, direction, amount, balance, kind, instruction, settled, party, remark = cells

    def must(holds: object, code: str, column: int) -> None:
        if not holds:
            raise BillUnreadableError(code, line=number, column=column)

    must(SERIAL.fullmatch(serial) and int(serial), "NUMBER", 1)
    must(MOMENT.fullmatch(moment), "MOMENT", 2)
    try:
        booked_at = parse_rfc3339(moment)
    except ValueError:
        raise BillUnreadableError("MOMENT", line=number, column=2) from None
    must(in_beijing(booked_at).date() == day, "FOREIGN", 2)
    must(direction in ("C", "D"), "KIND", 3)
    must(fen := _fen(amount, number, 4), "AMOUNT", 4)
    must(kind in LineKind.__members__, "KIND", 6)
    of_ours, settles = kind == LineKind.TRANSFER, kind == LineKind.SETTLEMENT
    must(INSTRUCTION.fullmatch(instruction) if of_ours else not instruction, "NUMBER", 7)
    must(_is_day(settled) if settles else not settled, "MOMENT", 8)
    must(not settles or NAME.fullmatch(party), "KIND", 9)
    return BankLine(
        account=account,
        serial=int(serial),
        booked_at=booked_at,
        amount=fen if direction == "C" else -fen,
        balance=_signed_fen(balance, number, 5),
        kind=LineKind(kind),
        instruction=instruction,
        settled_day=settled,
        counterparty=party,
        remark=remark,
        line=number,
    )


def _check_total(text: str, number: int, lines: list[BankLine]) -> None:
    """`#total,count,came in,went out`."""
    cells = _cells(text, number)
    came = sum(line.amount for line in lines if line.amount > 0)
    went = -sum(line.amount for line in lines if line.amount < 0)
    wanted = ["#total", str(len(lines)), format_yuan(came), format_yuan(went)]
    if len(cells) != len(wanted):
        raise BillUnreadableError("CELL_COUNT", line=number, column=len(cells))
    for column, (cell, right) in enumerate(zip(cells, wanted, strict=True), 1):
        if cell != right:
            raise BillUnreadableError("SUMMARY", f"the lines give {right}", line=number, column=column)


def _cells(text: str, number: int) -> list[str]:
    """One line's cells (RFC 4180); one that is not written as the format says is refused."""
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        raise BillUnreadableError("COLUMNS", "quotes do not close", line=number, column=1) from None
    if len(rows) != 1 or not rows[0]:
        raise BillUnreadableError("CELL_COUNT", line=number, column=1)
    return rows[0]


def _fen(text: str, line: int, column: int) -> int:
    found = AMOUNT.fullmatch(text)
    if found is None:
        raise BillUnreadableError("AMOUNT", line=line, column=column)
    return int(found[1]) * 100 + int(found[2])


def _signed_fen(text: str, line: int, column: int) -> int:
    if text.startswith("-"):
        return -_fen(text[1:], line, column)
    return _fen(text, line, column)


def _is_day(text: str) -> bool:
    if not DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
