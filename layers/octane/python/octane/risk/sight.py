"""What can be seen of an order before it is placed: read by the caller's one batch, and turned into facts.

The card number's item is not in that batch: its tag stands in the card itself. So it is guessed to be calm
(unlisted, used by this account alone), and the order's transaction proves the guess (`counting.count_card`);
where it fails, the item is read and everything is decided anew.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from octane.identity.users import user_key
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.places import degrees_in
from octane.risk.facts import Facts, Grade, Known, Listing
from octane.risk.seen import (
    DAY_MS,
    HOUR_MS,
    HOURS,
    MINUTES,
    NOTHING,
    TENS,
    base36,
    day_of,
    device_tag,
    in_window,
    ip_keys,
    ip_tag,
    number,
    other_accounts,
    person_key,
    tag_key,
)
from octane.store.items import Item, Key

CARD, WALLET = "CARD", "WALLET"
FEW_ORDERS = 3
SOME_ORDERS = 10
BAND_HOURS = 3
EARTH_KM = 6_371
TENTHS = 10


class Place(NamedTuple):
    """A position in tenths of a degree, about ten kilometres: nothing finer is kept."""

    lat: int
    lng: int


class Asked(NamedTuple):
    """An order as risk sees it."""

    order_id: str
    kind: str
    amount: Fen
    user_id: str
    account_id: str
    device: str = ""
    """What the client calls its device."""
    ip: str = ""
    place: Place | None = None
    card: str = ""
    """The card number's tag; empty where there is none."""

    subject: str = ""
    """What a step-up for it names: the card, the bill account, or nothing for the wallet."""

    @property
    def device_tag(self) -> str:
        return device_tag(self.device)

    @property
    def ip_tag(self) -> str:
        return ip_tag(self.ip)


class Sight(NamedTuple):
    """Items as read; an absent one is empty."""

    user: Item = NOTHING
    person: Item = NOTHING
    account: Item = NOTHING
    """The enterprise's, where the order is one's."""
    device: Item = NOTHING
    ip: tuple[Item, ...] = ()
    card: Item | None = None
    """None: not read, and guessed to be calm."""

    @property
    def frozen(self) -> bool:
        return "frozen_at" in self.person or "frozen_at" in self.account

    @property
    def grade(self) -> Grade:
        return grade_of(self.person)


def grade_of(person: Item) -> Grade:
    return Grade(str(person.get("grade", Grade.B.value)))


def read_place(text: str) -> Place | None:
    """Round `31.23,121.47`; what cannot be read is no place."""
    degrees = degrees_in(text)
    return Place(*(round(part * TENTHS) for part in degrees)) if degrees else None


def keys_of(asked: Asked) -> list[Key]:
    """What to read, in the same batch as the rest."""
    keys = [user_key(asked.user_id), person_key(asked.user_id)]
    if asked.account_id != asked.user_id:
        keys.append(person_key(asked.account_id))
    if asked.device:
        keys.append(tag_key(asked.device_tag))
    if asked.ip_tag:
        keys.extend(ip_keys(asked.ip_tag))
    return keys


def sight_in(asked: Asked, items: Iterable[Item]) -> Sight:
    found = {(item["pk"], item["sk"]): item for item in items}

    def item(key: Key) -> Item:
        return found.get((key.pk, key.sk), NOTHING)

    own = asked.account_id == asked.user_id
    return Sight(
        user=item(user_key(asked.user_id)),
        person=item(person_key(asked.user_id)),
        account=NOTHING if own else item(person_key(asked.account_id)),
        device=item(tag_key(asked.device_tag)),
        ip=tuple(item(key) for key in ip_keys(asked.ip_tag)) if asked.ip_tag else (),
    )


def facts_of(asked: Asked, sight: Sight, now: Instant) -> Facts:
    """The inputs of the rules. Nothing in them names anybody."""
    person, user, device, ip = sight.person, sight.user, (sight.device,), sight.ip
    card, account_id = sight.card or NOTHING, asked.account_id
    before, total = number(person, "n"), number(person, "sum")
    hour = (now // HOUR_MS + 8) % 24
    band = number(person, f"b{hour // BAND_HOURS}")
    distance, hours = _moved(person, asked.place, now)
    return Facts(
        kind=asked.kind,
        account="OWN" if account_id == asked.user_id else "ENTERPRISE",
        amount_fen=asked.amount,
        grade=sight.grade.value,
        admission="PHONE" if {"phone", "phone_sealed"} & user.keys() else "NONE",
        account_age_days=max(0, (now - number(user, "created_at", now)) // DAY_MS),
        orders_before=before,
        amount_percent=asked.amount * before * 100 // total if before >= FEW_ORDERS and total else 100,
        hour=hour,
        hour_percent=band * 100 // before if before >= SOME_ORDERS else 100,
        device=_known(person, asked),
        distance_km=distance,
        speed_kmh=min(round(distance / hours), 10**6) if distance else 0,
        user_list=_listing(person),
        device_list=_listing(sight.device),
        ip_list=_listing(ip[0] if ip else NOTHING),
        card_list=_listing(card),
        person_1m=in_window([person], MINUTES, 1, now),
        person_10m=in_window([person], MINUTES, 10, now),
        person_1h=in_window([person], TENS, 6, now),
        person_24h=in_window([person], HOURS, 24, now),
        person_day_fen=number(person, f"df{base36(day_of(now))}"),
        device_1h=in_window(device, TENS, 6, now),
        device_24h=in_window(device, HOURS, 24, now),
        device_accounts=other_accounts(device, account_id, now),
        ip_1m=in_window(ip, MINUTES, 1, now),
        ip_10m=in_window(ip, MINUTES, 10, now),
        ip_1h=in_window(ip, TENS, 6, now),
        ip_accounts=other_accounts(ip, account_id, now),
        card_24h=in_window([card], HOURS, 24, now),
        card_accounts=other_accounts([card], account_id, now),
    )


def _known(person: Item, asked: Asked) -> str:
    if not asked.device:
        return Known.NONE.value
    seen_before = device_mark(asked.device_tag) in person or not number(person, "n")
    return (Known.KNOWN if seen_before else Known.NEW).value


def device_mark(tag: str) -> str:
    """How a person's item remembers a device."""
    return f"v{tag[1:9]}"


def _listing(item: Item) -> str:
    return Listing(str(item.get("list", Listing.NONE.value))).value


def _moved(person: Item, place: Place | None, now: Instant) -> tuple[int, float]:
    """Kilometres from where the person ordered last, and the hours since, at least a minute."""
    if place is None or "lat" not in person:
        return 0, 1.0
    last = Place(number(person, "lat"), number(person, "lng"))
    hours = max(now - number(person, "located_at"), 60_000) / HOUR_MS
    return _kilometres(last, place), hours


def _kilometres(one: Place, two: Place) -> int:
    """Along the great circle."""
    lat1, lng1, lat2, lng2 = (math.radians(part / TENTHS) for part in (*one, *two))
    across = math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    half = min(1.0, math.sin((lat2 - lat1) / 2) ** 2 + across)
    return round(2 * EARTH_KM * math.asin(math.sqrt(half)))
