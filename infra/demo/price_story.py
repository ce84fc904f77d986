"""The story of a price that changes: its source is pulled, and whoever asked for it is told once."""

import asyncio
import time

from demo.checks import must
from demo.customer import LOOK_SECONDS, PUSH_SECONDS, Customer
from demo.stage import Json, StoryError

PROVINCE, NAME, GRADE = "BJ", "北京", "92"
NEW_FEN = 780
SYNC = "SyncPricesFunctionName"


async def price_changes(person: Customer) -> str:
    """Two people subscribe; the price goes up; each gets one message, however often the prices are pulled."""
    stage = person.stage
    await stage.fire(SYNC)
    before = await price(person)
    neighbour = Customer(stage, f"{person.name}-too")
    await neighbour.log_in()
    subscribers = (person, neighbour)
    for one in subscribers:
        await one.call("PUT", f"/me/price-subscriptions/{PROVINCE}")
        stage.tell(one.name, f"asks to be told when prices change in {NAME}")
    await stage.prices.do("/prices", province=NAME, **{GRADE: f"{NEW_FEN / 100:.2f}"})
    stage.tell(person.name, f"the publisher says {NEW_FEN / 100:.2f} CNY, it was {before['fen'] / 100:.2f}")
    await stage.fire(SYNC)
    for one in subscribers:
        await _until_told(one)
    await stage.fire(SYNC)
    after = await price(person)
    must(after, fen=NEW_FEN, version=before["version"] + 1, stale=False)
    stage.tell(person.name, f"GET /prices: {after['fen'] / 100:.2f} CNY, version {after['version']}")
    for one in subscribers:
        await must_be_told_once(one)
    return ""


async def price(person: Customer) -> Json:
    """The grade's price in the province as the API shows it, with the province's version."""
    provinces = (await person.call("GET", f"/prices?province={PROVINCE}"))["provinces"]
    if [one["province"] for one in provinces] != [PROVINCE]:
        raise StoryError(f"the prices of {PROVINCE} were awaited, got {provinces}")
    found: Json = {**provinces[0]["grades"][GRADE], "version": provinces[0]["version"]}
    return found


async def must_be_told_once(person: Customer) -> None:
    """One message, and in it what changed."""
    found = [one["words"] for one in await _messages(person)]
    if len(found) != 1 or f"{GRADE}# {NEW_FEN / 100:.2f}" not in " ".join(found[0].values()):
        raise StoryError(f"{person.name} was to get one message of {NEW_FEN} fen, got {found}")


async def _until_told(person: Customer) -> None:
    ends = time.monotonic() + PUSH_SECONDS
    while not (found := await _messages(person)):
        if time.monotonic() > ends:
            raise StoryError(f"no message came to {person.name}")
        await asyncio.sleep(LOOK_SECONDS)
    person.stage.tell(person.name, f"WeChat says: {' '.join(found[0]['words'].values())}")


async def _messages(person: Customer) -> list[Json]:
    return list((await person.stage.wechat.look(f"/messages?openid={person.name}"))["messages"])
