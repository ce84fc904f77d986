"""The stories of several channels: failover, quota, and a payment in two parts."""

import asyncio
import time
from http import HTTPStatus
from uuid import uuid4

from demo.checks import is_in, must, pay, refunded
from demo.customer import Customer
from demo.staff import raise_quota
from demo.stage import Json, StoryError, error_code

TRY_AGAIN_SECONDS = 8.0
GIVE_UP_SECONDS = 90.0
UNKNOWN = {HTTPStatus.GATEWAY_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT}
"""What is answered while nobody can say what the channel did: the same request is to be sent again."""


async def channel_dies(person: Customer) -> str:
    """WeChat Pay takes the order and dies before it answers. The customer's app asks again and again: it is
    sent elsewhere only when WeChat Pay has closed the first trade."""
    stage = person.stage
    await stage.rules_in_force()
    order_id = await person.place(70_000)
    first = f"{order_id}P01"
    await stage.wechat.do("/rules", operation="prepay", effect="drop_after", key=first)
    payment = await _pay_until_answered(person, order_id)
    must(payment, method="ALIPAY_NATIVE", amount_fen=70_000)
    await _cannot_pay(person, first)
    await pay_alipay(person, payment)
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must(order, captured_fen=70_000, refunded_fen=0)
    await _took(person, order_id, wechat=0, alipay=70_000, unionpay=0)
    return order_id


async def quota_exhausted(person: Customer) -> str:
    """UnionPay is the cheapest and may take 1,000.00 a day: the second order goes to WeChat Pay; when the
    operator allows more, the third goes to UnionPay again."""
    operator = await person.stage.rules_in_force()
    first = await person.place(80_000)
    payment = await person.start_paying(first, platform="MINI_PROGRAM")
    must(payment, method="UNIONPAY_APP")
    await pay_unionpay(person, payment)
    second = await person.place(90_000)
    payment = await person.start_paying(second, platform="MINI_PROGRAM")
    must(payment, method="WECHAT_JSAPI")
    await pay(person, payment["out_trade_no"])
    await raise_quota(operator, 200_000)
    third = await person.place(30_000)
    payment = await person.start_paying(third, platform="MINI_PROGRAM")
    must(payment, method="UNIONPAY_APP")
    await pay_unionpay(person, payment)
    for order_id, fen in ((first, 80_000), (third, 30_000)):
        await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
        await _took(person, order_id, wechat=0, alipay=0, unionpay=fen)
    order = await person.until(second, "SUCCEEDED", is_in("SUCCEEDED"))
    must(order, captured_fen=90_000)
    await _took(person, second, wechat=90_000, alipay=0, unionpay=0)
    return second


async def combined_refused(person: Customer) -> str:
    """Part from the balance, part from WeChat Pay; the issuer refuses, and each part goes back to where it
    came from."""
    top_up = await person.call("POST", "/wallet/top-ups", {"amount_fen": 20_000})
    filled = str(top_up["order_id"])
    await pay(person, (await person.start_paying(filled))["out_trade_no"])
    await person.until(filled, "the filled wallet", is_in("SUCCEEDED"))
    await _has(person, available_fen=20_000, held_fen=0)
    order_id = await person.place(55_000)
    payment = await person.start_paying(order_id, wallet_fen=15_000)
    must(payment, amount_fen=40_000, wallet_fen=15_000)
    await _has(person, available_fen=5_000, held_fen=15_000)
    await person.stage.issuer.do("/rules", operation="submit", effect="fail", count=1, key=f"{order_id}R01")
    await pay(person, payment["out_trade_no"])
    order = await person.until(order_id, "FAILED and both refunds", refunded)
    must(order, state="FAILED", captured_fen=55_000, refunded_fen=55_000)
    parts = [refund["amount_fen"] for refund in order["refunds"]]
    if parts != [40_000, 15_000]:
        raise StoryError(f"WeChat's part was to be refunded first, then the wallet's; got {parts}")
    await _has(person, available_fen=20_000, held_fen=0)
    return order_id


async def pay_alipay(person: Customer, payment: Json) -> None:
    """Scan the code and confirm."""
    await person.stage.alipay.do("/cashier/pay", qr_code=payment["parameters"]["qr_code"])
    person.stage.tell(person.name, "paid with Alipay")


async def pay_unionpay(person: Customer, payment: Json) -> None:
    await person.stage.unionpay.do("/cashier/pay", tn=payment["parameters"]["tn"])
    person.stage.tell(person.name, "paid with UnionPay")


async def _pay_until_answered(person: Customer, order_id: str) -> Json:
    """Send one and the same request until it is answered, as the app does."""
    key, path, ends = uuid4().hex, f"/orders/{order_id}/pay", time.monotonic() + GIVE_UP_SECONDS
    waits = 0
    while time.monotonic() < ends:
        status, content = await person.answer("POST", path, {"platform": "H5"}, key)
        if status == HTTPStatus.OK:
            if not waits:
                raise StoryError("the dying channel was to leave the payment unknown")
            return person.told_how_to_pay(content)
        code = error_code(content)
        if status not in UNKNOWN:
            raise StoryError(f"POST {path} answered {status}: {code}")
        waits += 1
        person.stage.tell(person.name, f"no word of the channel yet ({code}), asks again")
        await asyncio.sleep(TRY_AGAIN_SECONDS)
    raise StoryError(f"the payment was still unknown after {GIVE_UP_SECONDS:.0f} s")


async def _cannot_pay(person: Customer, trade: str) -> None:
    """The first trade is closed: no phone can pay it any more."""
    try:
        await person.stage.wechat.do("/cashier/pay", out_trade_no=trade)
    except StoryError:
        person.stage.tell(person.name, "WeChat Pay's code cannot be paid any more")
        return
    raise StoryError(f"{trade} could still be paid: the customer may pay twice")


async def _took(person: Customer, order_id: str, **expected: int) -> None:
    """What each channel says that it took for the order."""
    companies = {
        "wechat": (person.stage.wechat, "out_trade_no"),
        "alipay": (person.stage.alipay, "out_trade_no"),
        "unionpay": (person.stage.unionpay, "orderId"),
    }
    for name, fen in expected.items():
        company, number = companies[name]
        trades = (await company.look("/books"))["trades"]
        took = sum(trade["captured_fen"] for trade in trades if trade[number].startswith(order_id))
        if took != fen:
            raise StoryError(f"{name} was to take {fen} fen for {order_id} and took {took}")


async def _has(person: Customer, **expected: int) -> None:
    """The customer's balance as the API tells it."""
    must(await person.call("GET", "/wallet"), **expected)
