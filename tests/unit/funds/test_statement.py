"""The statement's file: read exactly, or refused with the place and the rule (LG4)."""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from unit.funds.house import COLD, DAY, HOT, at

from octane.funds.model import BankStatement, DifferenceKind, LineKind
from octane.funds.statement import COLUMNS, MOST_BYTES, parse_statement
from octane.kernel.statement import BillUnreadableError
from simulators.bank.books import CustodyBooks, Day, Line
from simulators.bank.statement import sealed, write_statement

SWEEP = "S" * 26


def books() -> CustodyBooks:
    found = CustodyBooks(lambda: at(DAY, 12))
    found.move("HOT", 5_000, "OTHER", at(date(2026, 6, 30), 9))
    found.settle_party("WECHAT", "2026-06-30", 994_000, at(DAY, 10))
    found.settle_party("JUHE", "2026-06-30", -540_000, at(DAY, 10, 5))
    found.move("HOT", -7, "FEE", at(DAY, 10, 5), remark='fees, "June" 手续费')
    found.move("HOT", -100_000, "TRANSFER", at(DAY, 11), instruction=SWEEP)
    return found


def content() -> bytes:
    return write_statement("HOT", DAY, books().day("HOT", DAY))


def body() -> list[str]:
    """The statement's lines without the seal."""
    return content().decode().splitlines()[:-1]


def resealed(lines: list[str]) -> bytes:
    return sealed("".join(f"{line}\n" for line in lines).encode())


def refused(file: bytes, day: date = DAY) -> tuple[str, int, int]:
    with pytest.raises(BillUnreadableError) as caught:
        parse_statement(file, HOT, day)
    return caught.value.code, caught.value.line, caught.value.column


def test_what_the_bank_wrote_is_what_we_read() -> None:
    found = parse_statement(content(), HOT, DAY)
    assert (found.account, found.day, found.opening, found.closing) == (HOT, DAY, 5_000, 358_993)
    assert [(one.serial, one.amount, one.balance, one.kind) for one in found.lines] == [
        (2, 994_000, 999_000, "SETTLEMENT"),
        (3, -540_000, 459_000, "SETTLEMENT"),
        (4, -7, 458_993, "FEE"),
        (5, -100_000, 358_993, "TRANSFER"),
    ]
    wechat, _, fee, sweep = found.lines
    assert (wechat.counterparty, wechat.settled_day, wechat.booked_at) == (
        "WECHAT",
        "2026-06-30",
        at(DAY, 10),
    )
    assert (sweep.instruction, fee.remark) == (SWEEP, 'fees, "June" 手续费')
    assert [one.line for one in found.lines] == [9, 10, 11, 12]
    assert hashlib.sha256(content().rpartition(b"#sha256")[0]).hexdigest() == found.digest


def test_a_day_without_movement() -> None:
    found = parse_statement(write_statement("COLD", DAY, Day(70, 70, ())), COLD, DAY)
    assert (found.opening, found.closing, found.lines) == (70, 70, ())


def test_an_overdrawn_account() -> None:
    line = Line(1, at(DAY), -10, -4, "OTHER")
    assert parse_statement(write_statement("HOT", DAY, Day(6, -4, (line,))), HOT, DAY).closing == -4


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "TRUNCATED"),
        (content()[:-1], "TRUNCATED"),
        (content() + b"\n", "TRUNCATED"),
        (content().replace(b"9940.00", b"9940.01"), "DIGEST"),
        (content().replace(b"994", b"99\xff"), "DIGEST"),
        (b"x" * (MOST_BYTES + 1), "TOO_LARGE"),
        (sealed(b""), "TRUNCATED"),
        (sealed(b"\n" * 8), "TRUNCATED"),
    ],
)
def test_a_file_that_is_not_whole(file: bytes, code: str) -> None:
    assert refused(file) == (code, 0, 0)


def test_another_accounts_and_another_days_file() -> None:
    for account, day in ((COLD, DAY), (HOT, date(2026, 7, 2))):
        with pytest.raises(BillUnreadableError, match="FOREIGN"):
            parse_statement(content(), account, day)


