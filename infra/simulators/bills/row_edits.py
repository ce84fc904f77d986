"""Discrepancies of rows: each plants one and tells what is then true."""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.bills.plant import (
    BILLER,
    JUHE,
    LATE_MS,
    Edited,
    Spot,
    Truth,
    differing,
    lacking,
    surplus,
    twice,
)
from simulators.bills.rows import Row, RowKind, RowStatus
from simulators.texts import DIGITS, pick

HUGE_FEN = 999_999_999_999
"""The most that UnionPay's twelve digits hold."""
NEXT_MORNING_MS = 6 * 3_600_000
OTHER_CURRENCY = "HKD"


def dropped(spot: Spot) -> Edited:
    return Edited(spot.put(), (lacking(spot.row),))


def all_dropped(spot: Spot) -> Edited:
    return Edited((), tuple(lacking(row) for row in spot.rows))


def rest_dropped(spot: Spot) -> Edited:
    """What a file that was cut off between two rows looks like where nothing sums them."""
    return Edited(spot.rows[: spot.at], tuple(lacking(row) for row in spot.rows[spot.at :]))


def doubled(spot: Spot) -> Edited:
    return Edited(spot.put(spot.row, spot.row), (twice(spot.row),))


def doubled_otherwise(spot: Spot) -> Edited:
    """The right row stays the pair, wherever the wrong one stands."""
    pair = [spot.row, spot.row._replace(amount=spot.row.amount + 100)]
    spot.random.shuffle(pair)
    return Edited(spot.put(*pair), (twice(spot.row),))


def tripled(spot: Spot) -> Edited:
    return Edited(spot.put(spot.row, spot.row, spot.row), (twice(spot.row), twice(spot.row)))


def shifted(spot: Spot) -> Edited:
    late = spot.row._replace(at=spot.heading.end + spot.random.randrange(60) * 1_000)
    return Edited(spot.put(), (lacking(spot.row),), later=(late,))


def moved(spot: Spot) -> Edited:
    """Too far from midnight to be in transit: missing there today, missing here tomorrow."""
    late = spot.row._replace(at=spot.heading.end + NEXT_MORNING_MS)
    return Edited(spot.put(), (lacking(spot.row),), (late,), (surplus(late),))


def shuffled(spot: Spot) -> Edited:
    return Edited(tuple(spot.random.sample(spot.rows, len(spot.rows))), ())


@dataclass(frozen=True, slots=True)
class Amount:
    """Another amount; the fee stays as it was."""

    times: int = 1
    plus: int = 0
    over: int = 1

    def __call__(self, spot: Spot) -> Edited:
        amount = spot.row.amount * self.times // self.over + self.plus
        return Edited(spot.put(spot.row._replace(amount=amount)), (differing(spot.row, "amount"),))


def huge(spot: Spot) -> Edited:
    return Edited(spot.put(spot.row._replace(amount=HUGE_FEN)), (differing(spot.row, "amount"),))


@dataclass(frozen=True, slots=True)
class Fee:
    times: int = 1
    plus: int = 0

    def __call__(self, spot: Spot) -> Edited:
        fee = spot.row.fee * self.times + self.plus
        return Edited(spot.put(spot.row._replace(fee=fee)), (differing(spot.row, "fee"),))


def amounts_swapped(spot: Spot) -> Edited:
    rows = list(spot.rows)
    rows[spot.at] = spot.row._replace(amount=spot.second.amount)
    rows[spot.other] = spot.second._replace(amount=spot.row.amount)
    return Edited(tuple(rows), (differing(spot.row, "amount"), differing(spot.second, "amount")))


def numbers_swapped(spot: Spot) -> Edited:
    """Each number has the other's everything: what differs is whatever the two rows tell differently."""
    rows = list(spot.rows)
    first, second = spot.row, spot.second
    rows[spot.at] = first._replace(number=second.number, at=second.at)
    rows[spot.other] = second._replace(number=first.number, at=first.at)
    fields = _told_differently(spot.source, first, second)
    return Edited(tuple(rows), (differing(first, *fields), differing(second, *fields)))


def _told_differently(source: str, first: Row, second: Row) -> list[str]:
    told = {
        "amount": first.amount != second.amount,
        "fee": first.fee != second.fee,
        "party": source in PARTIES and PARTIES[source](first) != PARTIES[source](second),
        "reference": first.reference != second.reference,
    }
    return [name for name, differs in told.items() if differs]


