"""Stories of customers who have a balance with us."""

from functools import partial

from octane.channels.port import PaymentMethod
from octane.orders.states import OrderState
from simulation.books import OWNER
from simulation.cast import Cast, Story
from simulation.faults import REFUSE
from simulation.people import Person
from simulation.telling import happy, left_alone, refund_twice
from simulators.protocol import RefusedError

BALANCE, JSAPI, ALIPAY = (
    PaymentMethod.WALLET_BALANCE,
    PaymentMethod.WECHAT_JSAPI,
    PaymentMethod.ALIPAY_NATIVE,
)
PART = 4_000


def wallet_filled(_cast: Cast, ann: Person, alias: str) -> None:
    """Fills the wallet, then pays a top-up from it."""
    first = ann.top_up(alias, 30_000)
    ann.confirm(ann.pay(first))
    ann.wait(1_000, 5_000)
    order = ann.place(f"{ann.name}2", 10_000)
    ann.pay(order, BALANCE)
    ann.watch(first)
    ann.pay(order, BALANCE, key="again")
    ann.watch(order)


def from_wallet(cast: Cast, ann: Person, alias: str) -> None:
    cast.fill(ann, 15_000)
    happy(cast, ann, alias, BALANCE)


def from_wallet_refused(cast: Cast, ann: Person, alias: str) -> None:
    cast.fill(ann, 15_000)
    cast.script("submit", alias, REFUSE)
    happy(cast, ann, alias, BALANCE)


def combined(cast: Cast, ann: Person, alias: str) -> None:
    cast.fill(ann, PART)
    happy(cast, ann, alias, wallet=PART)


def combined_refused(cast: Cast, ann: Person, alias: str) -> None:
    """Both parts come back, each to where it came from."""
    cast.fill(ann, PART)
    cast.script("submit", alias, REFUSE)
    happy(cast, ann, alias, ALIPAY, wallet=PART)


def combined_unpaid(cast: Cast, ann: Person, alias: str) -> None:
    """Never pays the channel's part; the balance is free for another order."""
    cast.fill(ann, PART)
    order = ann.place(alias, 10_000)
    ann.pay(order, wallet=PART)
    ann.wait(1_000, 30_000)
    ann.cancel(order)
    other = ann.place(f"{ann.name}2", PART)
    ann.pay(other, BALANCE)
    ann.watch(order)
    ann.watch(other)


def combined_late(cast: Cast, ann: Person, alias: str) -> None:
    """The channel's part comes when the wallet's part was given back: it is returned."""
    cast.fill(ann, PART)
    left_alone(ann, alias, JSAPI, wallet=PART)


def combined_late_in_time(cast: Cast, ann: Person, alias: str) -> None:
    """The channel's part comes late, but the order waits still for a payment, and gets another."""
    cast.fill(ann, PART)
    order = ann.place(alias, 20_000)
    first = ann.pay(order, wallet=PART)
    ann.wait(500, 20_000)
    second = ann.pay(order, ALIPAY, key="second")
    ann.wait(500, 5_000)
    ann.confirm(first, late=True)
    ann.wait(0, 2_000)
    ann.confirm(second)
    ann.watch(order)


def combined_closed(cast: Cast, ann: Person, alias: str) -> None:
    """The channel itself closes the trade; we learn of it, and then the money comes nevertheless."""
    cast.fill(ann, PART)
    order = ann.place(alias, 20_000)
    reference = ann.pay(order, wallet=PART)
    ann.wait(500, 2_000)
    try:
        cast.world.wechat.close(OWNER, f"{order}P01")
    except RefusedError as refusal:
        cast.world.note(f"the channel did not close it: {refusal.code}")
    ann.wait(130_000, 240_000)
    ann.confirm(reference, late=True)
    ann.watch(order)


def combined_mismatched(cast: Cast, ann: Person, alias: str) -> None:
    cast.fill(ann, PART)
    order = ann.place(alias, 10_000)
    reference = ann.pay(order, wallet=PART)
    ann.wait(1_000, 30_000)
    ann.confirm(reference, amount=10_000)
    ann.watch(order)


def combined_by_staff(cast: Cast, ann: Person, alias: str) -> None:
    """Staff refund parts of a combined payment, two at once: the channel's part first."""
    cast.fill(ann, PART)
    if happy(cast, ann, alias, wallet=PART) is OrderState.SUCCEEDED:
        refund_twice(cast, ann, ann.random.choice((3_000, 5_000, 7_000)))


def combined_with_less(cast: Cast, ann: Person, alias: str) -> None:
    """Asks for more from the wallet than is there, then for what is; then changes to the wallet alone."""
    cast.fill(ann, PART)
    order = ann.place(alias, PART)
    ann.pay(order, wallet=PART - 1)
    ann.pay(order, wallet=PART - 1_000, key="less")
    ann.wait(500, 20_000)
    ann.pay(order, BALANCE, key="all")
    ann.watch(order)


def two_purses(cast: Cast, ann: Person, alias: str) -> None:
    """Two phones pay two orders from a balance that is enough for one."""
    cast.fill(ann, 15_000)
    orders = ann.place(alias, 10_000), ann.place(f"{ann.name}2", 10_000)
    phone = ann.random.randint(0, 60)
    cast.start(f"{ann.name}'s phone", partial(ann.pay, orders[1], wallet=9_000), phone)
    ann.pay(orders[0], BALANCE)
    for order in orders:
        ann.watch(order)


def purse_or_channel(cast: Cast, ann: Person, alias: str) -> None:
    """Two pages pay one order at once, one from the balance, one through a channel."""
    cast.fill(ann, 15_000)
    order = ann.place(alias, 10_000)

    def other() -> None:
        ann.confirm(ann.pay(order, key="other", wallet=2_000))

    cast.start(f"{ann.name}'s page", other, ann.random.randint(0, 300))
    ann.wait(0, 600)
    ann.pay(order, BALANCE)
    ann.watch(order)


ALL: tuple[Story, ...] = (
    *(wallet_filled, from_wallet, from_wallet_refused, combined, combined_refused, combined_unpaid),
    *(combined_late, combined_late_in_time, combined_closed, combined_mismatched),
    *(combined_by_staff, combined_with_less, two_purses, purse_or_channel),
)
