"""What several stories tell: a payment from beginning to end, and staff who refund it."""

from functools import partial

from octane.channels.port import PaymentMethod
from octane.orders.states import OrderState
from simulation.cast import Cast
from simulation.people import Person


def happy(
    _cast: Cast,
    ann: Person,
    alias: str,
    method: PaymentMethod = PaymentMethod.WECHAT_JSAPI,
    *,
    platform: str = "",
    wallet: int = 0,
    amount: int = 10_000,
) -> OrderState | None:
    """Place, pay, and look until it has ended."""
    order = ann.place(alias, amount)
    reference = ann.pay(order, method, platform=platform, wallet=wallet)
    ann.wait(1_000, 30_000)
    ann.confirm(reference)
    return ann.watch(order)


def left_alone(ann: Person, alias: str, method: PaymentMethod, *, wallet: int = 0) -> None:
    """Pay when the order is over and the trade is, too: the money arrives all the same (PY8)."""
    order = ann.place(alias, 30_000)
    reference = ann.pay(order, method, wallet=wallet)
    ann.watch(order)
    ann.wait(10_000, 600_000)
    ann.confirm(reference, late=True)
    ann.watch(order)


def refund_twice(cast: Cast, ann: Person, amount: int) -> None:
    order = ann.orders[-1]
    for name in (f"{ann.name}-bob", f"{ann.name}-eve"):
        staff = cast.staff(name)
        cast.start(name, partial(_grant_twice, staff, order, amount), ann.random.randint(0, 60))
    ann.wait(1_000, 100_000)
    ann.look(order)


def _grant_twice(staff: Person, order: str, amount: int) -> None:
    for _ in range(2):
        staff.grant(order, amount, f"grant-{staff.name}")
