"""`python -m demo`: deploy Octane here, play the main job, hold the books together; `--stay` keeps it
running.

The last line is one JSON object; the exit status is 0 only if every story ended as told and all books agree.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from demo.books import Comparison, compare, read_entries
from demo.customer import Company, Customer, Stage, StoryError, new_session
from demo.report import Told, report
from demo.stories import STORIES, Story, play
from local.world import ROOT, LocalOctane

SETTINGS = {"OrderSeconds": "12", "PaymentQuerySeconds": "3", "RechargeQuerySeconds": "3"}
"""Shortened deadlines, in seconds: on AWS the defaults are 15 minutes and one minute."""
TICK_SECONDS = 2.0
WIDTH = 10
TRY_IT = """Octane runs at {url} until Ctrl-C. Three lines to try:

  TOKEN=$(curl -s {url}/api/v1/sessions -d '{{"provider":"WECHAT","code":"code-paid"}}' \\
    -H 'Content-Type: application/json' -H 'Idempotency-Key: {key}' \\
    | python3 -c 'import json,sys;print(json.load(sys.stdin)["access_token"])')
  curl -s "{url}/api/v1/orders?limit=3" -H "Authorization: Bearer $TOKEN"
  curl -s {url}/api/v1/cards -H "Authorization: Bearer $TOKEN"
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep running until Ctrl-C")
    parser.add_argument("--port", type=int, default=8080, help="the edge's; 0 takes a free one")
    parser.add_argument("--iam", action="store_true", help="enforce every IAM policy")
    parser.add_argument("--directory", type=Path, default=ROOT / ".local", help="logs and state")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(chosen)
    except KeyboardInterrupt:
        say("stopped")
        return 0


def _run(chosen: argparse.Namespace) -> int:
    say("Octane: setting the stage")
    octane = LocalOctane(
        chosen.directory,
        edge_port=chosen.port,
        iam=chosen.iam,
        settings=SETTINGS,
        simulator_options=("--time-factor", "0.05"),
        say=lambda line: say(f"  {line}"),
    )
    with octane:
        began = time.monotonic()
        told = asyncio.run(_perform(octane))
        books = _books(octane)
        seconds = round(time.monotonic() - began, 1)
        report(told, books, say)
        passed = sum(not one.error for one in told)
        result = {
            "stories": len(told),
            "passed": passed,
            "ledger_balanced": books.ledger_balanced,
            "channel_books_match": books.channel_books_match,
            "issuer_books_match": books.issuer_books_match,
            "seconds": seconds,
        }
        good = passed == len(told) and not books.differences and books.ledger_balanced
        say(json.dumps(result))
        if chosen.stay:
            asyncio.run(_stay(octane))
    return 0 if good else 1


async def _perform(octane: LocalOctane) -> list[Told]:
    deadline = SETTINGS["OrderSeconds"]
    say(f"\nPlaying {len(STORIES)} stories at once; here an unpaid order closes after {deadline} s\n")
    began = time.monotonic()

    def tell(name: str, line: str) -> None:
        say(f"  {time.monotonic() - began:5.1f} s  {name:<{WIDTH}} {line}")

    async with new_session() as session:
        stage = _stage(session, octane, tell)
        clock = asyncio.create_task(_tick(octane))
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


async def _tick(octane: LocalOctane) -> None:
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


def _books(octane: LocalOctane) -> Comparison:
    entries = read_entries(octane.client("dynamodb"), octane.outputs["LedgerTableName"])
    return compare(
        entries, octane.simulators.wechat("GET", "/books"), octane.simulators.issuer("GET", "/books")
    )


async def _stay(octane: LocalOctane) -> None:
    say(TRY_IT.format(url=octane.url, key=f"try-it-{int(time.time())}"))
    with contextlib.suppress(asyncio.CancelledError):
        await _tick(octane)


def _interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
