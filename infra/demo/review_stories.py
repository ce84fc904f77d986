"""The stories of large amounts: the money is held until people have looked, then it goes on or back, once."""

from http import HTTPStatus

from demo.checks import is_in, must, pay, recharges, refunded
from demo.customer import Customer
from demo.proofs import introduce, prove
from demo.stage import Json, StoryError, error_code

LARGE, HUGE = 250_000, 1_200_000
"""Above 2,000.00 a reviewer looks, above 10,000.00 two do."""
TRIES = 5

Answer = tuple[int, Json]


async def approved(person: Customer) -> str:
    """The customer shows who they are, a reviewer approves, and the card is recharged."""
    reviewer, _ = await person.stage.reviewers()
    order_id = await proven(person, LARGE)
    taken(await claim(reviewer, order_id))
    taken(await decide(reviewer, order_id, "APPROVE", "A haulier we know; fills up each month."))
    refused(await decide(reviewer, order_id, "APPROVE", "Pressed the button twice."), "REVIEW_STATE")
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must(order, captured_fen=LARGE, refunded_fen=0)
    if len(await recharges(person, order_id)) != 1:
        raise StoryError("the card was to be recharged once")
    return order_id


async def declined(person: Customer) -> str:
    """One approval is not enough for so much, nor two of one person; the second reviewer refuses, and the
    money goes back."""
    first, second = await person.stage.reviewers()
    order_id = await proven(person, HUGE)
    taken(await claim(first, order_id))
    taken(await decide(first, order_id, "APPROVE", "Looks right to me."))
    await still_held(person, order_id)
    refused(await claim(first, order_id), "SECOND_REVIEWER")
    taken(await claim(second, order_id))
    taken(await decide(second, order_id, "REFUSE", "The card is not the payer's, nor the firm's."))
    await money_back(person, order_id, HUGE, "REVIEW_REFUSED")
    return order_id


async def forgotten(person: Customer) -> str:
    """A reviewer claims it and is called away: at the deadline the money goes back, and an approval that
    comes then is refused."""
    reviewer, _ = await person.stage.reviewers()
    order_id = await proven(person, LARGE)
    taken(await claim(reviewer, order_id))
    await money_back(person, order_id, LARGE, "REVIEW_EXPIRED")
    refused(await decide(reviewer, order_id, "APPROVE", "Back from lunch; all is well."), "REVIEW_STATE")
    await money_back(person, order_id, LARGE, "REVIEW_EXPIRED")
    return order_id


async def held(person: Customer, amount_fen: int) -> str:
    """An order whose money waits for people."""
    await introduce(person)
    order_id = await person.place(amount_fen)
    payment = await person.start_paying(order_id)
    await pay(person, payment["out_trade_no"])
    order = await person.until(order_id, "REVIEWING", is_in("REVIEWING"))
    must(order, captured_fen=amount_fen, refunded_fen=0)
    await still_held(person, order_id)
    return order_id


async def proven(person: Customer, amount_fen: int) -> str:
    """The same, after its customer has shown who they are."""
    order_id = await held(person, amount_fen)
    step_up_id = await prove(person, "LARGE_TOP_UP", order_id, amount_fen)
    review = await person.call("POST", f"/orders/{order_id}/step-up", {"step_up_id": step_up_id})
    must(review, state="WAITING")
    return order_id


async def still_held(person: Customer, order_id: str) -> None:
    order = await person.order(order_id)
    must(order, state="REVIEWING")
    if await recharges(person, order_id):
        raise StoryError("the card was recharged before the review has ended")
    person.stage.tell(person.name, f"{order['captured_fen'] / 100:,.2f} CNY held, nothing recharged")


async def money_back(person: Customer, order_id: str, amount_fen: int, reason: str) -> None:
    order = await person.until(order_id, "FAILED and refunded", refunded)
    must(order, state="FAILED", captured_fen=amount_fen, refunded_fen=amount_fen, reason=reason)
    if await recharges(person, order_id):
        raise StoryError("the card was recharged, and the money went back")


async def claim(reviewer: Customer, order_id: str) -> Answer:
    return await _act(reviewer, order_id, "claim", {})


async def decide(reviewer: Customer, order_id: str, decision: str, reason: str) -> Answer:
    return await _act(reviewer, order_id, "decision", {"decision": decision, "reason": reason})


async def _act(reviewer: Customer, order_id: str, what: str, body: Json) -> Answer:
    """Act on the review as it was read; read it again when it moved between the two."""
    for _ in range(TRIES):
        version = (await reviewer.call("GET", f"/reviews/{order_id}"))["version"]
        path = f"/reviews/{order_id}/{what}"
        status, content = await reviewer.answer("POST", path, {**body, "version": version})
        code = error_code(content)
        if code != "CHANGED_MEANWHILE":
            said = body.get("decision", what)
            reviewer.stage.tell(reviewer.name, f"{said}: {code or content.get('state')}")
            return status, content
    raise StoryError(f"the review of {order_id} moves all the time")


def taken(answer: Answer) -> None:
    status, content = answer
    if status != HTTPStatus.CREATED:
        raise StoryError(f"it was to be taken, got {status}: {content}")


def refused(answer: Answer, code: str) -> None:
    _, content = answer
    if error_code(content) != code:
        raise StoryError(f"{code} was awaited, got {content}")
