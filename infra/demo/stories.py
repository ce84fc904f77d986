"""The sixteen stories. Each returns the id of its order, empty without one, or raises `StoryError`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from demo.bill_stories import bill_paid, bill_refused_late
from demo.channel_stories import channel_dies, combined_refused, quota_exhausted
from demo.checks import is_in, must, must_be_proven_by, pay, recharges, refunded
from demo.customer import Customer
from demo.price_story import price_changes
from demo.review_stories import approved, declined, forgotten
from demo.sale_story import flash_sale
from demo.stage import Stage, StoryError

SINOPEC = "100011{:013d}"
PETROCHINA = "90{:014d}"


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    title: str
    card: str
    """Empty: they need none."""
    play: Callable[[Customer], Awaitable[str]]


async def start_paying(person: Customer, order_id: str) -> str:
    """In the mini-program, with WeChat Pay; return the number of the payment."""
    return str((await person.start_paying(order_id))["out_trade_no"])


async def paid_and_recharged(person: Customer) -> str:
    order_id = await person.place(10_000)
    trade = await start_paying(person, order_id)
    await pay(person, trade)
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must(order, captured_fen=10_000, refunded_fen=0)
    await person.until_pushed(order_id, "OrderPaid")
    await person.until_pushed(order_id, "OrderSucceeded")
    return order_id


async def issuer_refuses(person: Customer) -> str:
    order_id = await person.place(20_000)
    trade = await start_paying(person, order_id)
    await person.stage.issuer.do("/rules", operation="submit", effect="fail", count=1, key=f"{order_id}R01")
    await pay(person, trade)
    order = await person.until(order_id, "FAILED and refunded", refunded)
    must(order, state="FAILED", captured_fen=20_000, refunded_fen=20_000)
    await person.until_pushed(order_id, "RefundSucceeded")
    return order_id


async def never_paid(person: Customer) -> str:
    order_id = await person.place(30_000)
    await start_paying(person, order_id)
    order = await person.until(order_id, "CLOSED", is_in("CLOSED"))
    must(order, captured_fen=0, reason="EXPIRED")
    return order_id


async def paid_after_close(person: Customer) -> str:
    order_id = await person.place(40_000)
    trade = await start_paying(person, order_id)
    await person.until(order_id, "CLOSED", is_in("CLOSED"))
    await pay(person, trade, late=True)
    order = await person.until(order_id, "the refund", refunded)
    must(order, state="CLOSED", captured_fen=0)
    if [refund["amount_fen"] for refund in order["refunds"]] != [40_000]:
        raise StoryError(f"one refund of 400.00 was awaited, got {order['refunds']}")
    return order_id


async def callback_lost(person: Customer) -> str:
    order_id = await person.place(50_000)
    trade = await start_paying(person, order_id)
    await person.stage.wechat.do("/rules", operation="payment_notice", effect="lose", key=trade)
    await pay(person, trade)
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must_be_proven_by(order, "OrderPaid", "query:")
    return order_id


async def issuer_answer_lost(person: Customer) -> str:
    order_id = await person.place(60_000)
    number = f"{order_id}R01"
    trade = await start_paying(person, order_id)
    await person.stage.issuer.do("/rules", operation="submit", effect="drop_after", count=1, key=number)
    await person.stage.issuer.do("/rules", operation="recharge_notice", effect="lose", key=number)
    await pay(person, trade)
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must_be_proven_by(order, "OrderSucceeded", "query:")
    recharged = await recharges(person, order_id)
    if len(recharged) != 1:
        raise StoryError(f"the card was to be recharged once, the issuer has {recharged}")
    return order_id


ORDINARY = (
    Story("paid", "paid and recharged", SINOPEC.format(1), paid_and_recharged),
    Story("refused", "the issuer refuses → refunded", PETROCHINA.format(2), issuer_refuses),
    Story("unpaid", "never paid → closed", SINOPEC.format(3), never_paid),
    Story("late", "paid after close → refunded", PETROCHINA.format(4), paid_after_close),
    Story("silent", "callback lost → found by query", SINOPEC.format(5), callback_lost),
    Story(
        "vague",
        "issuer's answer lost → found by query, recharged once",
        PETROCHINA.format(6),
        issuer_answer_lost,
    ),
    Story(
        "failover", "the channel dies → closed there, paid once elsewhere", SINOPEC.format(7), channel_dies
    ),
    Story("quota", "a channel's quota is used up → routed elsewhere", SINOPEC.format(8), quota_exhausted),
    Story("combined", "wallet and WeChat, refused → both parts back", PETROCHINA.format(9), combined_refused),
)
MARKET = (
    Story("bills", "two electricity bills in one order → paid, with a receipt", "", bill_paid),
    Story("revoked", "the biller takes it, refuses in the end → refunded", "", bill_refused_late),
    Story("sale", "flash sale → no coupon too many, one used", SINOPEC.format(13), flash_sale),
    Story("price", "a price changes → each subscriber is told once", "", price_changes),
)
REVIEWS = (
    Story("approved", "large amount → held, approved, recharged", SINOPEC.format(10), approved),
    Story("declined", "larger still, two reviewers → the second refuses", PETROCHINA.format(11), declined),
    Story("forgotten", "large amount, nobody decides → back in time", SINOPEC.format(12), forgotten),
)
STORIES = (*ORDINARY, *MARKET, *REVIEWS)
IDLE = frozenset({"unpaid", "late"})
"""The ordinary ones that do nothing but wait for their order's deadline."""


async def play(story: Story, stage: Stage) -> str:
    person = Customer(stage, story.name)
    try:
        await person.arrive(story.card)
        return await story.play(person)
    finally:
        await person.leave()
