"""The edges of a day: what is learnt too late for it, what its bill lets us expect at the bank, what it opens
with, and what a rerun of an old one may do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from unit.funds.house import HOT, at, next_day, opened
from unit.reconciliation.desk import Signals

from octane.funds.model import channel_settlement
from octane.funds.trial import trial_failures
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.statement import (
    BillOriginal,
    LineKind,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.ledger import journal
from octane.ledger.entries import Entry, transfer
from octane.ledger.topup import payment_received, recharge_succeeded
from octane.reconciliation.close import match_shard, merge_source
from octane.reconciliation.collect import collect_statement
from octane.reconciliation.cut_day import cut_ledger
from octane.reconciliation.funds_step import _open_tasks, check_funds_step, close_trial
from octane.reconciliation.model import Source, day_window
from octane.reconciliation.reading import read_differences
from octane.reconciliation.run import Json
from world.objects import MemoryObjects

DAY = date(2026, 11, 21)
NEXT = DAY + timedelta(days=1)
ORDER = "O" + "A" * 25


def moment(source: Source, day: date, before_end_s: int) -> Instant:
    return Instant(day_window(source, day).end - before_end_s * 1_000)


def line(number: str, amount: int, when: int, **other: Any) -> StatementLine:
    status, kind = LineStatus.SUCCEEDED, LineKind.PAYMENT
    plain = StatementLine(kind, number, "", amount, 0, "CNY", status, "", "", Instant(when), 1)
    return plain._replace(**other)


@dataclass
class Bills:
    """A counterparty whose bill of each day is these lines."""

    days: dict[date, list[StatementLine]]
    stated: dict[date, tuple[StatedTotal, ...]] = field(default_factory=dict)
    merchant: str = ""

    def fetch(self, day: date) -> BillOriginal:
        return BillOriginal(f"bill-{day}.csv", str(self.days.get(day)).encode())

    def parse(self, _content: bytes, day: date) -> ParsedBill:
        return ParsedBill(self.stated.get(day, ()), iter(self.days.get(day, [])))


class Closing:
    """The steps of a source's day, on buckets in memory."""

    def __init__(self, source: Source, bills: Bills, now: int) -> None:
        self.source = source
        self.archive, self.work = MemoryObjects(), MemoryObjects()
        self.deps: Any = SimpleNamespace(
            archive=self.archive,
            work=self.work,
            signals=Signals(),
            settings=SimpleNamespace(bill_wait_seconds=1, bill_tries=1),
            clock=SimpleNamespace(now=lambda: Instant(now)),
            bills_of=lambda _: bills,
        )

    def books(self, entries: Iterable[Entry]) -> None:
        journal.append(self.archive, entries)

    def run(self, day: date, version: int = 1) -> Json:
        step = {"day": day.isoformat(), "version": version, "source": self.source.value, "tries": 0}
        step = cut_ledger(self.deps, collect_statement(self.deps, step))
        for shard in step["shards"]:
            match_shard(self.deps, shard)
        return merge_source(self.deps, step)

    def classes(self, day: date, version: int, tmp: Any) -> list[str]:
        key = f"days/day={day}/v={version}/source={self.source}/differences.parquet"
        self.work.fetch(key, tmp / "found.parquet")
        found = read_differences(tmp / "found.parquet", self.source, day.isoformat())
        return [each.match_class.value for each in found]

    def settlement(self, day: date, version: int = 1) -> Json | None:
        content = self.work.get(f"days/day={day}/v={version}/source={self.source}/settlement.json")
        return content and orjson.loads(content)  # type: ignore[return-value]


@pytest.mark.parametrize("source", [Source.WECHAT, Source.UNIONPAY])
def test_what_the_day_before_had_in_transit_and_we_learn_later_is_matched(
    source: Source, tmp_path: Any
) -> None:
    """Its callback was lost a minute before the day's end; the next day's run repairs it, of that minute."""
    # Given a bill with a payment that only the next day's run could miss
    paid_at = moment(source, DAY, 60)
    now = at(NEXT + timedelta(days=1), 10, 30)
    closing = Closing(source, Bills({DAY: [line(f"{ORDER}P01", 5_000, paid_at)]}), now)
    closing.run(DAY)
    assert closing.classes(DAY, 1, tmp_path) == ["IN_TRANSIT"]
    closing.run(NEXT)
    assert closing.classes(NEXT, 1, tmp_path) == ["MISSING_HERE"]

    # When it is booked then, and the next day is run again; the day before is not
    parts = {f"CHANNEL_RECEIVABLE:{source}": Fen(5_000)}
    closing.books([payment_received(ORDER, f"{ORDER}P01", parts, paid_at, Instant(now), "4200")])
    again = closing.run(NEXT, 2)

    # Then both sides have it, and the proof holds
    assert closing.classes(NEXT, 2, tmp_path) == ["MISMATCH"]  # the fee that this bill does not take
    assert again["state"] == "PROVEN"


def test_what_nobody_awaits_of_the_day_before_is_not_of_this_day(tmp_path: Any) -> None:
    closing = Closing(Source.WECHAT, Bills({}), at(NEXT + timedelta(days=1), 10, 30))
    parts = {"CHANNEL_RECEIVABLE:WECHAT": Fen(5_000)}
    early = moment(Source.WECHAT, DAY, 60)
    closing.books([payment_received(ORDER, f"{ORDER}P01", parts, early, early, "4200")])
    closing.run(NEXT)
    assert closing.classes(NEXT, 1, tmp_path) == []