def change(line: int, old: str, new: str) -> Callable[[list[str]], None]:
    """In a line, counted from 1, replace a text that stands there once."""

    def changes(lines: list[str]) -> None:
        assert lines[line - 1].count(old) == 1, lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(old, new)

    return changes


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (change(1, ",1", ",2"), ("COLUMNS", 1, 1)),
        (change(2, "#bank", "#bonk"), ("COLUMNS", 2, 1)),
        (change(5, "50.00", "50.00,x"), ("CELL_COUNT", 5, 3)),
        (change(5, "50.00", "50.0"), ("AMOUNT", 5, 2)),
        (change(5, "50.00", "50.01"), ("SUMMARY", 9, 5)),
        (change(6, "3589.93", "3589.94"), ("SUMMARY", 6, 2)),
        (change(6, "3589.93", "-3589.93"), ("SUMMARY", 6, 2)),
        (change(7, ",4", ",5"), ("SUMMARY", 7, 2)),
        (change(7, ",4", ",04"), ("NUMBER", 7, 2)),
        (change(8, "amount,balance", "balance,amount"), ("COLUMNS", 8, 1)),
        (change(9, "000000002", "000000001"), ("NUMBER", 10, 1)),
        (change(9, "000000002", "2"), ("NUMBER", 9, 1)),
        (change(10, "000000003", "000000004"), ("NUMBER", 10, 1)),
        (change(9, "T10:00:00+08:00", "T10:00:00Z"), ("MOMENT", 9, 2)),
        (change(9, "T10:00:00+08:00", "T25:00:00+08:00"), ("MOMENT", 9, 2)),
        (change(9, "2026-07-01T", "2026-07-02T"), ("FOREIGN", 9, 2)),
        (change(10, "T10:05", "T09:59"), ("MOMENT", 10, 2)),
        (change(9, ",C,", ",D,"), ("SUMMARY", 9, 5)),
        (change(9, ",C,", ",c,"), ("KIND", 9, 3)),
        (change(9, ",9940.00,", ",9940.01,"), ("SUMMARY", 9, 5)),
        (change(9, ",9940.00,", ",9940,"), ("AMOUNT", 9, 4)),
        (change(9, ",9940.00,", ",-9940.00,"), ("AMOUNT", 9, 4)),
        (change(9, ",9940.00,", ",9940.000,"), ("AMOUNT", 9, 4)),
        (change(9, ",9940.00,", ",０９.00,"), ("AMOUNT", 9, 4)),
        (change(9, ",9940.00,", ",0.00,"), ("AMOUNT", 9, 4)),
        (change(9, ",9940.00,", ',"9,940.00",'), ("AMOUNT", 9, 4)),
        (change(9, ",9990.00,", ",9990.0,"), ("AMOUNT", 9, 5)),
        (change(9, "SETTLEMENT", "SETTLED"), ("KIND", 9, 6)),
        (change(9, "SETTLEMENT,,", f"SETTLEMENT,{SWEEP},"), ("NUMBER", 9, 7)),
        (change(12, SWEEP, ""), ("NUMBER", 12, 7)),
        (change(12, SWEEP, "S-1"), ("NUMBER", 12, 7)),
        (change(9, "2026-06-30", "2026-06-31"), ("MOMENT", 9, 8)),
        (change(9, "2026-06-30", ""), ("MOMENT", 9, 8)),
        (change(11, "FEE,,", "FEE,,2026-06-30"), ("MOMENT", 11, 8)),
        (change(9, "WECHAT", "wechat"), ("KIND", 9, 9)),
        (change(9, "WECHAT,", "WECHAT"), ("CELL_COUNT", 9, 9)),
        (change(9, "WECHAT,", "WECHAT,,"), ("CELL_COUNT", 9, 10)),
        (change(9, "WECHAT,", 'WECHAT,"'), ("COLUMNS", 9, 1)),
        (change(9, "WECHAT,", "WECHAT,\t"), ("ENCODING", 9, 10)),
        (change(9, "WECHAT,", "WECHAT,\r"), ("ENCODING", 9, 10)),
        (change(13, "9940.00", "9940.01"), ("SUMMARY", 13, 3)),
        (change(13, "6400.07", "6400.06"), ("SUMMARY", 13, 4)),
        (change(13, "#total,4", "#total,3"), ("SUMMARY", 13, 2)),
        (change(13, "#total", "#totals"), ("SUMMARY", 13, 1)),
        (change(13, "6400.07", "6400.07,"), ("CELL_COUNT", 13, 5)),
        (lambda lines: lines.pop(9), ("SUMMARY", 7, 2)),
        (lambda lines: lines.insert(9, lines[9]), ("SUMMARY", 7, 2)),
        (lambda lines: lines.insert(9, ""), ("SUMMARY", 7, 2)),
        (lambda lines: lines.__setitem__(9, ""), ("CELL_COUNT", 10, 1)),
    ],
)
def test_one_thing_broken_and_sealed_again(
    broken: Callable[[list[str]], None], place: tuple[str, int, int]
) -> None:
    lines = body()
    broken(lines)
    assert refused(resealed(lines)) == place


