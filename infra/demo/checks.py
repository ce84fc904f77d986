"""What a story does at a cashier, and what it may expect of an order."""

from collections.abc import Callable

from demo.customer import Customer
from demo.stage import Json, StoryError


async def pay(person: Customer, trade: str, *, late: bool = False) -> None:
    """The customer confirms on the phone."""
    order: Json = {"out_trade_no": trade, **({"late": True} if late else {})}
    await person.stage.wechat.do("/cashier/pay", **order)
    person.stage.tell(person.name, "paid on the phone" + (", although closed" if late else ""))


def is_in(state: str) -> Callable[[Json], bool]:
    return lambda order: bool(order["state"] == state)


def refunded(order: Json) -> bool:
    return bool(order["refunds"]) and all(refund["status"] == "SUCCEEDED" for refund in order["refunds"])


def must(order: Json, **expected: object) -> None:
    wrong = {name: order[name] for name, value in expected.items() if order[name] != value}
    if wrong:
        raise StoryError(f"expected {expected}, got {wrong}")


def must_be_proven_by(order: Json, event: str, proof: str) -> None:
    found = [step["because"] for step in order["timeline"] if step["event"] == event]
    if len(found) != 1 or not found[0].startswith(proof):
        raise StoryError(f"{event} was to be proven once by {proof} got {found}")


async def recharges(person: Customer, order_id: str) -> list[Json]:
    """What the issuer says that it got to recharge for the order."""
    books = await person.stage.issuer.look("/books")
    return [one for one in books["recharges"] if str(one["uorderid"]).startswith(order_id)]
