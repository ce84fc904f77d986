"""A coupon's life with an order: AVAILABLE → HELD → REDEEMED, and back (MK1, PY4).

| key                                   | item                                                            |
|---------------------------------------|-----------------------------------------------------------------|
| `USER#<account>` `COUPON#<coupon_id>` | a claimed coupon with a copy of its campaign's terms            |

An edited campaign changes no claimed coupon. Every function returns writes for the order's own commit; each
write's condition names the state and the order, so a coupon is never held twice, and never redeemed for
another order.

`given_back` stays on a coupon whose order was given back: so it is RETURNED again when a later hold is
released, and one that is good for one order only (`returns` false) cannot be held again. One that can may be
used for some days more (`usable_until`), as its time may have ended while we failed.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from octane.kernel.clock import SECOND, Instant, later
from octane.kernel.errors import InputError, NotFoundError, StateError
from octane.kernel.money import Fen
from octane.store.items import Item, Key, Table
from octane.store.writes import Is, Missing, OneOf, Update, Write, all_of

MOST_COUPONS = 3
RETURNED_MS = 7 * 24 * 3_600 * SECOND
"""So long at least is a coupon usable that came back."""
WALLET = "WALLET"
"""The kind of order that fills the own wallet: no discount on money."""


class CouponNotFoundError(NotFoundError):
    code = "COUPON_NOT_FOUND"
    summary = "There is no such coupon, or it is not yours."


class CouponNotAvailableError(StateError):
    """Held by another order, redeemed, void or expired."""

    code = "COUPON_NOT_AVAILABLE"
    summary = "This coupon cannot be used now; look at your coupons for its state."


class CouponNotApplicableError(InputError):
    code = "COUPON_NOT_APPLICABLE"
    summary = "This coupon does not fit the order: its threshold, its products, or another coupon beside it."


class CouponState(StrEnum):
    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    REDEEMED = "REDEEMED"
    RETURNED = "RETURNED"
    """The order that used it was given back: usable again if its terms say so."""


class Discount(StrEnum):
    FIXED = "FIXED"
    """`value` fen off."""
    PERCENT = "PERCENT"
    """`value` percent off, at most `cap` fen."""
    THRESHOLD = "THRESHOLD"
    """`value` fen off an amount of at least `threshold` fen (满减)."""


class Coupon(NamedTuple):
    coupon_id: str
    account_id: str
    campaign_id: str
    state: CouponState
    discount: Discount
    value: int
    valid_from: Instant
    valid_until: Instant
    """Exclusive, for holding: what is held in time may be paid later. Of one that came back, `RETURNED_MS`
    after that at the earliest."""
    claimed_at: Instant
    threshold: Fen = Fen(0)
    cap: Fen = Fen(0)
    """0: no cap."""
    products: str = ""
    """Order kinds that it fits (`CARD BILL`), divided by blanks; empty: all but WALLET."""
    stackable: bool = False
    returns: bool = True
    """Whether it can be used again after the order that used it was given back."""
    order_id: str = ""
    """The order that holds or has redeemed it."""
    name: str = ""
    """The campaign's, for showing."""

    def is_expired(self, now: Instant) -> bool:
        """Derived, never stored: what could be held, were it in time."""
        return self.state in {CouponState.AVAILABLE, CouponState.RETURNED} and now >= self.valid_until


def coupon_key(account_id: str, coupon_id: str) -> Key:
    return Key(Table.COUPONS, f"USER#{account_id}", f"COUPON#{coupon_id}")


def coupon_of(item: Item) -> Coupon:
    """Read a stored coupon."""
    state = CouponState(str(item["state"]))
    if state is CouponState.AVAILABLE and item.get("given_back") is True:
        state = CouponState.RETURNED
    terms = terms_in(item)
    ends = _number(item, "valid_until")
    if terms["returns"] and "usable_until" in item:
        ends = max(ends, _number(item, "usable_until"))
    return Coupon(
        coupon_id=str(item["sk"]).removeprefix("COUPON#"),
        account_id=str(item["pk"]).removeprefix("USER#"),
        campaign_id=str(item["campaign_id"]),
        state=state,
        valid_from=Instant(_number(item, "valid_from")),
        valid_until=Instant(ends),
        claimed_at=Instant(_number(item, "claimed_at")),
        order_id=str(item.get("order_id", "")),
        name=str(item.get("name", "")),
        **terms,
    )


def terms_in(item: Item) -> dict[str, Any]:
    """Read what stored coupons and campaigns have in common, by the names that `Coupon` and `Terms` share."""
    return {
        "discount": Discount(str(item["discount"])),
        "value": _number(item, "value"),
        "threshold": Fen(_number(item, "threshold")),
        "cap": Fen(_number(item, "cap")),
        "products": str(item["products"]),
        "stackable": item["stackable"] is True,
        "returns": item["returns"] is True,
    }


