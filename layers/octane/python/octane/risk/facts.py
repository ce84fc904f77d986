"""What a risk decision is made by: the inputs of the rules, no more (RK1, RK2).

Nothing here names a person, a phone, a card or an address, so facts can be stored and shown as they are.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple


class Grade(StrEnum):
    """What we hold of a person, best first. It moves by what became of their orders (RK3)."""

    A = "A"
    B = "B"
    """Everybody's in the beginning."""
    C = "C"
    D = "D"


class Listing(StrEnum):
    """What a list says of a person, a device, an address or a card."""

    NONE = "NONE"
    ALLOW = "ALLOW"
    WATCH = "WATCH"
    BLOCK = "BLOCK"


class Known(StrEnum):
    """What we know of the device."""

    NONE = "NONE"
    """The client named none."""
    NEW = "NEW"
    """The person has ordered before, and never from this one."""
    KNOWN = "KNOWN"


class Facts(NamedTuple):
    """A stored decision leaves out what is at its default: a default never changes, new facts get one.

    A sliding window is a sum of buckets: it reaches up to one bucket (1 minute, 10 minutes, 1 hour) further
    back than it says. The order that is being decided is not in it.
    """

    kind: str = "CARD"
    """`CARD` or `WALLET`: what is topped up; `BILL`: bills are paid."""
    account: str = "OWN"
    """`OWN` or `ENTERPRISE`: for whom."""
    amount_fen: int = 0
    grade: str = Grade.B.value
    admission: str = "NONE"
    """`PHONE` once a phone is bound, `NONE` before."""
    account_age_days: int = 0
    orders_before: int = 0
    amount_percent: int = 100
    """Of the person's mean amount; 100 before their third order."""
    hour: int = 12
    """In Beijing, 0 to 23."""
    hour_percent: int = 100
    """Share of the person's orders in this band of three hours; 100 before their tenth."""
    device: str = Known.NONE.value
    distance_km: int = 0
    """From where the person ordered last; 0 when either place is unknown."""
    speed_kmh: int = 0
    user_list: str = Listing.NONE.value
    device_list: str = Listing.NONE.value
    ip_list: str = Listing.NONE.value
    card_list: str = Listing.NONE.value
    person_1m: int = 0
    """Orders of this person."""
    person_10m: int = 0
    person_1h: int = 0
    person_24h: int = 0
    person_day_fen: int = 0
    """Fen ordered on this Beijing day, without this order."""
    device_1h: int = 0
    device_24h: int = 0
    device_accounts: int = 0
    """Other accounts that ordered from this device within 30 days, up to 64."""
    ip_1m: int = 0
    ip_10m: int = 0
    ip_1h: int = 0
    ip_accounts: int = 0
    """Other accounts that ordered from this address within 30 days, up to 64."""
    card_24h: int = 0
    """Orders for this card number, counted once a second account uses it."""
    card_accounts: int = 0
    """Other accounts that ordered for this card number within 30 days, up to 64."""


DEFAULTS = Facts()
_LISTINGS = frozenset(Listing)
VOCABULARY: Mapping[str, frozenset[str]] = {
    "kind": frozenset({"CARD", "WALLET", "BILL"}),
    "account": frozenset({"OWN", "ENTERPRISE"}),
    "grade": frozenset(Grade),
    "admission": frozenset({"PHONE", "NONE"}),
    "device": frozenset(Known),
    "user_list": _LISTINGS,
    "device_list": _LISTINGS,
    "ip_list": _LISTINGS,
    "card_list": _LISTINGS,
}
"""The columns of texts; all others are numbers."""
MOST: Mapping[str, int] = {"hour": 23, "hour_percent": 100}
"""The largest value of a number, where it has one."""


def written(facts: Facts) -> dict[str, str | int]:
    """What is not at its default."""
    pairs: Iterable[tuple[str, str | int]] = zip(Facts._fields, facts, strict=True)
    return {name: value for name, value in pairs if value != getattr(DEFAULTS, name)}


def facts_in(stored: Mapping[str, str | int]) -> Facts:
    """Read facts back; those that this release does not know are passed over."""
    return Facts(**{name: value for name, value in stored.items() if name in Facts._fields})  # type: ignore[arg-type]
