"""What all bill files share: cells read exactly, files opened within bounds, days told apart."""

import gzip
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.bills.samples import DAY, opener

from octane.kernel.clock import Instant
from octane.kernel.statement import BillNotReady, BillUnreadableError
from octane.wire import bill_files
from octane.wire.bill_files import (
    absent,
    check_digest,
    is_as_safe,
    lines_of,
    midnight,
    plain_or_gzip,
    tail_of,
)
from octane.wire.bill_rows import Writing, fen_of, layout_of, moment_of, whole_of

HOUR = 3_600_000
START = Instant(1_794_931_200_000)
"""2026-11-18 00:00 in Beijing."""


@given(st.integers(-(10**14), 10**14), st.integers(0, 3))
def test_yuan_become_fen_exactly(fen: int, zeros: int) -> None:
    assert fen_of(f"{Decimal(fen) / 100:.2f}{'0' * zeros}") == fen


@pytest.mark.parametrize(("yuan", "fen"), [("0", 0), ("7", 700), ("7.5", 750), ("-0.06", -6), ("0.01000", 1)])
def test_ways_to_write_yuan(yuan: str, fen: int) -> None:
    assert fen_of(yuan) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".5",
        "5.",
        "+5",
        "1e2",
        "0.001",
        "0.00501",
        "1,000.00",
        " 1",
        "1 ",
        "１",
        "NaN",
        "1_0",
        "9" * 14,
    ],
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError):
        fen_of(text)


def test_moments_are_beijings() -> None:
    assert moment_of("2026-11-18 00:00:00") == START == midnight(DAY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-18",
        "2026-02-30 00:00:00",
        "2026-11-18T00:00:00",
        "2026-11-18 00:00:00.5",
        "２026-11-18 00:00:00",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):
        moment_of(text)


@pytest.mark.parametrize(("text", "count"), [("45", 45), ("45.0", 45), ("0", 0)])
def test_counts_may_come_with_a_point(text: str, count: int) -> None:
    assert whole_of(text) == count


@pytest.mark.parametrize("text", ["", "45.5", "-1", "4 5", "４"])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(ValueError):
        whole_of(text)


def test_columns_stand_in_any_order_and_others_among_them() -> None:
    layout = layout_of("\ufeffx,b, a ,c".encode(), 1, ("a", "b"), Writing("utf-8"), DAY)
    row = layout.row(b"0,2.00,1.00,9", 8)
    assert (row.fen("a"), row.fen("b")) == (100, 200)


@pytest.mark.parametrize(("header", "column"), [(b"a,c", 3), (b"", 2), (b"a,b,a", 3), (b"a;b", 2), (b"b", 2)])
def test_columns_that_lack_or_stand_twice(header: bytes, column: int) -> None:
    with pytest.raises(BillUnreadableError) as refusal:
        layout_of(header, 7, ("a", "b"), Writing("utf-8"), DAY)
    assert (refusal.value.code, refusal.value.line, refusal.value.column) == ("COLUMNS", 7, column)


@pytest.mark.parametrize(
    ("raw", "code", "column"),
    [(b"1.00", "CELL_COUNT", 2), (b"1.00,2.00,3.00", "CELL_COUNT", 3), (b"1.00,\xff", "ENCODING", 2)],
)
def test_a_row_with_other_cells(raw: bytes, code: str, column: int) -> None:
    layout = layout_of(b"a,b", 1, ("a", "b"), Writing("utf-8"), DAY)
    with pytest.raises(BillUnreadableError) as refusal:
        layout.row(raw, 5)
    assert (refusal.value.code, refusal.value.line, refusal.value.column) == (code, 5, column)


