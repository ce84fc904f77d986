"""What people want of us: each story is one person's, told with random pauses; a world is many at once."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from octane.channels.port import PaymentMethod
from octane.ledger.balances import HoldState
from octane.orders.states import OrderState
from simulation import (
    bill_stories,
    channel_stories,
    coupon_stories,
    reconcile_stories,
    review_stories,
    rights_stories,
    route_stories,
    wallet_stories,
)
from simulation.books import OWNER
from simulation.cast import Cast, Story
from simulation.faults import FAIL, LOSE, REFUSE, STALE, STAY, STUCK
from simulation.holds import BUYERS, buy, open_sale
from simulation.people import Person
from simulation.scheduler import Dice
from simulation.telling import happy, refund_twice
from simulators.protocol import RefusedError

MOST_PEOPLE = 20


def quick(_cast: Cast, ann: Person, alias: str) -> None:
    reference = ann.quick_pay(alias, 50)
    ann.wait(1_000, 30_000)
    ann.confirm(reference)
    ann.watch(ann.orders[-1])


def refused(cast: Cast, ann: Person, alias: str) -> None:
    """The issuer refuses the submit: the payment goes back."""
    cast.script("submit", alias, REFUSE)
    happy(cast, ann, alias)


def revoked(cast: Cast, ann: Person, alias: str) -> None:
    """The issuer takes the recharge and fails it later."""
    cast.script("submit", alias, FAIL)
    happy(cast, ann, alias)


def slow_issuer(cast: Cast, ann: Person, alias: str) -> None:
    cast.script("submit", alias, STAY)
    happy(cast, ann, alias)


def forgetful_issuer(cast: Cast, ann: Person, alias: str) -> None:
    """The issuer takes the recharge, works for hours, and when first asked does not know of it."""
    cast.script("submit", alias, STAY, ann.random.choice(("", REFUSE)))
    cast.script("query recharge", alias, STALE)
    happy(cast, ann, alias)


def stuck_refund(cast: Cast, ann: Person, alias: str) -> None:
    """The refund of a refused top-up cannot reach its payer: a person must act."""
    cast.script("submit", alias, REFUSE)
    cast.script("refund", alias, STUCK)
    happy(cast, ann, alias)


def silent(cast: Cast, ann: Person, alias: str) -> None:
    """No notice ever comes: only our own questions find the payment, the refusal and the refund."""
    cast.script("submit", alias, FAIL)
    for notice in ("wechat_payment", "issuer_recharge", "wechat_refund"):
        cast.script(f"notice {notice}", alias, LOSE)
    happy(cast, ann, alias)


def unstarted(_cast: Cast, ann: Person, alias: str) -> None:
    ann.watch(ann.place(alias, 10_000))


def unpaid(_cast: Cast, ann: Person, alias: str) -> None:
    order = ann.place(alias, 20_000)
    reference = ann.pay(order)
    ann.watch(order)
    ann.confirm(reference)


def cancelled(_cast: Cast, ann: Person, alias: str) -> None:
    order = ann.place(alias, 20_000)
    reference = ann.pay(order)
    ann.wait(1_000, 100_000)
    ann.cancel(order)
    ann.confirm(reference)
    ann.watch(order)


def cancelled_while_paid(cast: Cast, ann: Person, alias: str) -> None:
    """The phone confirms in the very moment of the cancel."""
    order = ann.place(alias, 20_000)
    reference = ann.pay(order)
    ann.wait(1_000, 30_000)
    cast.start(f"{ann.name}'s phone", lambda: ann.confirm(reference), ann.random.randint(0, 1_200))
    ann.cancel(order)
    ann.watch(order)


def cancelled_while_started(cast: Cast, ann: Person, alias: str) -> None:
    """One page starts the payment while the other cancels, and starts it again."""
    order = ann.place(alias, 20_000)
    cast.start(f"{ann.name}'s page", lambda: ann.confirm(ann.pay(order)), ann.random.randint(0, 300))
    ann.wait(0, 300)
    ann.cancel(order)
    ann.wait(0, 90_000)
    ann.confirm(ann.pay(order, key="again"))
    ann.watch(order)


def paid_late(_cast: Cast, ann: Person, alias: str) -> None:
    """The money arrives although the trade is closed (PY8)."""
    order = ann.place(alias, 30_000)
    reference = ann.pay(order)
    ann.watch(order)
    ann.wait(10_000, 600_000)
    ann.confirm(reference, late=True)
    ann.watch(order)


def mismatched(_cast: Cast, ann: Person, alias: str) -> None:
    """The channel itself says that another amount was paid."""
    order = ann.place(alias, 30_000)
    reference = ann.pay(order)
    ann.wait(1_000, 30_000)
    ann.confirm(reference, amount=ann.random.choice((1, 29_999, 30_001)))
    ann.watch(order)


def two_phones(cast: Cast, ann: Person, alias: str) -> None:
    """The channel closes the first trade, the second phone starts another; both are paid."""
    order = ann.place(alias, 40_000)
    first = ann.pay(order)
    ann.wait(500, 2_000)
    try:
        cast.world.wechat.close(OWNER, f"{order}P01")
    except RefusedError as refusal:
        cast.world.note(f"the channel did not close it: {refusal.code}")
    cast.world.note("the channel closes the first trade")
    ann.wait(130_000, 240_000)
    second = ann.pay(order, PaymentMethod.WECHAT_NATIVE, key="second")
    phone = ann.random.randint(0, 4_000)
    cast.start(f"{ann.name}'s other phone", lambda: ann.confirm(second), phone)
    ann.wait(0, 4_000)
    ann.confirm(first, late=True)
    if ann.watch(order) is OrderState.SUCCEEDED:
        refund_twice(cast, ann, 20_000)


def two_pages(cast: Cast, ann: Person, alias: str) -> None:
    """Two pages start the same payment at once; the customer pays whichever comes."""
    order = ann.place(alias, 40_000)

    def other() -> None:
        ann.confirm(ann.pay(order, key="other"))

    cast.start(f"{ann.name}'s page", other, ann.random.randint(0, 200))
    ann.confirm(ann.pay(order))
    ann.watch(order)


def flash_sale(cast: Cast, ann: Person, alias: str) -> None:
    """Six buyers at once, stock for four, in two shards; every third gives up and returns it."""
    account = f"SALE-{alias}"
    open_sale(cast.world, account)
    for number in range(BUYERS):
        hold_id = f"{alias}-{number}"
        outcome = HoldState.POSTED if number % 3 else HoldState.VOIDED
        act = partial(buy, ann, account, hold_id, outcome)
        cast.start(f"{ann.name}-buyer{number}", act, ann.random.randint(0, 40))


def refunded_by_staff(cast: Cast, ann: Person, alias: str) -> None:
    """Two members of staff refund the same delivered top-up at once, each 60 %, one of them twice."""
    happy(cast, ann, alias)
    if not ann.seen or ann.seen[-1].state is not OrderState.SUCCEEDED:
        return
    refund_twice(cast, ann, ann.random.choice((2_000, 6_000)))


STORIES: Mapping[str, Story] = MappingProxyType(
    {
        story.__name__: story
        for story in (
            *(happy, refused, revoked, unpaid, cancelled, paid_late),
            *(quick, silent, slow_issuer, forgetful_issuer, stuck_refund, unstarted, cancelled_while_paid),
            *(cancelled_while_started, mismatched, two_phones, two_pages, refunded_by_staff, flash_sale),
            *channel_stories.ALL,
            *wallet_stories.ALL,
            *route_stories.ALL,
            *reconcile_stories.ALL,
            *review_stories.ALL,
            *rights_stories.ALL,
            *coupon_stories.ALL,
            *bill_stories.ALL,
        )
    }
)


def enter(cast: Cast, story: str, only: tuple[str, ...]) -> None:
    """Bring the people of a schedule on stage: one with a story, or a random crowd (`world`)."""
    if story != "world":
        _tell(cast, STORIES[story], "A", 0)
        return
    random = Dice(f"{cast.world.schedule.seed}/crowd")
    people = min(MOST_PEOPLE, 1 + int(random.expovariate(0.35)))
    gap = random.choice((200, 5_000, 200_000))
    for number in range(people):
        name, told, delay = chr(65 + number), random.choice(list(STORIES)), random.randint(0, gap)
        if not only or name in only:
            _tell(cast, STORIES[told], name, delay)


def _tell(cast: Cast, story: Story, name: str, delay: int) -> None:
    person = cast.customer(name)
    cast.closing.journal.kept |= story in reconcile_stories.ALL
    cast.world.note(f"{name}: {story.__name__}")
    cast.start(name, lambda: story(cast, person, f"{name}1"), delay)
