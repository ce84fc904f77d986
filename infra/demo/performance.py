"""Play all stories at once on a running Octane, and hold all sides' books together afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession

from demo.books import (
    Comparison,
    OtherBooks,
    alipay_books,
    compare,
    read_coupons,
    read_entries,
    read_wallets,
    unionpay_books,
    wechat_books,
)
from demo.customer import Customer
from demo.decisions import Routing, read_routing
from demo.report import Told
from demo.sale_story import CLAIMERS
from demo.staff import Promote, open_the_day, promoter, seat_reviewers
from demo.stage import Company, Stage, StoryError, new_session
from demo.stories import IDLE, MARKET, ORDINARY, REVIEWS, STORIES, Story, play
from local.world import LocalOctane

SETTINGS = {
    "OrderSeconds": "40",
    "PaymentQuerySeconds": "3",
    "RechargeQuerySeconds": "3",
    "RoutingCacheMs": "500",
    "ReviewSeconds": "60",
    "Limits": "login_ip=100000/60/100000",
    "PriceSources": "CITY /cnoil/oil_city BJ; LIST /oil/prices SH",
    "TemplatePriceChanged": "price-changed",
}
"""Shortened times: on AWS the defaults are 15 minutes, one minute, 5 seconds for the routing rules, and a day
for people to review a large amount. All claimers of the flash sale log in from this one address. Each
province that changes is 16 messages in a queue, so of the 31 two are enough."""
TICK_SECONDS = 2.0
WIDTH = 10
SIMULATOR_OPTIONS = ("--time-factor", "0.05")
"""WeChat Pay repeats a notice after 15 s, 15 s, 30 s …; here that goes twenty times as fast."""

Say = Callable[[str], None]
Tell = Callable[[str, str], None]


async def perform(octane: LocalOctane, say: Say, claimers: int = CLAIMERS) -> list[Told]:
    """Play all stories; `claimers` come to the flash sale."""
    unpaid, undecided = SETTINGS["OrderSeconds"], SETTINGS["ReviewSeconds"]
    say(f"\nPlaying {len(STORIES)} stories: large amounts first, bills, prices and a flash sale last.")
    say(f"Here an unpaid order closes after {unpaid} s, a review that nobody decides after {undecided} s\n")
    began = time.monotonic()

    def tell(name: str, line: str) -> None:
        say(f"  {time.monotonic() - began:5.1f} s  {name:<{WIDTH}} {line}")

    async with opened_stage(octane, tell, claimers) as stage:
        stage.opening = asyncio.create_task(open_the_day(stage, _promoter(octane)))
        reviews = [asyncio.create_task(_tell(story, stage)) for story in REVIEWS]
        # before the rush: people must be faster than the deadline that the last of them waits for
        await asyncio.wait(reviews[:-1])
        ordinary = [asyncio.create_task(_tell(story, stage)) for story in ORDINARY]
        # after the rush: a thousand log-ins must not make anybody late who has seconds to pay
        await asyncio.wait(
            [task for story, task in zip(ORDINARY, ordinary, strict=True) if story.name not in IDLE]
        )
        told = await asyncio.gather(*ordinary, *(_tell(story, stage) for story in MARKET), *reviews)
        await asyncio.gather(stage.opening, return_exceptions=True)
    return list(told)


@asynccontextmanager
async def opened_stage(octane: LocalOctane, tell: Tell, claimers: int = CLAIMERS) -> AsyncIterator[Stage]:
    """A stage with reviewers at work, whose time goes on."""
    async with new_session() as session:
        stage = _stage(session, octane, tell, claimers)
        stage.seating = asyncio.create_task(seat_reviewers(stage, _promoter(octane)))
        clock = asyncio.create_task(tick(octane))
        try:
            yield stage
        finally:
            clock.cancel()
            await asyncio.gather(clock, stage.seating, return_exceptions=True)


def _promoter(octane: LocalOctane) -> Promote:
    return promoter(octane.client("dynamodb"), octane.outputs["IdentityTableName"])


async def _tell(story: Story, stage: Stage) -> Told:
    try:
        order_id = await play(story, stage)
        reader = Customer(stage, story.name)
        await reader.log_in()
        order = await reader.order(order_id) if order_id else None
    except (StoryError, TimeoutError, OSError) as error:
        stage.tell(story.name, f"✗ {error}")
        return Told(story, None, str(error) or type(error).__name__)
    stage.tell(story.name, f"✓ {story.title}")
    return Told(story, order)


async def tick(octane: LocalOctane) -> None:
    """EventBridge's shortest rate is a minute; with deadlines of seconds the sweep is called this often
    instead."""
    fire = _schedules(octane)
    while True:
        await asyncio.sleep(TICK_SECONDS)
        await fire("SweepDueFunctionName")


def _schedules(octane: LocalOctane) -> Callable[[str], Awaitable[None]]:
    client = octane.client("lambda")

    async def fire(output: str) -> None:
        await asyncio.to_thread(client.invoke, FunctionName=octane.outputs[output], Payload=b"{}")

    return fire


def _stage(session: ClientSession, octane: LocalOctane, tell: Tell, claimers: int) -> Stage:
    simulators = octane.simulators
    return Stage(
        session,
        octane.url,
        wechat=Company(session, simulators.wechat_url),
        alipay=Company(session, simulators.alipay_url),
        unionpay=Company(session, simulators.unionpay_url),
        issuer=Company(session, simulators.issuer_url),
        sms=Company(session, simulators.sms_url),
        billers=Company(session, simulators.billers_url),
        prices=Company(session, simulators.prices_url),
        tell=tell,
        fire=_schedules(octane),
        claimers=claimers,
    )


def read_books(octane: LocalOctane) -> Comparison:
    dynamodb, table = octane.client("dynamodb"), octane.outputs["LedgerTableName"]
    simulators = octane.simulators
    channels = {
        "WECHAT": wechat_books(simulators.wechat("GET", "/books")),
        "ALIPAY": alipay_books(simulators.alipay("GET", "/books")),
        "UNIONPAY": unionpay_books(simulators.unionpay("GET", "/books")),
    }
    others = OtherBooks(
        channels,
        simulators.issuer("GET", "/books"),
        simulators.billers("GET", "/books"),
        read_wallets(dynamodb, table),
        read_coupons(dynamodb, octane.outputs["CouponsTableName"], octane.outputs["OrdersTableName"]),
    )
    return compare(read_entries(dynamodb, table), others)


def read_decisions(octane: LocalOctane) -> Routing:
    outputs = octane.outputs
    dynamodb = octane.client("dynamodb")
    return read_routing(dynamodb, outputs["OrdersTableName"], outputs["RoutingTableName"])
