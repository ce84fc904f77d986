"""Collecting a bill: asked for until it is there, kept as it came, normalised or said to be unreadable."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from unit.reconciliation.runs import line, rows_of

from octane.kernel.settings import Settings
from octane.kernel.statement import (
    BillNotReady,
    BillOriginal,
    BillUnknown,
    BillUnreadableError,
    LineKind,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.reconciliation.collect import collect_statement, stated_of, totals_of
from octane.reconciliation.model import KindTotal
from octane.reconciliation.run import BYTES_PER_LINE, LINES_PER_SHARD, Json
from world.objects import MemoryObjects
from world.wired import Signals

DAY = "2026-11-21"
ASKED = {"day": DAY, "version": 3, "source": "WECHAT", "tries": 0}
CONTENT = b"the bill"
ORIGINAL = f"originals/day={DAY}/source=WECHAT/{sha256(CONTENT).hexdigest()}-bill.csv"
STATED = (StatedTotal(None, 2, None, 6), StatedTotal(LineKind.PAYMENT, None, 1_000))
Found = BillOriginal | BillNotReady | BillUnknown | BillUnreadableError


class Bills:
    """A counterparty that answers one thing and has one bill."""

    merchant = "m1"

    def __init__(self, found: Found, *lines: StatementLine | BillUnreadableError) -> None:
        self.found = found
        self.lines = lines
        self.asked: list[date] = []

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        self.asked.append(day)
        if isinstance(self.found, BillUnreadableError):
            raise self.found
        return self.found

    def parse(self, content: bytes, day: date) -> ParsedBill:
        assert day == date.fromisoformat(DAY)
        return ParsedBill(STATED, self._drawn())

    def _drawn(self) -> Iterator[StatementLine]:
        for each in self.lines:
            if isinstance(each, BillUnreadableError):
                raise each
            yield each


class Office:
    """What the step needs from outside."""

    def __init__(self, bills: Bills) -> None:
        self.bills = bills
        self.archive, self.work = MemoryObjects(), MemoryObjects()
        self.signals = Signals()
        self.settings = Settings(bill_wait_seconds=600, bill_tries=3)

    def bills_of(self, source: object) -> Bills:
        return self.bills

    def collect(self, **asked: object) -> Json:
        deps: Any = SimpleNamespace(**vars(self), bills_of=self.bills_of)
        return collect_statement(deps, {**ASKED, **asked})


def office(found: Found, *lines: StatementLine | BillUnreadableError) -> Office:
    return Office(Bills(found, *lines))


PAID, RETURNED = line("N1"), line("F1", kind=LineKind.REFUND, amount=300, fee=-2)


def test_a_bill_that_is_there_is_kept_and_normalised(tmp_path: Path) -> None:
    # Given
    ours = office(BillOriginal("bill.csv", CONTENT), PAID, RETURNED)

    # When
    found = ours.collect()

    # Then the step says what it has
    assert found["state"] == "READY"
    assert (found["tries"], found["merchant"], found["shard_count"]) == (1, "m1", 1)
    assert totals_of(found["theirs"]) == (
        KindTotal(LineKind.PAYMENT, 1, 1_000, 6),
        KindTotal(LineKind.REFUND, 1, 300, -2),
    )
    assert stated_of(found["stated"]) == STATED
    assert ours.bills.asked == [date.fromisoformat(DAY)]

    # And the archive has the file as it came, the work bucket its lines
    assert ours.archive.content == {ORIGINAL: CONTENT}
    assert found["original"] == ORIGINAL
    key = f"statements/day={DAY}/v=3/source=WECHAT/shard=000.parquet"
    assert list(ours.work.content) == [key]
    ours.work.fetch(key, tmp_path / "lines.parquet")
    rows = rows_of(tmp_path / "lines.parquet")
    assert [(row["number"], row["amount"], row["day"]) for row in rows] == [
        ("N1", 1_000, DAY),
        ("F1", 300, DAY),
    ]


def test_the_same_file_again_is_the_same_object() -> None:
    ours = office(BillOriginal("bill.csv", CONTENT), PAID)
    assert ours.collect()["original"] == ours.collect(version=4)["original"]
    assert list(ours.archive.content) == [ORIGINAL]
    assert len(ours.work.content) == 2, "each version has its own lines"


def test_a_corrected_file_stands_beside_the_first() -> None:
    ours = office(BillOriginal("bill.csv", CONTENT), PAID)
    ours.collect()
    ours.bills.found = BillOriginal("bill.csv", b"the bill, corrected")
    ours.collect(version=4)
    assert len(ours.archive.content) == 2
    assert ours.archive.content[ORIGINAL] == CONTENT


@pytest.mark.parametrize(
    ("found", "why"), [(BillNotReady.NOT_READY, "NOT_READY"), (BillUnknown("no answer"), "no answer")]
)
def test_a_bill_that_is_not_there_is_asked_for_again_until_the_deadline(found: Found, why: str) -> None:
    ours = office(found)
    step: Json = {}
    for tries in (1, 2):
        step = ours.collect(tries=step.get("tries", 0))
        assert (step["state"], step["why"], step["tries"]) == ("NOT_READY", why, tries)
        assert step["wait_seconds"] == 600
        assert ours.signals.seen == []

    last = ours.collect(tries=step["tries"])

    assert (last["state"], last["why"]) == ("OVERDUE", why)
    assert ours.signals.named("BillOverdue") == [{"source": "WECHAT", "day": DAY, "why": why}]
    assert (ours.archive.content, ours.work.content) == ({}, {})


def test_it_may_come_at_the_last_try() -> None:
    ours = office(BillOriginal("bill.csv", CONTENT), PAID)
    assert ours.collect(tries=2)["state"] == "READY"


def test_a_day_on_which_nothing_moved_is_a_bill_without_lines(tmp_path: Path) -> None:
    ours = office(BillNotReady.EMPTY_DAY)

    found = ours.collect()

    assert (found["state"], found["original"], found["theirs"], found["stated"]) == ("READY", "", [], [])
    assert ours.archive.content == {}
    (key,) = ours.work.content
    ours.work.fetch(key, tmp_path / "lines.parquet")
    assert rows_of(tmp_path / "lines.parquet") == []


def test_a_file_that_is_not_the_announced_one_is_not_kept() -> None:
    ours = office(BillUnreadableError("DIGEST"))

    found = ours.collect()

    assert (found["state"], found["why"]) == ("UNREADABLE", "DIGEST")
    assert ours.signals.named("BillUnreadable") == [{"source": "WECHAT", "day": DAY, "why": "DIGEST"}]
    assert (ours.archive.content, ours.work.content) == ({}, {})


def test_a_line_that_cannot_be_read_leaves_the_original_and_no_lines() -> None:
    """The lines before it are as good as none: a bill counts whole."""
    broken = BillUnreadableError("AMOUNT", "not a number", line=7, column=2)
    ours = office(BillOriginal("bill.csv", CONTENT), PAID, broken)

    found = ours.collect()

    assert (found["state"], found["why"]) == ("UNREADABLE", "AMOUNT at line 7, column 2: not a number")
    assert list(ours.archive.content) == [ORIGINAL]
    assert ours.work.content == {}
    assert "theirs" not in found


def test_what_failed_or_is_under_way_is_a_line_and_moved_nothing() -> None:
    waiting = line("N2", status=LineStatus.PROCESSING)
    failed = line("N3", status=LineStatus.FAILED)
    found = office(BillOriginal("bill.csv", CONTENT), PAID, waiting, failed, RETURNED).collect()
    assert found["moved"] == {"PAYMENT": 1_000, "REFUND": 300}
    assert totals_of(found["theirs"])[0] == KindTotal(LineKind.PAYMENT, 3, 3_000, 18)


def test_a_large_bill_is_split_and_nothing_is_lost(tmp_path: Path) -> None:
    # Given a file of a size that takes three shards
    content = bytes(2 * LINES_PER_SHARD * BYTES_PER_LINE)
    lines = [line(f"N{number}") for number in range(60)]
    ours = office(BillOriginal("bill.csv", content), *lines)

    # When
    found = ours.collect()

    # Then each line is in one of them
    assert found["shard_count"] == 3
    shards = []
    for key in ours.work.content:
        ours.work.fetch(key, tmp_path / "shard.parquet")
        shards.append([row["number"] for row in rows_of(tmp_path / "shard.parquet")])
    assert sorted(number for shard in shards for number in shard) == sorted(each.number for each in lines)
    assert all(shards), "a shard without a line: the split is none"
