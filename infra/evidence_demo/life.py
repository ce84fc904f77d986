"""People and staff who leave entries and acts: paid orders, refunds granted, orders read by support."""

from octane.audit.acts import act_of, record
from octane.channels.port import PaymentMethod
from octane.issuers.names import Issuer
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.ledger.entries import post
from octane.ledger.topup import payment_received
from octane.orders.access import get_order
from octane.orders.model import Attempt, Order, Step
from octane.orders.records import attempt_key, item_of, order_key, record_step
from octane.orders.refund import grant_refund
from octane.orders.states import AttemptStatus, Event, OrderState
from octane.store.writes import Absent, Put
from octane.wiring import Wiring

ANN = Caller(derive_id("U", "ann"), Role.CUSTOMER, "S1", "openid-ann", ip="198.51.100.7", device="phone-1")
BEN = Caller(derive_id("U", "ben"), Role.CUSTOMER, "S2", "openid-ben", ip="198.51.100.8", device="phone-2")
CLERK = Caller(derive_id("U", "clerk"), Role.FINANCE, "S3", ip="203.0.113.3", device="desk-3")
HELP = Caller(derive_id("U", "help"), Role.SUPPORT, "S4", ip="203.0.113.4", device="desk-4")
AUDITOR = Caller(derive_id("U", "auditor"), Role.AUDITOR, "S5", ip="203.0.113.5", device="desk-5")
REFUND_EVERY, READ_EVERY = 3, 2


def live(octane: Wiring, orders: int, name: str) -> list[str]:
    """So many orders of two people; every third is refunded in part by finance, every second read by
    support. Return Ann's."""
    anns = []
    for number in range(orders):
        person = ANN if number % 2 else BEN
        order_id = delivered(octane, person, f"{name}-{number}", 5_000 + number)
        if number % READ_EVERY == 0:
            get_order(octane, HELP, order_id)
        if number % REFUND_EVERY == 0:
            grant_refund(octane, CLERK, order_id, 100, "asked for", f"refund-{name}-{number}")
        if person is ANN:
            anns.append(order_id)
    return anns


def delivered(octane: Wiring, person: Caller, key: str, amount: int) -> str:
    """A top-up that was placed, paid and delivered, with its entry, its step and its act."""
    order_id, now = derive_id("T", person.user_id, key), octane.clock.now()
    number, paid = f"4200{key}", Fen(amount)
    order = Order(
        order_id,
        person.user_id,
        OrderState.SUCCEEDED,
        2,
        paid,
        "digest",
        now,
        Instant(now + 900_000),
        card_id="C1",
        issuer=Issuer.SINOPEC,
        attempt_no=1,
        captured=paid,
    )
    attempt = Attempt(
        order_id,
        1,
        PaymentMethod.WECHAT_JSAPI,
        AttemptStatus.PAID,
        paid,
        person.openid,
        "key",
        "digest",
        now,
        order.expires_at,
        transaction_id=number,
        paid=paid,
        paid_at=now,
        notice_nonce="n0nce",
    )
    step = Step(
        order_id, person.user_id, 2, OrderState.SUCCEEDED, Event.ORDER_SUCCEEDED, now, "issuer", number
    )
    parts = {"CHANNEL_RECEIVABLE:WECHAT": paid}
    octane.store.commit(
        Put(order_key(order_id), item_of(order), when=Absent()),
        Put(attempt_key(order_id, 1), item_of(attempt), when=Absent()),
        record_step(step),
        post(payment_received(order_id, attempt.out_trade_no, parts, now, now, number, person.openid)),
        record(act_of(person, "place_order", order_id, key, now, after="digest")),
    )
    return order_id