def test_a_cell_is_refused_with_its_place_and_never_with_its_text() -> None:
    layout = layout_of(b"a,b", 1, ("a", "b"), Writing("utf-8"), DAY)
    with pytest.raises(BillUnreadableError, match=r"^AMOUNT at line 5, column 2: b$"):
        layout.row(b"1.00,secret", 5).fen("b")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("2026-11-16 23:59:59", False),
        ("2026-11-17 00:00:00", True),
        ("2026-11-19 23:59:59", True),
        ("2026-11-20 00:00:00", False),
    ],
)
def test_a_moment_more_than_a_day_away_is_another_files(text: str, known: bool) -> None:
    row = layout_of(b"at", 1, ("at",), Writing("utf-8"), DAY).row(text.encode(), 2)
    if known:
        assert row.moment("at") == moment_of(text)
    else:
        with pytest.raises(BillUnreadableError, match="FOREIGN at line 2, column 1"):
            row.moment("at")


@pytest.mark.parametrize("content", [b"a\nb\n\nc", b"a\r\nb\r\n\r\nc\r\n"])
def test_lines_end_in_either_way(content: bytes) -> None:
    assert list(lines_of(opener(content))) == [b"a", b"b", b"", b"c"]
    assert tail_of(opener(content + b"\n\n"), 4)[-1] == (4, b"c")


def test_a_packed_file_is_read_as_a_plain_one() -> None:
    content = b"a\nb\n" * 100_000
    assert list(lines_of(plain_or_gzip(gzip.compress(content)))) == content.split()


def test_no_file_unfolds_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b"0\n" * 1_000_000)
    with pytest.raises(BillUnreadableError, match="TOO_LARGE at line 501"):
        list(lines_of(plain_or_gzip(bomb), most=1_000))
    with pytest.raises(BillUnreadableError, match="TOO_LARGE"):
        check_digest(plain_or_gzip(bomb), "sha1", "", most=1_000)
    monkeypatch.setattr(bill_files, "MOST_LINE", 100)
    with pytest.raises(BillUnreadableError, match="TOO_LARGE at line 2"):
        list(lines_of(plain_or_gzip(b"a\n" + b"0" * 200)))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "TRUNCATED"),
        (b"<html></html>", "NOT_AN_ARCHIVE"),
        (gzip.compress(b"abc" * 9, mtime=0)[:-3], "TRUNCATED"),
        (gzip.compress(b"abc" * 9, mtime=0) + b"more", "NOT_AN_ARCHIVE"),
        (b"\x1f\x8bnot gzip", "NOT_AN_ARCHIVE"),
    ],
)
def test_what_is_no_file(content: bytes, code: str) -> None:
    with pytest.raises(BillUnreadableError) as refusal:
        list(lines_of(plain_or_gzip(content)))
    assert refusal.value.code == code


def test_a_digest_is_of_the_unpacked_file_in_either_case() -> None:
    digest = "a9993e364706816aba3e25717850c26c9cd0d89d"  # of "abc", as SHA-1's standard has it
    check_digest(plain_or_gzip(gzip.compress(b"abc")), "sha1", digest)
    check_digest(plain_or_gzip(b"abc"), "sha1", digest.upper())
    with pytest.raises(BillUnreadableError, match="DIGEST"):
        check_digest(plain_or_gzip(b"abd"), "sha1", digest)


def test_no_bill_means_an_empty_day_only_when_it_would_have_been_made() -> None:
    assert absent(DAY, Instant(START + 34 * HOUR - 1)) is BillNotReady.NOT_READY
    assert absent(DAY, Instant(START + 34 * HOUR)) is BillNotReady.EMPTY_DAY
    assert absent(date(2026, 11, 19), Instant(START + 34 * HOUR)) is BillNotReady.NOT_READY
    assert absent(DAY, START, final_ms=0) is BillNotReady.EMPTY_DAY


@pytest.mark.parametrize(
    ("url", "base", "safe"),
    [
        ("https://a.test/f", "https://b.test", True),
        ("http://a.test/f", "https://b.test", False),
        ("http://a.test/f", "http://b.test", True),
        ("file:///f", "http://b.test", False),
        ("/f", "https://b.test", False),
    ],
)
def test_a_bill_travels_as_safely_as_its_address(url: str, base: str, safe: bool) -> None:
    assert is_as_safe(url, base) is safe
