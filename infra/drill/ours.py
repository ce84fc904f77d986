"""Discrepancies of our own side: what our ledger has otherwise than it should."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from drill.entries import entry_of, with_amount
from drill.sources import ACCOUNTS, CHANNELS, FULFILLERS
from drill.trades import Trade, order_number
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.ledger import topup
from octane.ledger.entries import Entry
from octane.reconciliation.model import Source
from simulators.bills.plant import Truth, differing, lacking, line_kind, surplus
from simulators.bills.rows import Heading, Row, RowKind, fee_of

TELLING = frozenset({Source.WECHAT, *FULFILLERS})
HOURS_MS = 3_600_000


class OurSpot(NamedTuple):
    trade: Trade
    heading: Heading
    random: Random

    @property
    def entry(self) -> Entry:
        return entry_of(self.trade)


class OurEdit(NamedTuple):
    entries: tuple[Entry, ...]
    """Instead of the honest one."""
    truths: tuple[Truth, ...] = ()
    truths_later: tuple[Truth, ...] = ()
    resolved: bool = False
    """What is in transit today has its counterpart tomorrow."""
    elsewhere: Source | None = None
    """Where the ledger has it instead: it is missing there."""


class OurPlant(NamedTuple):
    what: str
    edit: Callable[[OurSpot], OurEdit]
    sources: frozenset[Source] = frozenset(ACCOUNTS)
    fits: Callable[[Row], bool] = lambda row: True
    late: bool = False


def lost(spot: OurSpot) -> OurEdit:
    return OurEdit((), (surplus(spot.trade.row),))


def booked_twice(spot: OurSpot) -> OurEdit:
    """As payment and as unexpected receipt."""
    trade = spot.trade
    again = topup.unexpected_payment_received(
        trade.order_id,
        trade.number,
        trade.source,
        Fen(trade.row.amount),
        trade.at,
        trade.at,
        trade.row.reference,
        spot.entry.party,
    )
    return OurEdit((spot.entry, again), (Truth("DUPLICATE_HERE", line_kind(trade.row), trade.number),))


def booked_a_fen_off(spot: OurSpot) -> OurEdit:
    """Our fee follows our amount: it differs too where the rounding turns."""
    row = spot.trade.row
    fee = 0 if row.returns else fee_of(row.amount + 1, ACCOUNTS[spot.trade.source].fee_ppm)
    fields = ("amount",) if fee == row.fee else ("amount", "fee")
    return OurEdit((with_amount(spot.entry, 1),), (differing(row, *fields),))


def booked_elsewhere(spot: OurSpot) -> OurEdit:
    other = spot.random.choice([source for source in CHANNELS if source is not spot.trade.source])
    entry = entry_of(spot.trade._replace(source=other))
    return OurEdit((entry,), (surplus(spot.trade.row),), elsewhere=other)


def booked_for_nobody(spot: OurSpot) -> OurEdit:
    """Something that the counterparty has never seen."""
    order_id = order_number(spot.random)
    row = spot.trade.row._replace(number=f"{order_id}{spot.trade.number[-3:]}")
    ghost = spot.trade._replace(order_id=order_id, row=row)
    return OurEdit((spot.entry, entry_of(ghost)), (lacking(row),))


def booked_with_another_party(spot: OurSpot) -> OurEdit:
    entry = spot.entry
    other = (
        f"*{(int(entry.party[1:]) + 1) % 10_000:04d}" if entry.party.startswith("*") else f"x{entry.party}"
    )
    return OurEdit((replace(entry, party=other),), (differing(spot.trade.row, "party"),))


def booked_without_party(spot: OurSpot) -> OurEdit:
    """What a side does not tell is not compared."""
    return OurEdit((replace(spot.entry, party=""),))


def booked_without_proof(spot: OurSpot) -> OurEdit:
    return OurEdit((replace(spot.entry, proof=""),))


def booked_with_another_proof(spot: OurSpot) -> OurEdit:
    entry = replace(spot.entry, proof=f"{spot.entry.proof}0")
    return OurEdit((entry,), (differing(spot.trade.row, "reference"),))


def booked_after_midnight(spot: OurSpot) -> OurEdit:
    entry = replace(spot.entry, effective_at=Instant(spot.heading.end + 1_000))
    return OurEdit((entry,), (surplus(spot.trade.row),), resolved=True)


def booked_the_next_morning(spot: OurSpot) -> OurEdit:
    """Too far from midnight to be in transit: missing here today, missing there tomorrow."""
    at = Instant(spot.heading.end + 7 * HOURS_MS)
    row = spot.trade.row
    return OurEdit((replace(spot.entry, effective_at=at),), (surplus(row),), (lacking(row._replace(at=at)),))


def is_payment(row: Row) -> bool:
    return row.kind is RowKind.PAYMENT


def is_taking(row: Row) -> bool:
    return not row.returns


OUR_PLANTS: dict[str, OurPlant] = {
    "lost_callback": OurPlant("a payment or recharge was never told to us", lost, fits=is_taking),
    "lost_refund_notice": OurPlant(
        "a refund's success was never told to us", lost, frozenset(CHANNELS), lambda row: row.returns
    ),
    "lost_at_midnight": OurPlant("of the last minutes, and never told to us", lost, late=True),
    "booked_twice": OurPlant("booked twice", booked_twice, frozenset(CHANNELS), is_payment),
    "booked_a_fen_off": OurPlant("booked with 1 fen more", booked_a_fen_off),
    "booked_elsewhere": OurPlant(
        "booked to another channel", booked_elsewhere, frozenset(CHANNELS), is_payment
    ),
    "booked_for_nobody": OurPlant("booked, and nothing behind it", booked_for_nobody),
    "booked_with_another_party": OurPlant(
        "booked for another payer or card", booked_with_another_party, TELLING, is_taking
    ),
    "booked_without_party": OurPlant("booked without payer", booked_without_party, TELLING, is_taking),
    "booked_without_proof": OurPlant(
        "booked without the counterparty's number", booked_without_proof, frozenset(CHANNELS)
    ),
    "booked_with_another_proof": OurPlant(
        "booked with another number of the counterparty's", booked_with_another_proof
    ),
    "booked_after_midnight": OurPlant(
        "of the last minutes, booked after midnight", booked_after_midnight, late=True
    ),
    "booked_the_next_morning": OurPlant("booked as of the next morning", booked_the_next_morning),
}
