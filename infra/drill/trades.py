"""The honest trades of a day: each is a row of a bill and, on our side, what the ledger books for it."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from drill.sources import ACCOUNTS, CHANNELS, FULFILLERS
from octane.kernel.clock import Instant
from octane.reconciliation.model import Source, day_window
from simulators.bills.rows import DAY_MS, Row, RowKind, fee_of
from simulators.texts import DIGITS, LETTERS, midnight, moment, pick

SECOND, MINUTE = 1_000, 60_000
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
QUIET = (10 * MINUTE, 21 * 60 * MINUTE + 50 * MINUTE)
"""From the day's midnight: inside everyone's day, and far from everyone's end of it."""
LATE = 3
"""Trades of a source in the last minutes of its day, known to both sides on that day."""
FACES = (50_00, 100_00, 200_00, 500_00, 1_000_00)


class Trade(NamedTuple):
    source: Source
    order_id: str
    row: Row
    """As the counterparty has it."""
    at: Instant
    """When it happened as we have it: in seconds, as every counterparty tells its own."""
    wallet: int = 0
    """Fen that the customer's balance gave besides."""

    @property
    def number(self) -> str:
        return self.row.number


class Size(NamedTuple):
    payments: int = 12
    """Orders of a channel and day, at most one and a half times as many."""


def trades_of(day: date, random: Random, size: Size) -> Iterator[Trade]:
    """Every trade that one of the sides has on a day and the other on that day or the next."""
    for source in CHANNELS:
        for _ in range(random.randint(size.payments // 2, size.payments * 3 // 2)):
            yield from _order(source, day, random)
    for source in ACCOUNTS:
        yield from _at_the_end(source, day, random)
    yield from _in_unionpays_evening(day, random)


def _order(source: Source, day: date, random: Random) -> Iterator[Trade]:
    """An order that is paid in quiet hours, and fulfilled or refunded, or both."""
    at = midnight(day) + _second(random, *QUIET)
    paid = payment(source, at, random)
    yield paid
    fate = random.random()
    if fate < 0.9:
        done = at + _second(random, SECOND, MINUTE)
        yield recharge(random.choice(FULFILLERS), paid.order_id, done, paid.row.amount, random)
    if fate > 0.75:
        yield refund(paid, at + _second(random, MINUTE, 5 * MINUTE), random)


def _at_the_end(source: Source, day: date, random: Random) -> Iterator[Trade]:
    """Trades of the last minutes, and some that the two sides date on two days."""
    end = day_window(source, day).end
    for _ in range(LATE):
        yield _any(source, end - _second(random, MINUTE, 25 * MINUTE), random)
    if random.random() < 0.3:
        ours = _any(source, end + _second(random, 0, MINUTE), random)
        yield ours._replace(at=Instant(end - _second(random, SECOND, 5 * MINUTE)))
    if random.random() < 0.3:
        theirs = _any(source, end - _second(random, SECOND, 5 * MINUTE), random)
        yield theirs._replace(at=Instant(end + _second(random, 0, MINUTE)))


def _in_unionpays_evening(day: date, random: Random) -> Iterator[Trade]:
    """The hour before midnight is the next day's at UnionPay."""
    start = day_window(Source.UNIONPAY, day).start
    for _ in range(2):
        yield payment(Source.UNIONPAY, start + _second(random, 5 * MINUTE, 50 * MINUTE), random)


def _any(source: Source, at: int, random: Random) -> Trade:
    if source in FULFILLERS:
        return recharge(source, order_number(random), at, random.choice(FACES), random)
    paid = payment(source, at, random)
    if random.random() < 0.3:
        return refund(paid._replace(row=paid.row._replace(at=at - DAY_MS)), at, random)
    return paid


def payment(source: Source, at: int, random: Random) -> Trade:
    order_id, account = order_number(random), ACCOUNTS[source]
    amount = random.choice((random.choice(FACES), random.randint(100, 500_00), random.randint(1, 99)))
    wallet = random.choice((0, 0, 0, random.randint(1, 10_00)))
    row = Row(
        RowKind.PAYMENT,
        f"{order_id}P01",
        reference_of(source, at, random),
        amount,
        fee_of(amount, account.fee_ppm),
        at,
        account.merchant,
        party_of(source, random),
        app="wx8888888888888888",
    )
    return Trade(source, order_id, row, Instant(at), wallet)


def refund(paid: Trade, at: int, random: Random) -> Trade:
    """Of the whole payment or of a part."""
    amount = random.choice((paid.row.amount, (paid.row.amount + 1) // 2))
    void = paid.source is Source.UNIONPAY and amount == paid.row.amount and random.random() < 0.5
    row = paid.row._replace(
        kind=RowKind.VOID if void else RowKind.REFUND,
        number=f"{paid.order_id}F01",
        reference=paid.row.reference
        if paid.source is Source.ALIPAY
        else reference_of(paid.source, at, random),
        amount=amount,
        fee=0,
        at=at,
        original=paid.row.number,
        original_reference=paid.row.reference,
        original_at=paid.row.at,
    )
    return Trade(paid.source, paid.order_id, row, Instant(at))


def recharge(source: Source, order_id: str, at: int, amount: int, random: Random) -> Trade:
    row = Row(
        RowKind.RECHARGE,
        f"{order_id}R01",
        reference_of(source, at, random),
        amount,
        0,
        at,
        "",
        "*" * 15 + pick(random, DIGITS, 4),
    )
    return Trade(source, order_id, row, Instant(at))


def order_number(random: Random) -> str:
    return f"O{pick(random, BASE32, 25)}"


def reference_of(source: Source, at: int, random: Random) -> str:
    stamped = moment(at)
    if source is Source.WECHAT:
        return f"4200{stamped:%Y%m%d}{pick(random, DIGITS, 16)}"
    if source is Source.ALIPAY:
        return f"{stamped:%Y%m%d}22001{pick(random, DIGITS, 15)}"
    if source is Source.UNIONPAY:
        check = pick(random, DIGITS, 3)
        return f"{check[:2]}{stamped:%y%m%d%H%M%S}{pick(random, DIGITS, 6)}{check[2]}"
    return f"S{stamped:%Y%m%d%H%M%S}{pick(random, DIGITS, 8)}"


def party_of(source: Source, random: Random) -> str:
    if source is Source.WECHAT:
        return f"o{pick(random, LETTERS, 27)}"
    if source is Source.ALIPAY:
        return "*测试(csq***@example.com)"
    return f"622155******{pick(random, DIGITS, 4)}"


def _second(random: Random, least: int, most: int) -> int:
    """Milliseconds, a whole number of seconds."""
    return random.randrange(least // SECOND, most // SECOND) * SECOND


def neighbours(day: date) -> tuple[date, date]:
    return day - timedelta(days=1), day + timedelta(days=1)
