"""What placing an order counts, in the order's own transaction: at most eight write units (RK1, RK2).

The person's day and hour guard money: their update carries the limits as its condition, so no two orders at
once get over them. Everything else is added without a condition, on items that few people share.
"""

from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import OctaneError, StateError, TooManyError
from octane.kernel.money import format_yuan
from octane.risk.rules import Limits
from octane.risk.seen import (
    DAY_MS,
    HOUR_MS,
    HOURS,
    account_bucket,
    base36,
    counted,
    day_of,
    ip_shard,
    number,
    other_accounts,
    outdated,
    person_key,
    tag_key,
)
from octane.risk.sight import BAND_HOURS, Asked, Sight, device_mark
from octane.store.items import Item, Value
from octane.store.writes import (
    ANYWAY,
    Absent,
    AtMost,
    Check,
    Is,
    Missing,
    Update,
    Write,
    all_of,
    any_of,
)

DEVICES = 8
"""So many devices of a person are remembered."""


class TooManyOrdersError(TooManyError):
    code = "TOO_MANY_ORDERS"
    summary = "Too many orders within the hour or the day; try again later."


class DailyLimitError(StateError):
    code = "DAILY_LIMIT"
    summary = "This is more than the account may still order today; choose less, or order tomorrow."


class CardNotCalmError(OctaneError):
    """The card's item says more than was guessed: read it. Caught in `orders.place`; no client sees it."""

    code = "CARD_NOT_CALM"


def check_limits(asked: Asked, sight: Sight, limits: Limits, now: Instant) -> None:
    """Say which limit would be passed, by what was read; the update's condition is what holds.

    Raises `TooManyOrdersError`, which knows when to come again, or `DailyLimitError`.
    """
    day, hour = base36(day_of(now)), _hour(now)
    if number(sight.person, hour) >= limits.orders_per_hour:
        raise TooManyOrdersError(retry_after=1 + (HOUR_MS - now % HOUR_MS) // SECOND)
    if number(sight.person, f"dn{day}") >= limits.orders_per_day:
        raise TooManyOrdersError(retry_after=1 + (DAY_MS - (now + 8 * HOUR_MS) % DAY_MS) // SECOND)
    left = limits.daily_fen - number(sight.person, f"df{day}")
    if asked.amount > left:
        raise DailyLimitError(f"{DailyLimitError.summary} (Left: {format_yuan(max(0, left))} CNY.)")


def count_order(asked: Asked, sight: Sight, limits: Limits, now: Instant) -> tuple[Write, ...]:
    """Count the order everywhere. Raises (when committed) `ChangedMeanwhileError` where a limit was reached
    or the person frozen since the read, and `CardNotCalmError`."""
    writes: list[Write] = [_count_person(asked, sight.person, limits, now)]
    if asked.account_id != asked.user_id:
        writes.append(Check(person_key(asked.account_id), when=Missing("frozen_at")))
    seen_today: dict[str, Value] = {account_bucket(asked.account_id): day_of(now)}
    if asked.device:
        key = tag_key(asked.device_tag)
        gone = outdated(sight.device, now)
        writes.append(Update(key, ANYWAY, assign=seen_today, add=counted(now), remove=_but(gone, seen_today)))
    if asked.ip_tag:
        key = ip_shard(asked.ip_tag, asked.order_id)
        old = next((item for item in sight.ip if item.get("sk") == key.sk), {})
        gone = outdated(old, now)
        writes.append(Update(key, ANYWAY, assign=seen_today, add=counted(now), remove=_but(gone, seen_today)))
    if asked.card:
        writes.append(_count_card(asked, sight.card, now))
    return tuple(writes)


def _count_person(asked: Asked, person: Item, limits: Limits, now: Instant) -> Update:
    day, hour = base36(day_of(now)), _hour(now)
    orders, fen = f"dn{day}", f"df{day}"
    today: dict[str, Value] = {}
    if asked.device:
        today[device_mark(asked.device_tag)] = day_of(now)
    if asked.place:
        today |= {"lat": asked.place.lat, "lng": asked.place.lng, "located_at": now}
    band = (now // HOUR_MS + 8) % 24 // BAND_HOURS
    gone = [*outdated(person, now), *(n for n in person if n[:2] in {"dn", "df"} and n not in {orders, fen})]
    marks = sorted((n for n in person if n[0] == "v" and n not in today), key=lambda n: number(person, n))
    gone += marks[: max(0, len(marks) + bool(asked.device) - DEVICES)]
    return Update(
        person_key(asked.user_id),
        when=all_of(
            Missing("frozen_at"),
            any_of(Missing(orders), AtMost(orders, limits.orders_per_day - 1)),
            any_of(Missing(fen), AtMost(fen, limits.daily_fen - asked.amount)),
            any_of(Missing(hour), AtMost(hour, limits.orders_per_hour - 1)),
        ),
        assign=today,
        add={orders: 1, fen: asked.amount, "n": 1, "sum": asked.amount, f"b{band}": 1, **counted(now)},
        remove=tuple(gone),
    )


def _count_card(asked: Asked, card: Item | None, now: Instant) -> Update:
    """Count the order for its card number: on the guess that it is calm, or knowing the item."""
    key, mark = tag_key(asked.card), asked.account_id[:12]
    own: dict[str, Value] = {account_bucket(asked.account_id): day_of(now)}
    if card is None:
        calm = any_of(Absent(), all_of(Is("account", mark), Missing("shared"), Missing("list")))
        return Update(key, calm, assign={**own, "account": mark}, otherwise=CardNotCalmError())
    gone = _but(outdated(card, now), own)
    alone = not other_accounts([card], asked.account_id, now)
    if alone:
        remove = (*gone, "shared") if "shared" in card else gone
        return Update(key, ANYWAY, assign={**own, "account": mark}, add=counted(now), remove=remove)
    return Update(key, ANYWAY, assign={**own, "shared": 1}, add=counted(now), remove=gone)


def _but(names: tuple[str, ...], kept: dict[str, Value]) -> tuple[str, ...]:
    """An update may not drop what it sets."""
    return tuple(name for name in names if name not in kept)


def _hour(now: Instant) -> str:
    return HOURS.letter + base36(now // HOUR_MS)