def must_be_few(coupon_ids: Sequence[str]) -> None:
    """Raise `CouponNotApplicableError` for more than an order takes, and for one that is named twice."""
    if len({*coupon_ids}) < len(coupon_ids) or len(coupon_ids) > MOST_COUPONS:
        raise CouponNotApplicableError(f"Name each coupon once, and at most {MOST_COUPONS}.")


def discount_of(coupons: Sequence[Coupon], kind: str, amount: Fen, now: Instant) -> Fen:
    """What the coupons take off an order, fen; percents first, each on what is left. The customer pays at
    least 1 fen.

    The same for the same coupons in any order. Raises `CouponNotAvailableError` (state, window) and
    `CouponNotApplicableError`, also for a coupon that would take nothing off: it would be used up so.
    """
    must_be_few([coupon.coupon_id for coupon in coupons])
    for coupon in coupons:
        _must_fit(coupon, kind, amount, now, alone=len(coupons) == 1)
    left = amount
    for coupon in sorted(coupons, key=_turn):
        cut = min(_cut(coupon, left), left - 1)
        if cut <= 0:
            raise CouponNotApplicableError("A coupon takes nothing off this order: leave it for another one.")
        left = Fen(left - cut)
    return Fen(amount - left)


def hold(coupons: Iterable[Coupon], order_id: str) -> tuple[Write, ...]:
    """With the order's placement; raises `CouponNotAvailableError` when somebody was faster."""
    return tuple(
        Update(
            coupon_key(coupon.account_id, coupon.coupon_id),
            when=_HOLDABLE if coupon.returns else _HOLDABLE_ONCE,
            assign={"state": CouponState.HELD.value, "order_id": order_id},
            otherwise=CouponNotAvailableError(),
        )
        for coupon in coupons
    )


def redeem(account_id: str, coupon_ids: Iterable[str], order_id: str) -> tuple[Write, ...]:
    """With the order's payment."""
    state = {"state": CouponState.REDEEMED.value}
    return _moved(account_id, coupon_ids, order_id, CouponState.HELD, state)


def release(account_id: str, coupon_ids: Iterable[str], order_id: str) -> tuple[Write, ...]:
    """With the order's end unpaid: as it was before it was held."""
    state = {"state": CouponState.AVAILABLE.value}
    return _moved(account_id, coupon_ids, order_id, CouponState.HELD, state, remove=("order_id",))


def give_back(account_id: str, coupon_ids: Iterable[str], order_id: str, now: Instant) -> tuple[Write, ...]:
    """With the order's failure after it was paid: REDEEMED → RETURNED."""
    state: Item = {
        "state": CouponState.RETURNED.value,
        "given_back": True,
        "usable_until": later(now, RETURNED_MS),
    }
    return _moved(account_id, coupon_ids, order_id, CouponState.REDEEMED, state, remove=("order_id",))


_HOLDABLE = OneOf("state", (CouponState.AVAILABLE.value, CouponState.RETURNED.value))
_HOLDABLE_ONCE = all_of(Is("state", CouponState.AVAILABLE.value), Missing("given_back"))


def _moved(
    account_id: str,
    coupon_ids: Iterable[str],
    order_id: str,
    before: CouponState,
    assign: Item,
    remove: tuple[str, ...] = (),
) -> tuple[Write, ...]:
    """From one state to the next, of this order's coupons only; else `ChangedMeanwhileError`."""
    when = all_of(Is("state", before.value), Is("order_id", order_id))
    return tuple(
        Update(coupon_key(account_id, coupon_id), when=when, assign=assign, remove=remove)
        for coupon_id in coupon_ids
    )


def _must_fit(coupon: Coupon, kind: str, amount: Fen, now: Instant, *, alone: bool) -> None:
    usable = coupon.state is CouponState.AVAILABLE or (
        coupon.state is CouponState.RETURNED and coupon.returns
    )
    if not usable or not coupon.valid_from <= now < coupon.valid_until:
        raise CouponNotAvailableError
    fits = kind in coupon.products.split() if coupon.products else kind != WALLET
    if not fits or amount < coupon.threshold or not (alone or coupon.stackable):
        raise CouponNotApplicableError


def _turn(coupon: Coupon) -> tuple[bool, int, int, str]:
    """Percents first; among alike ones what makes the sum independent of the order they came in."""
    return coupon.discount is not Discount.PERCENT, coupon.value, coupon.cap, coupon.coupon_id


def _cut(coupon: Coupon, left: Fen) -> int:
    """Fen off; parts of a fen are the house's."""
    if coupon.discount is not Discount.PERCENT:
        return coupon.value
    cut = left * coupon.value // 100
    return min(cut, coupon.cap) if coupon.cap else cut


def _number(item: Item, name: str) -> int:
    return int(str(item[name]))
