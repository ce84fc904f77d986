"""`python -m demo`: deploy Octane here, play the main job, hold the books together; `--stay`: then stay up.

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

from demo.decisions import NAME, save
from demo.performance import SETTINGS, SIMULATOR_OPTIONS, perform, read_books, read_decisions, tick
from demo.report import report
from local.world import ROOT, LocalOctane

INTERRUPTED = 130
TRY_IT = """Octane runs at {url} until Ctrl-C. Three lines to try:

  TOKEN=$(curl -s {url}/api/v1/sessions -d '{{"provider":"WECHAT","code":"code-paid"}}' \\
    -H 'Content-Type: application/json' -H 'Idempotency-Key: {key}' -H 'X-Device-Id: paid' \\
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
        return 0 if chosen.stay else INTERRUPTED


def _run(chosen: argparse.Namespace) -> int:
    say("Octane: setting the stage")
    octane = LocalOctane(
        chosen.directory,
        edge_port=chosen.port,
        iam=chosen.iam,
        settings=SETTINGS,
        simulator_options=SIMULATOR_OPTIONS,
        say=lambda line: say(f"  {line}"),
    )
    with octane:
        began = time.monotonic()
        told = asyncio.run(perform(octane, say))
        books, routing = read_books(octane), read_decisions(octane)
        save(routing, chosen.directory / NAME)
        seconds = round(time.monotonic() - began, 1)
        report(told, books, routing, say)
        passed = sum(not one.error for one in told)
        result = {
            "stories": len(told),
            "passed": passed,
            "ledger_balanced": books.ledger_balanced,
            "channel_books_match": books.channel_books_match,
            "issuer_books_match": books.issuer_books_match,
            "biller_books_match": books.biller_books_match,
            "wallets_match": books.wallets_match,
            "coupons_match": books.coupons_match,
            "decisions": len(routing.decisions),
            "seconds": seconds,
        }
        good = passed == len(told) and not books.differences and books.ledger_balanced
        say(json.dumps(result))
        if chosen.stay:
            asyncio.run(_stay(octane))
    return 0 if good else 1


async def _stay(octane: LocalOctane) -> None:
    say(TRY_IT.format(url=octane.url, key=f"try-it-{int(time.time())}"))
    with contextlib.suppress(asyncio.CancelledError):
        await tick(octane)


def _interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
