"""What the matching of a day says: classes, tallies, proof line (RC2)."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import BEIJING, Instant
from octane.kernel.statement import LineKind


class Source(StrEnum):
    """Whose bill it is."""

    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    UNIONPAY = "UNIONPAY"
    JUHE = "JUHE"
    """The aggregator through which the fuel-card issuers recharge."""
    ELECTRICITY = "ELECTRICITY"
    WATER = "WATER"
    GAS = "GAS"
    PARKING = "PARKING"
    PROPERTY = "PROPERTY"
    BANK = "BANK"
    """The custody bank: `octane.funds` checks its statements, its differences wait with the others."""


BILLERS = (Source.ELECTRICITY, Source.WATER, Source.GAS, Source.PARKING, Source.PROPERTY)
"""Named as `octane.billers` has them. Each has its own account with us, and its own file."""
FULFILLERS = (Source.JUHE, *BILLERS)
"""Whom we pay for what they did for a customer; the others take our customers' money."""
COLLECTED = (Source.WECHAT, Source.ALIPAY, Source.UNIONPAY, *FULFILLERS)
"""Whose bills a run collects and matches, of those that are set up."""


class Side(StrEnum):
    OURS = "OURS"
    THEIRS = "THEIRS"


class MatchClass(StrEnum):
    """Every line of both sides is in exactly one class."""

    MATCHED = "MATCHED"
    MISSING_HERE = "MISSING_HERE"
    """本地丢失: the counterparty has it, we do not."""
    MISSING_THERE = "MISSING_THERE"
    """渠道丢失: we have it, the counterparty does not."""
    MISMATCH = "MISMATCH"
    """数据差错: both have it, and say different things."""
    IN_TRANSIT = "IN_TRANSIT"
    """One side has it so shortly before the day's end that the other may have it on the next day."""
    DUPLICATE_HERE = "DUPLICATE_HERE"
    DUPLICATE_THERE = "DUPLICATE_THERE"


class DayWindow(NamedTuple):
    """A counterparty's day: from `start` (inclusive) to `end` (exclusive), cut by success time. A line that
    has no counterpart and succeeded at `transit_from` or later is in transit."""

    day: date
    start: Instant
    end: Instant
    transit_from: Instant


CUT_HOURS = {Source.UNIONPAY: -1}
"""UnionPay's clearing day ends at 23:00, an hour before the calendar's; the others at midnight, Beijing."""

TRANSIT_MINUTES = {
    **{Source.WECHAT: 30, Source.ALIPAY: 30, Source.UNIONPAY: 30},
    **dict.fromkeys(FULFILLERS, 120),
}
"""How late before the end of a day a line may still be found on the other side's next day. Who fulfils an
order need not tell when: then our time is when we learnt it."""


def day_window(source: Source, day: date) -> DayWindow:
    midnight = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    cut = midnight + timedelta(hours=CUT_HOURS.get(source, 0))
    start = Instant(round(cut.timestamp() * 1_000))
    end = Instant(start + 86_400_000)
    return DayWindow(day, start, end, Instant(end - TRANSIT_MINUTES[source] * 60_000))


class Tally(NamedTuple):
    """How many lines of one side and kind are in one class, and what they sum to, in fen."""

    match_class: MatchClass
    kind: LineKind
    side: Side
    count: int  # type: ignore[assignment]  # the field's word; nobody counts a tally's fields
    amount: int
    fee: int


class KindTotal(NamedTuple):
    """What the lines of one kind sum to, in fen."""

    kind: LineKind
    count: int  # type: ignore[assignment]  # as above
    amount: int
    fee: int


class ProofLine(NamedTuple):
    """Whether the classes sum, in count and fen, to both sides' totals and to the bill's own summary."""

    source: Source
    day: str
    tallies: tuple[Tally, ...]
    failures: tuple[str, ...]
    """What does not hold, in words for a person; empty when it holds."""

    @property
    def holds(self) -> bool:
        return not self.failures
