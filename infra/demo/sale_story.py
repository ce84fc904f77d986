"""The story of a flash sale: far more people than coupons, all at once."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from uuid import uuid4

from demo.checks import is_in, must, pay, recharges
from demo.customer import Customer
from demo.stage import Json, Stage, StoryError, error_code

CLAIMERS, UNITS = 1_000, 200
OFF_FEN, THRESHOLD_FEN, AMOUNT_FEN = 2_000, 20_000, 45_000
LOG_INS_AT_ONCE, CLAIMS_AT_ONCE = 3, 6
"""All claimers press the button at once; so many of their calls are on the way at a time, as each is one more
process here."""
TELL_EVERY = 250
RATE = 200
"""Claims per second that the campaign is said to expect, about what the embedded AWS takes: 4 shards."""


async def flash_sale(person: Customer) -> str:
    """Every unit is claimed, nobody gets one too many, and who was told that none is left was told the
    truth; a coupon then pays its part of a top-up."""
    stage = person.stage
    crowd = [person, *await _logged_in(stage, stage.claimers - 1)]
    operator = await stage.rules_in_force()
    campaign_id = await open_campaign(operator)
    path = f"/campaigns/{campaign_id}/claims"
    stage.tell(person.name, f"{UNITS} coupons, {len(crowd):,} claimers at once")
    answers = await _rush(crowd, path)
    coupons = must_be_sold(answers)
    stage.tell(person.name, f"{len(coupons)} claimed, {len(crowd) - len(coupons)} told SOLD_OUT, 0 oversold")
    await _must_be_sound(operator, path)
    mine = answers[0][1].get("coupon_id")
    if mine is None:
        raise StoryError("the first one in the line got no coupon")
    _, again = await person.settled("POST", path, None, uuid4().hex)
    if error_code(again) != "LIMIT_REACHED":
        raise StoryError(f"one person was to get one coupon, the second claim was answered {again}")
    return await _used(person, mine)


async def open_campaign(operator: Customer) -> str:
    """20.00 off 200.00 or more, one for each person, open from now on."""
    now = datetime.now(UTC)
    terms = {"discount": "THRESHOLD", "value": OFF_FEN, "threshold_fen": THRESHOLD_FEN, "valid_days": 7}
    offer: Json = {
        "name": "满200减20",
        "stock": UNITS,
        "opens_at": now.isoformat(timespec="seconds"),
        "closes_at": (now + timedelta(hours=1)).isoformat(timespec="seconds"),
        "per_user_limit": 1,
        "expected_rate": RATE,
        "terms": terms,
    }
    draft = await operator.call("POST", "/campaigns", offer)
    change = {**offer, "version": draft["version"], "state": "OPEN"}
    opened = await operator.call("PUT", f"/campaigns/{draft['campaign_id']}", change)
    must(opened, state="OPEN", stock=UNITS)
    operator.stage.tell(operator.name, f"opened a campaign of {UNITS} in {opened['shards']} shards")
    return str(draft["campaign_id"])


async def _logged_in(stage: Stage, count: int) -> list[Customer]:
    """So many people of the mini-program, each with a session of their own."""
    doors = replace(stage, gate=asyncio.Semaphore(LOG_INS_AT_ONCE))
    people = [Customer(doors, f"claimer-{number}") for number in range(count)]
    done = 0

    async def log_in(one: Customer) -> None:
        nonlocal done
        await one.log_in()
        done += 1
        if done % TELL_EVERY == 0:
            stage.tell("sale", f"{done} claimers are logged in")

    await asyncio.gather(*map(log_in, people))
    return people


async def _rush(crowd: list[Customer], path: str) -> list[tuple[int, Json]]:
    """All claim at once, and send the same claim again for as long as they are asked to wait."""
    stage = replace(crowd[0].stage, gate=asyncio.Semaphore(CLAIMS_AT_ONCE))
    claims = (replace(one, stage=stage).settled("POST", path, None, uuid4().hex) for one in crowd)
    return await asyncio.gather(*claims)


def must_be_sold(answers: Iterable[tuple[int, Json]]) -> frozenset[str]:
    """The coupons that were given away: each to one person, all of them, and nobody was refused for another
    reason."""
    outcomes: Counter[str] = Counter()
    coupons: set[str] = set()
    for status, content in answers:
        if status == HTTPStatus.CREATED:
            coupons.add(str(content["coupon_id"]))
        outcomes["claimed" if status == HTTPStatus.CREATED else error_code(content) or str(status)] += 1
    claimers = sum(outcomes.values())
    if outcomes != {"claimed": UNITS, "SOLD_OUT": claimers - UNITS} or len(coupons) != UNITS:
        raise StoryError(f"{UNITS} were to be claimed by {claimers}, got {dict(outcomes)}")
    return frozenset(coupons)


async def _must_be_sound(operator: Customer, path: str) -> None:
    """What the campaign gave away is what its stock lost."""
    audit = await operator.call("GET", path)
    must(audit, stock=UNITS, claimed=UNITS, left=0, verdict="MATCH", next_shard=None)
    coupons = sum(shard["coupons"] for shard in audit["shards"])
    if coupons != UNITS:
        raise StoryError(f"{UNITS} coupons were to be there, there are {coupons}")
    told = f"the audit of the claims: {audit['verdict']}, {audit['left']} left of {audit['stock']}"
    operator.stage.tell(operator.name, told)


async def _used(person: Customer, coupon_id: str) -> str:
    """Top up with the coupon: the card gets all of it, the customer pays less."""
    paid = AMOUNT_FEN - OFF_FEN
    order_id = await person.place(AMOUNT_FEN, coupon_id)
    order = await person.order(order_id)
    must(order, amount_fen=AMOUNT_FEN, discount_fen=OFF_FEN, payable_fen=paid, coupons=[coupon_id])
    payment = await person.start_paying(order_id)
    must(payment, amount_fen=paid)
    await pay(person, payment["out_trade_no"])
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    must(order, captured_fen=paid, refunded_fen=0)
    recharged = [one["amount_fen"] for one in await recharges(person, order_id)]
    if recharged != [AMOUNT_FEN]:
        raise StoryError(f"the card was to get {AMOUNT_FEN} fen once, the issuer has {recharged}")
    listed = (await person.call("GET", "/me/coupons"))["coupons"]
    used = {one["coupon_id"]: (one["state"], one["order_id"]) for one in listed}
    if used.get(coupon_id) != ("REDEEMED", order_id):
        raise StoryError(f"the coupon was to be redeemed for {order_id}, got {listed}")
    return order_id
