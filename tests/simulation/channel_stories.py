"""Stories of Alipay, UnionPay, and of customers who change their mind."""

from octane.channels.port import PaymentMethod
from octane.orders.states import OrderState
from simulation.cast import Cast, Story
from simulation.faults import FAIL, LOSE, REFUSE, STUCK
from simulation.people import Person
from simulation.telling import happy, left_alone, refund_twice

NATIVE, ALIPAY, UNIONPAY = (
    PaymentMethod.WECHAT_NATIVE,
    PaymentMethod.ALIPAY_NATIVE,
    PaymentMethod.UNIONPAY_APP,
)


def alipay(cast: Cast, ann: Person, alias: str) -> None:
    happy(cast, ann, alias, ALIPAY)


def unionpay(cast: Cast, ann: Person, alias: str) -> None:
    happy(cast, ann, alias, UNIONPAY)


def alipay_refused(cast: Cast, ann: Person, alias: str) -> None:
    """The issuer refuses, and Alipay's first try to give the money back comes to nothing."""
    cast.script("submit", alias, REFUSE)
    cast.script("refund", alias, FAIL)
    happy(cast, ann, alias, ALIPAY)


def unionpay_refused(cast: Cast, ann: Person, alias: str) -> None:
    cast.script("submit", alias, REFUSE)
    happy(cast, ann, alias, UNIONPAY)


def unionpay_at_the_cut(cast: Cast, ann: Person, alias: str) -> None:
    """The payment goes back while the clearing day ends: what may be voided no longer must be refunded."""
    cast.script("submit", alias, REFUSE)
    ann.wait_until(22, ann.random.choice((50, 59)))
    happy(cast, ann, alias, UNIONPAY)


def unionpay_stuck(cast: Cast, ann: Person, alias: str) -> None:
    """UnionPay accepts the refund, and it fails later: a person must act."""
    cast.script("submit", alias, REFUSE)
    cast.script("refund", alias, STUCK)
    happy(cast, ann, alias, UNIONPAY)


def alipay_silent(cast: Cast, ann: Person, alias: str) -> None:
    cast.script("submit", alias, FAIL)
    for notice in ("alipay_payment", "issuer_recharge", "alipay_refund"):
        cast.script(f"notice {notice}", alias, LOSE)
    happy(cast, ann, alias, ALIPAY)


def alipay_late(_cast: Cast, ann: Person, alias: str) -> None:
    left_alone(ann, alias, ALIPAY)


def unionpay_late(_cast: Cast, ann: Person, alias: str) -> None:
    left_alone(ann, alias, UNIONPAY)


def alipay_cancelled(cast: Cast, ann: Person, alias: str) -> None:
    """The code is scanned in the very moment of the cancel."""
    order = ann.place(alias, 20_000)
    reference = ann.pay(order, ALIPAY)
    ann.wait(1_000, 30_000)
    cast.start(f"{ann.name}'s phone", lambda: ann.confirm(reference), ann.random.randint(0, 1_200))
    ann.cancel(order)
    ann.watch(order)


def unionpay_by_staff(cast: Cast, ann: Person, alias: str) -> None:
    if happy(cast, ann, alias, UNIONPAY) is OrderState.SUCCEEDED:
        refund_twice(cast, ann, 6_000)


def switched(_cast: Cast, ann: Person, alias: str) -> None:
    """Starts at WeChat Pay, then prefers Alipay, and tries to pay both."""
    order = ann.place(alias, 20_000)
    first = ann.pay(order, NATIVE)
    ann.wait(500, 20_000)
    second = ann.pay(order, ALIPAY, key="second")
    ann.wait(500, 20_000)
    ann.confirm(first)
    ann.confirm(second)
    ann.watch(order)


def switched_while_paid(cast: Cast, ann: Person, alias: str) -> None:
    """The first payment is confirmed in the moment of the change; then the second one, if there is one."""
    order = ann.place(alias, 20_000)
    first = ann.pay(order, NATIVE)
    ann.wait(500, 20_000)
    cast.start(f"{ann.name}'s phone", lambda: ann.confirm(first), ann.random.randint(0, 800))
    second = ann.pay(order, ALIPAY, key="second")
    ann.wait(500, 5_000)
    ann.confirm(second)
    ann.watch(order)


def switched_back(_cast: Cast, ann: Person, alias: str) -> None:
    """Closes the first trade by changing to Alipay, then WeChat Pay takes money for the closed one."""
    order = ann.place(alias, 20_000)
    first = ann.pay(order, NATIVE)
    ann.wait(500, 20_000)
    second = ann.pay(order, ALIPAY, key="second")
    ann.wait(500, 20_000)
    ann.confirm(second)
    ann.wait(0, 2_000)
    ann.confirm(first, late=True)
    ann.watch(order)


def no_way_back(_cast: Cast, ann: Person, alias: str) -> None:
    """A tn cannot be closed: whoever began with UnionPay pays there, or waits until it is over."""
    order = ann.place(alias, 20_000)
    first = ann.pay(order, UNIONPAY)
    ann.wait(500, 20_000)
    second = ann.pay(order, NATIVE, key="second")
    ann.wait(500, 20_000)
    ann.confirm(second)
    ann.confirm(first)
    ann.watch(order)


ALL: tuple[Story, ...] = (
    *(alipay, unionpay, alipay_refused, unionpay_refused, unionpay_at_the_cut, unionpay_stuck),
    *(alipay_silent,),
    *(alipay_late, unionpay_late, alipay_cancelled, unionpay_by_staff),
    *(switched, switched_while_paid, switched_back, no_way_back),
)
