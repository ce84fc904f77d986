"""Journal entries: each is balanced, named by what caused it, and written exactly once.

The key is (subject, kind, reference): a second attempt to book the same fact meets `Absent` and is refused
with the whole transaction that carries it, whatever state the rest is in.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.errors import StateError
from octane.kernel.ids import ID_LENGTH, derive_id
from octane.kernel.money import Fen
from octane.ledger import accounts
from octane.store.items import Item, Key, Table, Value
from octane.store.writes import Absent, Put

MARK = re.compile(rf"P[A-Z2-7]{{{ID_LENGTH - 1}}}")


class AlreadyBookedError(StateError):
    """The fact is in the ledger already: whoever raises this lost a race with its own duplicate."""

    code = "ALREADY_BOOKED"
    summary = "This was booked already."


class Leg(NamedTuple):
    """One side of an entry: debit positive, credit negative, in fen."""

    account: str
    fen: int


@dataclass(frozen=True, slots=True)
class Entry:
    """`subject` is the order; `kind` what happened; `reference` which one of its kind (attempt, refund
    number)."""

    subject: str
    kind: str
    reference: str
    legs: tuple[Leg, ...]
    effective_at: Instant
    """When the outside world says that it happened: the day of reconciliation is cut by this (RC1)."""
    booked_at: Instant
    proof: str = ""
    party: str = ""
    """Who paid, or which card was recharged, as both sides can write it (a payer's mark; `*` and the card's
    last four digits); empty where a bill does not tell."""

    def __post_init__(self) -> None:
        if sum(leg.fen for leg in self.legs) != 0 or any(leg.fen == 0 for leg in self.legs):
            raise accounts.UnbalancedEntryError

    @property
    def key(self) -> Key:
        return Key(Table.LEDGER, self.subject, f"{self.kind}#{self.reference}")


def post(entry: Entry) -> Put:
    """Return the write that books an entry once."""
    legs: list[Value] = [{"account": leg.account, "fen": leg.fen} for leg in entry.legs]
    item: Item = {
        "legs": legs,
        "effective_at": entry.effective_at,
        "booked_at": entry.booked_at,
        "proof": entry.proof,
    }
    if entry.party:
        item = {**item, "party": entry.party}
    return Put(entry.key, item, when=Absent(), otherwise=AlreadyBookedError())


def payer_mark(payer: str) -> str:
    """A payer's pseudonym for books that nobody can alter (ID6): it tells one payer from another and leads
    nobody to the openid, which is random and long. A mark's own mark, and a masked card's, is itself.

    An id of digits alone (Alipay's: 12 vary) would be found by trying them all: it gets no mark.

    >>> payer_mark("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o") == payer_mark(payer_mark("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))
    True
    """
    if not payer or payer.isdigit():
        return ""
    if payer.startswith("*") or MARK.fullmatch(payer):
        return payer
    return derive_id("P", payer)


def transfer(amount: Fen, *, debit: str, credit: str) -> tuple[Leg, ...]:
    """Two legs that move an amount."""
    return (Leg(debit, amount), Leg(credit, -amount))


def entry_of(item: Item) -> Entry:
    """Read an entry back from the table."""
    kind, _, reference = str(item["sk"]).partition("#")
    legs = item["legs"]
    if not isinstance(legs, list):
        raise accounts.UnbalancedEntryError
    return Entry(
        subject=str(item["pk"]),
        kind=kind,
        reference=reference,
        legs=tuple(Leg(str(leg["account"]), _whole(leg["fen"])) for leg in legs if isinstance(leg, dict)),
        effective_at=Instant(_whole(item["effective_at"])),
        booked_at=Instant(_whole(item["booked_at"])),
        proof=str(item["proof"]),
        party=str(item.get("party", "")),
    )


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value
