"""Stories of people with coupons: held, redeemed, released, given back, too late, twice; many for a few."""

from functools import partial

from octane.channels.port import PaymentMethod
from octane.coupons.admission import SoldOutError
from octane.kernel.errors import OctaneError
from octane.orders.states import OrderState
from simulation.cast import Cast, Story
from simulation.faults import FAIL, REFUSE
from simulation.people import Person
from simulation.review_stories import LARGE
from simulation.reviewing import prove

BALANCE, JSAPI = PaymentMethod.WALLET_BALANCE, PaymentMethod.WECHAT_JSAPI
OFF, AMOUNT = 1_500, 10_000
HOUR = 3_600_000
FEW, MANY, CLAIMERS, SHARDS = 5, 14, 8, 2


def _bought(ann: Person, alias: str, *coupons: str, wallet: int = 0) -> OrderState | None:
    order = ann.place(alias, AMOUNT, coupons=coupons)
    reference = ann.pay(order, wallet=wallet)
    ann.wait(1_000, 30_000)
    ann.confirm(reference)
    return ann.watch(order)


def with_coupon(cast: Cast, ann: Person, alias: str) -> None:
    cast.coupon(ann, "one", OFF)
    _bought(ann, alias, "one")


def with_two_coupons(cast: Cast, ann: Person, alias: str) -> None:
    """A percentage and an amount, and part of the rest from the balance."""
    cast.fill(ann, 4_000)
    cast.coupon(ann, "one", OFF, stackable=True)
    cast.coupon(ann, "ten", 10, percent=True, stackable=True)
    _bought(ann, alias, "one", "ten", wallet=4_000)


def coupon_and_wallet(cast: Cast, ann: Person, alias: str) -> None:
    cast.fill(ann, AMOUNT)
    cast.coupon(ann, "one", OFF)
    order = ann.place(alias, AMOUNT, coupons=("one",))
    ann.pay(order, BALANCE)
    ann.watch(order)


def coupon_refused(cast: Cast, ann: Person, alias: str) -> None:
    """The issuer refuses: the money goes back, and the coupon can be used again."""
    cast.coupon(ann, "one", OFF)
    cast.script("submit", alias, ann.random.choice((REFUSE, FAIL)))
    _bought(ann, alias, "one")
    ann.wait(1_000, 200_000)
    again = ann.place(f"{ann.name}2", AMOUNT, coupons=("one",))
    if again:
        ann.confirm(ann.pay(again))
        ann.watch(again)


def coupon_unpaid(cast: Cast, ann: Person, alias: str) -> None:
    """Never pays; or pays when it is too late."""
    cast.coupon(ann, "one", OFF)
    order = ann.place(alias, AMOUNT, coupons=("one",))
    reference = ann.pay(order)
    ann.watch(order)
    if ann.random.random() < 1 / 2:
        ann.confirm(reference, late=True)
    ann.watch(order)


def coupon_cancelled(cast: Cast, ann: Person, alias: str) -> None:
    """Cancels while the phone pays, and uses the coupon for another order at once."""
    cast.coupon(ann, "one", OFF)
    order = ann.place(alias, AMOUNT, coupons=("one",))
    reference = ann.pay(order)
    ann.wait(1_000, 30_000)
    cast.start(f"{ann.name}'s phone", lambda: ann.confirm(reference), ann.random.randint(0, 1_200))
    ann.cancel(order)
    again = ann.place(f"{ann.name}2", AMOUNT, coupons=("one",))
    if again:
        ann.confirm(ann.pay(again))
        ann.watch(again)
    ann.watch(order)


def one_coupon_two_orders(cast: Cast, ann: Person, alias: str) -> None:
    """Two pages place an order with the same coupon at once."""
    cast.coupon(ann, "one", OFF)

    def other() -> None:
        order = ann.place(f"{ann.name}2", AMOUNT, coupons=("one",))
        if order:
            ann.confirm(ann.pay(order))

    cast.start(f"{ann.name}'s page", other, ann.random.randint(0, 60))
    order = ann.place(alias, AMOUNT, coupons=("one",))
    if order:
        ann.confirm(ann.pay(order))
        ann.watch(order)


def coupon_expires(cast: Cast, ann: Person, alias: str) -> None:
    """Its time is over between the order and the payment, or just before the order."""
    cast.coupon(ann, "one", OFF, minutes=2)
    ann.wait(1_000, 150_000)
    order = ann.place(alias, AMOUNT, coupons=("one",))
    if not order:
        return
    reference = ann.pay(order)
    ann.wait(60_000, 200_000)
    ann.confirm(reference)
    ann.watch(order)


def coupon_reviewed(cast: Cast, ann: Person, alias: str) -> None:
    """A large order with a coupon is held, and nobody decides, or one does not let it go."""
    cast.coupon(ann, "one", OFF)
    order = ann.place(alias, LARGE, coupons=("one",))
    ann.confirm(ann.pay(order))
    ann.wait(2_000, 60_000)
    if ann.random.random() < 1 / 2:
        prove(ann, order, LARGE)
    ann.watch(order)


def claimed_at_once(cast: Cast, ann: Person, alias: str) -> None:
    """Eight claimers for a few units in two shards; each claims, sends again, and claims two more."""
    campaign = f"SALE{alias}"
    cast.campaign(campaign, ann.random.choice((FEW, MANY)), SHARDS)
    for number in range(CLAIMERS):
        buyer = cast.claimer(f"{ann.name}-{number}")
        cast.start(buyer.name, partial(_claim_twice, buyer, campaign), ann.random.randint(0, 60))


def _claim_twice(buyer: Person, campaign: str) -> None:
    for key in ("first", "first", "second", "third"):
        try:
            buyer.claim(campaign, key)
        except OctaneError as error:
            if isinstance(error, SoldOutError):
                for told in buyer.world.on_sold_out:
                    told(campaign)
            buyer.world.note(f"no coupon: {error.code}")
        buyer.wait(0, 300)


ALL: tuple[Story, ...] = (
    *(with_coupon, with_two_coupons, coupon_and_wallet, coupon_refused, coupon_unpaid, coupon_cancelled),
    *(one_coupon_two_orders, coupon_expires, coupon_reviewed, claimed_at_once),
)