PARTIES: dict[str, Callable[[Row], str]] = {
    "WECHAT": lambda row: row.party,
    **dict.fromkeys((JUHE, BILLER), lambda row: row.party[-4:]),
}
"""Who the bills tell paid or was recharged, as far as it can be compared."""


def nobodys(spot: Spot) -> Edited:
    """One more like this one, under a number that nobody asked for, and never in transit over midnight."""
    again = spot.row._replace(
        at=min(spot.row.at, spot.heading.end - LATE_MS - 1),
        number=_other_number(spot),
        reference=_other_reference(spot),
    )
    return Edited(spot.added(again), (surplus(again),))


def turned_round(spot: Spot) -> Edited:
    """A payment told as a refund, or the other way, under its own number."""
    kind = RowKind.PAYMENT if spot.row.returns else RowKind.REFUND
    wrong = spot.row._replace(kind=kind, original=spot.row.number, original_reference=spot.row.reference)
    return Edited(spot.put(wrong), (lacking(spot.row), surplus(wrong)))


def not_yet(spot: Spot) -> Edited:
    row = spot.row._replace(status=RowStatus.PROCESSING)
    return Edited(spot.put(row), (differing(row, "status"),))


def failed(spot: Spot) -> Edited:
    row = spot.row._replace(status=RowStatus.FAILED)
    return Edited(spot.put(row), (differing(row, "status"),))


def other_currency(spot: Spot) -> Edited:
    row = spot.row._replace(currency=OTHER_CURRENCY)
    return Edited(spot.put(row), (differing(row, "currency"),))


def other_merchant(spot: Spot) -> Edited:
    row = spot.row._replace(merchant=_altered(spot.row.merchant))
    return Edited(spot.put(row), (differing(row, "merchant"),))


def all_foreign(spot: Spot) -> Edited:
    rows = tuple(row._replace(merchant=_altered(row.merchant)) for row in spot.rows)
    return Edited(rows, tuple(differing(row, "merchant") for row in spot.rows))


def other_party(spot: Spot) -> Edited:
    row = spot.row._replace(party=_altered(spot.row.party))
    return Edited(spot.put(row), (differing(row, "party"),))


def other_reference(spot: Spot) -> Edited:
    row = spot.row._replace(reference=_other_reference(spot))
    return Edited(spot.put(row), (differing(row, "reference"),))


def reference_twice(spot: Spot) -> Edited:
    row = spot.row._replace(reference=spot.second.reference)
    return Edited(spot.put(row), (differing(row, "reference"),))


@dataclass(frozen=True, slots=True)
class Number:
    """Another number for the same movement: one of ours is missing there, one of theirs here."""

    change: Callable[[str], str]

    def __call__(self, spot: Spot) -> Edited:
        row = spot.row._replace(number=self.change(spot.row.number))
        return Edited(spot.put(row), (lacking(spot.row), surplus(row)))


@dataclass(frozen=True, slots=True)
class Said:
    """A text instead of what the row says. Where it can be read it is the same, or differs in `field`."""

    name: str
    text: Callable[[Row], str]
    field: str = ""

    def __call__(self, spot: Spot) -> Edited:
        row = spot.row._replace(said={self.name: self.text(spot.row)})
        truths: tuple[Truth, ...] = (differing(row, self.field),) if self.field else ()
        return Edited(spot.put(row), truths)


def spaced(text: str) -> str:
    return f"{text[:5]} {text[5:]}"


def cased(text: str) -> str:
    return text.lower() if text.lower() != text else text.upper()


def shortened(text: str) -> str:
    return text[:-1]


def _other_number(spot: Spot) -> str:
    return f"{spot.row.number[:-8]}{pick(spot.random, DIGITS, 8)}"


def _other_reference(spot: Spot) -> str:
    """Of the same make, with other digits in the middle."""
    reference = spot.row.reference
    return f"{reference[:8]}{pick(spot.random, DIGITS, 6)}{reference[14:]}"


def _altered(text: str) -> str:
    """Another last character of the same sort."""
    last = text[-1]
    if last.isdigit():
        return text[:-1] + str((int(last) + 1) % 10)
    return text[:-1] + ("a" if last != "a" else "b")
