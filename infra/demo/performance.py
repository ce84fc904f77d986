"""Play all stories at once on a running Octane, and hold the three sides' books together afterwards."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from demo.books import Comparison, compare, read_entries
from demo.customer import Company, Customer, Stage, StoryError, new_session
from demo.report import Told
from demo.stories import STORIES, Story, play
from local.world import LocalOctane

SETTINGS = {"OrderSeconds": "12", "PaymentQuerySeconds": "3", "RechargeQuerySeconds": "3"}
"""Shortened deadlines, in seconds: on AWS the defaults are 15 minutes and one minute."""
TICK_SECONDS = 2.0
WIDTH = 10
SIMULATOR_OPTIONS = ("--time-factor", "0.05")
"""WeChat Pay repeats a notice after 15 s, 15 s, 30 s …; here that goes twenty times as fast."""

Say = Callable[[str], None]


async def perform(octane: LocalOctane, say: Say) -> list[Told]:
    deadline = SETTINGS["OrderSeconds"]
    say(f"\nPlaying {len(STORIES)} stories at once; here an unpaid order closes after {deadline} s\n")
    began = time.monotonic()

    def tell(name: str, line: str) -> None:
        say(f"  {time.monotonic() - began:5.1f} s  {name:<{WIDTH}} {line}")

    async with new_session() as session:
        stage = _stage(session, octane, tell)
        clock = asyncio.create_task(tick(octane))
        told = await asyncio.gather(*(_tell(story, stage) for story in STORIES))
        clock.cancel()
        await asyncio.gather(clock, return_exceptions=True)
    return list(told)


async def _tell(story: Story, stage: Stage) -> Told:
    try:
        order_id = await play(story, stage)
        reader = Customer(stage, story.name)
        login = {"provider": "WECHAT", "code": f"code-{story.name}"}
        reader.token = (await reader.call("POST", "/sessions", login))["access_token"]
        order = await reader.order(order_id)
    except (StoryError, TimeoutError, OSError) as error:
        stage.tell(story.name, f"✗ {error}")
        return Told(story, None, str(error) or type(error).__name__)
    stage.tell(story.name, f"✓ {story.title}")
    return Told(story, order)


async def tick(octane: LocalOctane) -> None:
    """EventBridge's shortest rate is a minute; with deadlines of seconds the sweep is called this often
    instead."""
    function = octane.outputs["SweepDueFunctionName"]
    client = octane.client("lambda")
    while True:
        await asyncio.sleep(TICK_SECONDS)
        await asyncio.to_thread(client.invoke, FunctionName=function, Payload=b"{}")


def _stage(session: Any, octane: LocalOctane, tell: Any) -> Stage:
    wechat = Company(session, octane.simulators.wechat_url)
    issuer = Company(session, octane.simulators.issuer_url)
    return Stage(session, octane.url, wechat, issuer, tell)


def read_books(octane: LocalOctane) -> Comparison:
    entries = read_entries(octane.client("dynamodb"), octane.outputs["LedgerTableName"])
    return compare(
        entries, octane.simulators.wechat("GET", "/books"), octane.simulators.issuer("GET", "/books")
    )