def test_what_failed_or_is_not_over_is_not_expected_at_the_bank() -> None:
    noon = at(DAY, 12)
    refund = LineKind.REFUND
    lines = [
        line("a", 10_000, noon),
        line("b", 1_000, noon, kind=refund),
        line("c", 300, noon, kind=refund, status=LineStatus.PROCESSING),
        line("d", 50, noon, kind=refund, status=LineStatus.FAILED),
    ]
    closing = Closing(Source.WECHAT, Bills({DAY: lines}), at(NEXT, 10, 30))

    closing.run(DAY)

    assert closing.settlement(DAY) == {"gross": 9_000, "fee": 0, "recharged": {}}


def test_a_refused_recharge_is_not_owed() -> None:
    noon = at(DAY, 12)
    lines = [
        line("a", 10_000, noon, kind=LineKind.RECHARGE),
        line("b", 700, noon, kind=LineKind.RECHARGE, status=LineStatus.FAILED),
    ]
    closing = Closing(Source.JUHE, Bills({DAY: lines}), at(NEXT, 10, 30))
    closing.run(DAY)
    assert closing.settlement(DAY) == {"gross": 0, "fee": 0, "recharged": {"JUHE": 10_000}}


def test_a_bill_that_lies_about_its_sum_is_expected_nowhere() -> None:
    stated = (StatedTotal(LineKind.PAYMENT, 1, 9_999),)
    bills = Bills({DAY: [line("a", 10_000, at(DAY, 12))]}, {DAY: stated})
    closing = Closing(Source.WECHAT, bills, at(NEXT, 10, 30))

    assert closing.run(DAY)["state"] == "UNPROVEN"

    assert closing.settlement(DAY) is None


# ---- the trial balance ------------------------------------------------------------------------------


def entry(name: str, day: date, debit: str, credit: str, fen: int) -> Entry:
    when = Instant(at(day, 12))
    return Entry(name, "moved", "1", transfer(Fen(fen), debit=debit, credit=credit), when, when)


def test_the_first_balance_opens_with_all_that_was_booked_before() -> None:
    """Nobody closed the first days."""
    archive = MemoryObjects()
    moves = [entry(f"T{back}", DAY - timedelta(days=back), "BANK", "EQUITY", 100) for back in (5, 3, 0)]
    journal.append(archive, moves)

    trial, before = close_trial(archive, DAY, 1)

    assert before is not None
    assert {row.account: row.opening for row in trial.rows} == {"BANK": 200, "EQUITY": -200}
    assert {row.account: row.closing for row in trial.rows} == {"BANK": 300, "EQUITY": -300}


def test_a_day_that_is_not_over_is_no_opening() -> None:
    """Closed at noon to see how it stands, and then never again."""
    archive = MemoryObjects()
    journal.append(archive, [entry("T1", DAY, "BANK", "EQUITY", 100)])
    close_trial(archive, DAY, 1, is_over=False)
    journal.append(archive, [entry("T2", DAY, "BANK", "EQUITY", 7)])

    trial, _ = close_trial(archive, NEXT, 1)

    assert [row.opening for row in trial.rows] == [107, -107]


def test_a_recharge_that_the_issuers_bill_lacks_does_not_break_the_trial_balance() -> None:
    """It stands apart at the aggregator; what we owe all of them is what the bill says."""
    archive, noon = MemoryObjects(), Instant(at(DAY, 12))
    journal.append(
        archive,
        [
            entry("T1", DAY, "CHANNEL_RECEIVABLE:WECHAT", "CUSTOMER_ADVANCE", 500),
            recharge_succeeded(ORDER, "ISSUER_PAYABLE:SINOPEC", Fen(500), noon, "query:s"),
            entry("DIFF#1", DAY, "ISSUER_PAYABLE:JUHE", "SUSPENSE:JUHE", 500),
        ],
    )
    trial, _ = close_trial(archive, DAY, 1)
    assert trial_failures(trial) == ()


# ---- the bank ---------------------------------------------------------------------------------------


def funded() -> Any:
    house: Any = opened()
    house.archive, house.work = MemoryObjects(), MemoryObjects()
    return house


def test_each_statement_is_kept_as_it_came() -> None:
    """A rerun that is handed another file must not put it over the first."""
    house, day = funded(), date(2026, 7, 1)
    step = {"run": {"day": day.isoformat(), "version": 1}, "sources": []}
    check_funds_step(house, step)
    first = set(house.archive.list("originals/"))
    house.moves(HOT, 5)

    check_funds_step(house, step)

    kept = list(house.archive.list("originals/"))
    assert len(first) == 2
    assert set(kept) > first


def test_an_old_day_that_is_checked_again_moves_no_money() -> None:
    """No sweep was due then; the forecast of a day that is over is no reason for one now."""
    house, day = funded(), date(2026, 7, 1)
    house.clock.at = at(next_day(day, 9), 10)
    step = {"run": {"day": day.isoformat(), "version": 2}, "sources": []}

    done = check_funds_step(house, step)

    assert done["funds"]["failures"] == []
    assert house.instructions() == []


def test_what_does_not_come_is_one_task_however_often_it_is_missed() -> None:
    house, day = funded(), date(2026, 7, 1)
    wanted = channel_settlement("WECHAT", next_day(day, -1), 1_000_000, 6_000)
    for later in range(3):
        house.clock.at = at(next_day(day, later), 10)
        report = house.check(next_day(day, later), wanted)
        _open_tasks(house, report.differences)

    tasks = [item for item in house.items("DAY#") if str(item["sk"]).startswith("DIFF#")]
    assert [task["number"] for task in tasks] == [report.differences[0].number]