def test_two_rows_that_changed_places() -> None:
    lines = body()
    lines[8], lines[9] = lines[9], lines[8]
    assert refused(resealed(lines)) == ("SUMMARY", 9, 5)


def test_bytes_that_are_no_text() -> None:
    file = sealed("\n".join((*body(), "")).encode().replace(b"WECHAT", b"WE\xff"))
    assert refused(file) == ("ENCODING", 9, 9)


def naive(file: bytes) -> list[tuple[int, int, int]]:
    """Serial, amount and balance of each row, read without any of the parser's care."""
    rows = []
    for line in file.decode().split("\n"):
        cells = line.split(",")
        if len(cells) > 5 and cells[0][:1].isdigit() and cells[2] in ("C", "D"):
            fen = [int(cell.replace(".", "").replace("-", "")) for cell in cells[3:5]]
            rows.append((int(cells[0]), fen[0] if cells[2] == "C" else -fen[0], fen[1]))
    return rows


@settings(max_examples=1_500, deadline=None)
@given(st.data())
def test_whatever_happens_to_the_file_nothing_is_lost_unseen(data: st.DataObject) -> None:
    """Beneath the seal: every mutated file is refused with a place, or read as its rows now are."""
    lines = body()
    raw = bytearray("".join(f"{line}\n" for line in lines).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        if not raw:
            break
        place = data.draw(st.integers(0, len(raw) - 1))
        match data.draw(st.sampled_from(("set", "drop", "add", "double", "cut"))):
            case "set":
                raw[place] = data.draw(st.sampled_from(b'0123456789,.\n"CD-#\xff '))
            case "drop":
                del raw[place]
            case "add":
                raw.insert(place, data.draw(st.sampled_from(b'0123456789,.\n"-')))
            case "double":
                at_line = data.draw(st.integers(0, 12))
                pieces = bytes(raw).split(b"\n")
                pieces.insert(at_line, pieces[min(at_line, len(pieces) - 1)])
                raw = bytearray(b"\n".join(pieces))
            case "cut":
                del raw[place:]
                raw += b"\n"
    file = sealed(bytes(raw))
    try:
        found = parse_statement(file, HOT, DAY)
    except BillUnreadableError as error:
        assert error.code
        assert (error.line > 0) == (error.column > 0)
        assert error.line > 0 or error.code in {"TRUNCATED", "FOREIGN"}
        return
    assert [(one.serial, one.amount, one.balance) for one in found.lines] == naive(file)


amounts = st.integers(-(10**13), 10**13).filter(bool)
printable = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12)


@given(st.integers(0, 10**13), st.lists(st.tuples(amounts, printable), max_size=6))
@example(0, [(1, 'a"b'), (-1, "x,y")])
def test_a_round_trip(opening: int, moves: list[tuple[int, str]]) -> None:
    told, balance = [], opening
    for number, (fen, remark) in enumerate(moves, 1):
        balance += fen
        told.append(Line(number, at(DAY), fen, balance, "OTHER", remark=remark))
    found: BankStatement = parse_statement(
        write_statement("HOT", DAY, Day(opening, balance, tuple(told))), HOT, DAY
    )
    assert [(one.amount, one.remark, one.kind) for one in found.lines] == [
        (fen, remark, LineKind.OTHER) for fen, remark in moves
    ]
    assert (found.opening, found.closing) == (opening, balance)


PAGE = Path(__file__).resolve().parents[3] / "infra/docs/custody-statement.md"


def test_the_pages_example_is_a_statement() -> None:
    example = PAGE.read_text().partition("```\n")[2].partition("```")[0]
    found = parse_statement(example.encode(), HOT, DAY)
    assert (len(found.lines), found.closing) == (4, 653_200)


def test_the_page_tells_each_column_kind_and_difference() -> None:
    first_cells = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert tuple(first_cells[: len(COLUMNS)]) == COLUMNS
    assert first_cells[len(COLUMNS) :] == [kind.value for kind in DifferenceKind]
    assert all(f"`{kind}`" in PAGE.read_text() for kind in LineKind)
