"""A run of a day: which day, whose bills, which version, and where its files lie (RC1, RC5)."""

from datetime import date
from typing import Any

import pytest
from unit.reconciliation.desk import Desk

from octane.kernel.clock import Instant
from octane.reconciliation.model import COLLECTED, Source, day_window
from octane.reconciliation.run import (
    BYTES_PER_LINE,
    LINES_PER_SHARD,
    DayInvalidError,
    Run,
    day_item_key,
    latest,
    open_day,
    shards_for,
    today_of,
)
from octane.store.writes import ChangedMeanwhileError, Is, Update
from world.objects import MemoryObjects

TODAY = date(2026, 11, 22)
HOUR = 3_600_000
MIDNIGHT = Instant(1_795_276_800_000)
"""2026-11-22 00:00 in Beijing, 16:00 UTC of the day before."""


@pytest.mark.parametrize(
    ("asked", "day"),
    [
        ({}, "2026-11-21"),
        ({"days_ago": 0}, "2026-11-22"),
        ({"days_ago": 2}, "2026-11-20"),
        ({"day": "2026-11-22"}, "2026-11-22"),
        ({"day": "2026-02-28", "days_ago": 1}, "2026-02-28"),
    ],
)
def test_the_day_is_named_or_counted_back(asked: dict[str, Any], day: str) -> None:
    assert open_day(Desk().store, TODAY, asked)["run"] == {"day": day, "version": 1}


@pytest.mark.parametrize(
    "asked",
    [
        {"day": "2026-11-23"},
        {"days_ago": -1},
        {"day": "2026-02-29"},
        {"day": "22.11.2026"},
        {"day": 20_261_122},
        {"days_ago": "x"},
        {"days_ago": None},
        {"days_ago": 10**9},
        {"sources": ["WECHAT", "PAYPAL"]},
        {"sources": ["BANK"]},
        {"sources": ["WECHAT", "BANK"]},
    ],
    ids=str,
)
def test_what_is_no_day_or_no_source_opens_nothing(asked: dict[str, Any]) -> None:
    desk = Desk()
    before = desk.engine.mark()
    with pytest.raises(DayInvalidError):
        open_day(desk.store, TODAY, asked)
    assert desk.engine.mark() == before


def test_each_run_of_a_day_is_its_next_version() -> None:
    desk = Desk()
    versions = [open_day(desk.store, TODAY, {})["run"]["version"] for _ in range(3)]
    other = open_day(desk.store, TODAY, {"days_ago": 2})["run"]["version"]
    assert (versions, other) == ([1, 2, 3], 1)


def test_a_day_that_is_closed_runs_again() -> None:
    # Given
    desk = Desk()
    day = open_day(desk.store, TODAY, {})["run"]["day"]
    closed = Update(day_item_key(day), when=Is("version", 1), assign={"state": "CLOSED"})
    desk.store.commit(closed)

    # When
    run = open_day(desk.store, TODAY, {})["run"]

    # Then it runs, and whoever ends the older run finds that it is not theirs any more
    item = desk.store.get(day_item_key(day))
    assert item is not None
    assert (run["version"], item["state"]) == (2, "RUNNING")
    with pytest.raises(ChangedMeanwhileError):
        desk.store.commit(closed)


@pytest.mark.parametrize("asked", [{}, {"sources": []}, {"sources": None}], ids=str)
def test_all_bills_are_collected_unless_some_are_named(asked: dict[str, Any]) -> None:
    opened = open_day(Desk().store, TODAY, asked)["sources"]
    assert [Run.of(each) for each in opened] == [Run("2026-11-21", 1, source) for source in COLLECTED]
    assert {each["tries"] for each in opened} == {0}


def test_only_the_named_bills_are_collected() -> None:
    opened = open_day(Desk().store, TODAY, {"sources": ["JUHE", "WECHAT"]})["sources"]
    assert [each["source"] for each in opened] == ["JUHE", "WECHAT"]


def test_no_two_runs_share_a_file() -> None:
    runs = [Run(day, version, source) for day in ("2026-11-21", "2026-11-22") for version in (1, 12)
            for source in COLLECTED]  # fmt: skip
    keys = [run.shard_key("entries", shard) for run in runs for shard in (0, 1, 999)]
    assert len(set(keys)) == len(keys)
    assert keys[0] == "entries/day=2026-11-21/v=1/source=WECHAT/shard=000.parquet"


def test_the_newest_version_is_the_highest_number_not_the_last_by_letter() -> None:
    # Given
    work = MemoryObjects()
    for version in (2, 9, 10):
        for source in (Source.WECHAT, Source.JUHE):
            if (version, source) != (10, Source.JUHE):
                work.put(Run("2026-11-21", version, source).key("carried", "ours.parquet"), b"")
    work.put(Run("2026-11-22", 11, Source.WECHAT).key("carried", "ours.parquet"), b"")
    work.put(Run("2026-11-21", 12, Source.WECHAT).key("carried", "theirs.parquet"), b"")

    # When / Then
    def newest(source: Source) -> str | None:
        return latest(work, "carried", "2026-11-21", source, "ours.parquet")

    assert newest(Source.WECHAT) == "carried/day=2026-11-21/v=10/source=WECHAT/ours.parquet"
    assert newest(Source.JUHE) == "carried/day=2026-11-21/v=9/source=JUHE/ours.parquet"
    assert newest(Source.ALIPAY) is None


def test_a_bill_gets_a_shard_for_each_million_lines() -> None:
    full = LINES_PER_SHARD * BYTES_PER_LINE
    assert [shards_for(size) for size in (0, full - 1, full, 9 * full)] == [1, 1, 2, 10]


@pytest.mark.parametrize(("at", "day"), [(MIDNIGHT - 1, "2026-11-21"), (MIDNIGHT, "2026-11-22")])
def test_today_is_todays_date_in_beijing(at: int, day: str) -> None:
    assert today_of(at).isoformat() == day


@pytest.mark.parametrize(
    ("source", "start", "minutes"),
    [
        (Source.WECHAT, MIDNIGHT, 30),
        (Source.ALIPAY, MIDNIGHT, 30),
        (Source.UNIONPAY, MIDNIGHT - HOUR, 30),
        (Source.JUHE, MIDNIGHT, 120),
    ],
)
def test_a_counterpartys_day(source: Source, start: int, minutes: int) -> None:
    """UnionPay's ends at 23:00; each begins where the one before has ended."""
    window = day_window(source, TODAY)
    assert (window.start, window.end) == (start, start + 24 * HOUR)
    assert window.end - window.transit_from == minutes * 60_000
    assert window.start == day_window(source, date(2026, 11, 21)).end
