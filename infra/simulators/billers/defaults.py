"""Accounts that everybody has without asking: the same number always owes the same in the same month.

A number that ends in 0000 is nobody's, one in 9999 is closed, one in 88 owes nothing.
"""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from random import Random

from simulators.billers.books import Account, Bill, Tier
from simulators.billers.names import BILLERS, ELECTRICITY, GAS, PARKING, PROPERTY, WATER

METER = re.compile(r"[0-9]{8,20}")
RULES = {
    **dict.fromkeys(BILLERS, METER),
    PARKING: re.compile(r"[\u4e00-\u9fff][A-Z][0-9A-Z]{4,5}[0-9A-Z\u4e00-\u9fff]"),
    PROPERTY: re.compile(r"[0-9A-Z]{8,20}"),
}
TARIFFS: dict[str, tuple[str, int, tuple[tuple[str, str], ...]]] = {
    ELECTRICITY: ("kWh", 520, (("240", "0.4883"), ("400", "0.5383"), ("", "0.7883"))),
    WATER: ("m3", 28, (("15", "5.00"), ("21.5", "7.00"), ("", "9.00"))),
    GAS: ("m3", 90, (("29", "2.61"), ("42", "2.83"), ("", "4.23"))),
}
"""The unit, the most that is used in a month, and the steps of the price: up to how much, CNY a unit. The
simulator's own, near what cities charge."""
HOURLY_FEN, MOST_HOURS = 600, 12
SQUARE_FEN, MOST_SQUARES = 280, 160
MONTHS = 2
LATE_PPM = 10_000
LEAST_PART_FEN = 1_000


def default_account(biller: str, number: str, now: datetime) -> Account | None:
    """The account as it is when it is first asked for; None when there is none of that number."""
    if RULES[biller].fullmatch(number) is None or number.endswith("0000"):
        return None
    random = Random(sha256(f"{biller} {number}".encode()).digest())  # noqa: S311 - no secret
    account = Account(biller, number, f"{random.choice('王李张刘陈杨赵黄周吴')}**")
    account.closed = number.endswith("9999")
    if account.closed or number.endswith("88"):
        return account
    month = now.replace(day=1)
    for back in range(1 if biller == PARKING else MONTHS):
        bill = _bill(biller, month, random, now)
        if back:
            bill.late_fee = bill.owed * LATE_PPM // 1_000_000
            bill.owed += bill.late_fee
        account.bills[bill.bill_no] = bill
        month = (month - timedelta(days=1)).replace(day=1)
    return account


def _bill(biller: str, month: datetime, random: Random, now: datetime) -> Bill:
    number = f"{biller[0]}{month:%Y%m}-{random.randrange(10**8):08d}"
    due = (month + timedelta(days=60)).date().isoformat()
    if biller == PARKING:
        hours = random.randint(1, MOST_HOURS)
        entered = now - timedelta(hours=hours)
        return Bill(number, hours * HOURLY_FEN, entered.isoformat(timespec="seconds"))
    period = f"{month:%Y-%m}"
    if biller == PROPERTY:
        owed = random.randint(40, MOST_SQUARES) * SQUARE_FEN
        return Bill(number, owed, period, due, partial=True, minimum=LEAST_PART_FEN)
    unit, most, steps = TARIFFS[biller]
    tiers = tiers_of(steps, Decimal(random.randint(most, most * 10)) / 10)
    owed = sum(tier.amount for tier in tiers)
    partial = biller == ELECTRICITY
    return Bill(
        number, owed, period, due, partial, min(LEAST_PART_FEN, owed) if partial else 1, 0, unit, tiers
    )


def tiers_of(steps: tuple[tuple[str, str], ...], used: Decimal) -> list[Tier]:
    """What was used, step by step; each step's amount is rounded half up to the fen."""
    found: list[Tier] = []
    below = Decimal(0)
    for up_to, price in steps:
        top = Decimal(up_to) if up_to else used
        part = min(used, top) - below
        if part <= 0:
            break
        fen = int((part * Decimal(price) * 100).quantize(Decimal(1), ROUND_HALF_UP))
        found.append(Tier(up_to, f"{part}", price, fen))
        below = top
    return found
