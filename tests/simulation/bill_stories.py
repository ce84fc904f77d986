"""Stories of people who pay bills: several at once, in parts, refused late, silent, and twice at a time."""

from octane.channels.port import PaymentMethod
from octane.orders.states import OrderState
from simulation.cast import Cast, Story
from simulation.faults import FAIL, LOSE, REFUSE, STALE, STAY
from simulation.people import Person

BALANCE = PaymentMethod.WALLET_BALANCE
FIRST, SECOND = ("B01", 8_000), ("B02", 2_345)
PARTS = 3


def _paid(
    ann: Person, alias: str, *bills: tuple[str, int], coupons: tuple[str, ...] = ()
) -> OrderState | None:
    order = ann.place_bills(alias, bills, coupons=coupons)
    if not order:
        return None
    reference = ann.pay(order)
    ann.wait(1_000, 30_000)
    ann.confirm(reference)
    return ann.watch(order)


def bill_paid(cast: Cast, ann: Person, alias: str) -> None:
    cast.owes(ann, FIRST, SECOND)
    _paid(ann, alias, FIRST, SECOND)


def bill_with_coupon(cast: Cast, ann: Person, alias: str) -> None:
    cast.owes(ann, FIRST)
    cast.coupon(ann, "one", 1_500)
    cast.script("pay bills", alias, ann.random.choice(("", REFUSE, FAIL)))
    _paid(ann, alias, FIRST, coupons=("one",))


def bill_refused(cast: Cast, ann: Person, alias: str) -> None:
    """The biller wants nothing of it: what is asked is not what is owed."""
    cast.owes(ann, FIRST)
    _paid(ann, alias, (FIRST[0], FIRST[1] + 1))


def bill_refused_late(cast: Cast, ann: Person, alias: str) -> None:
    """Taken, and refused in the end."""
    cast.owes(ann, FIRST, SECOND)
    cast.script("pay bills", alias, FAIL)
    _paid(ann, alias, FIRST, SECOND)


def slow_biller(cast: Cast, ann: Person, alias: str) -> None:
    cast.owes(ann, FIRST)
    cast.script("pay bills", alias, STAY)
    cast.script("query bills", alias, ann.random.choice(("", STALE)))
    _paid(ann, alias, FIRST)


def silent_biller(cast: Cast, ann: Person, alias: str) -> None:
    """No notice comes: only our own question finds the end."""
    cast.owes(ann, FIRST)
    cast.script("pay bills", alias, ann.random.choice(("", FAIL)))
    cast.script("notice biller_notice", alias, LOSE)
    _paid(ann, alias, FIRST)


def bill_on_two_pages(cast: Cast, ann: Person, alias: str) -> None:
    """Two pages pay the same bill at once: one of them is told that it is in payment."""
    cast.owes(ann, FIRST, SECOND)

    def other() -> None:
        order = ann.place_bills(f"{ann.name}2", (FIRST, SECOND))
        if order:
            ann.confirm(ann.pay(order))

    cast.start(f"{ann.name}'s page", other, ann.random.randint(0, 60))
    _paid(ann, alias, FIRST)


def bill_given_up(cast: Cast, ann: Person, alias: str) -> None:
    """Cancels, and pays the same bill from the balance."""
    cast.owes(ann, FIRST)
    cast.fill(ann, FIRST[1])
    order = ann.place_bills(alias, (FIRST,))
    reference = ann.pay(order)
    cast.start(f"{ann.name}'s phone", lambda: ann.confirm(reference), ann.random.randint(0, 1_500))
    ann.wait(0, 1_000)
    ann.cancel(order)
    again = ann.place_bills(f"{ann.name}2", (FIRST,))
    if again:
        ann.pay(again, BALANCE)
        ann.watch(again)
    ann.watch(order)


def in_instalments(cast: Cast, ann: Person, alias: str) -> None:
    """Pays the first part, and all that is left in one; one of them may be refused late, or paid late."""
    cast.owes(ann, FIRST)
    plan = cast.plan(ann, FIRST, PARTS)
    cast.script("pay bills", alias, ann.random.choice(("", "", FAIL, REFUSE)))
    for number, parts in enumerate((1, PARTS - 1, 1), 1):
        order = ann.place_plan(f"{ann.name}{number}", plan, parts)
        if order:
            ann.confirm(ann.pay(order))
            ann.watch(order)
        ann.wait(1_000, 100_000)


def instalment_twice(cast: Cast, ann: Person, alias: str) -> None:
    """Two pages pay the next instalment at once."""
    cast.owes(ann, FIRST)
    plan = cast.plan(ann, FIRST, PARTS)

    def other() -> None:
        order = ann.place_plan(f"{ann.name}2", plan, 1)
        if order:
            ann.confirm(ann.pay(order))

    cast.start(f"{ann.name}'s page", other, ann.random.randint(0, 400))
    order = ann.place_plan(alias, plan, 2)
    if order:
        ann.confirm(ann.pay(order))
        ann.watch(order)


ALL: tuple[Story, ...] = (
    *(bill_paid, bill_with_coupon, bill_refused, bill_refused_late, slow_biller, silent_biller),
    *(bill_on_two_pages, bill_given_up, in_instalments, instalment_twice),
)
