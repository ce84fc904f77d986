"""`python -m reconcile`: play the main job, close its day, break bills, let finance decide, alter every file.

The last line is one JSON object; the exit status is 0 only if everything was found.
"""

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import tamper
from demo.performance import SETTINGS, SIMULATOR_OPTIONS, perform
from drill.plan import worlds
from drill.play import is_good, played
from drill.trades import Size
from local.world import ROOT, LocalOctane
from octane.kernel.money import format_yuan
from octane_verify import verify
from reconcile.bank import settle
from reconcile.closing import Closed, await_journal, close, open_bills, signing_key, today
from reconcile.crowd import add_payments
from reconcile.finance import Clerk, decide_all

CROWD = 1_000
CLAIMERS = 300
"""Of the flash sale: its day needs the coupons, not the rush."""
PLANTED = {
    "wechat": ("nobodys_payment", "one_fen_less"),
    "alipay": ("dropped_payment",),
    "unionpay": ("a_hundred_times",),
    "issuer": ("doubled_row",),
}
"""What is wrong with the bills of the third run, by company."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="reconcile", description=__doc__)
    parser.add_argument("--days", type=int, default=500, help="generated days with planted discrepancies")
    parser.add_argument("--seed", default="42")
    parser.add_argument("--directory", type=Path, default=ROOT / ".local", help="logs and exports")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    exports = chosen.directory / "exports"
    shutil.rmtree(exports, ignore_errors=True)
    closed, sound, tampered = _close_stories(chosen.directory, exports)
    say(f"\nGenerated days with planted discrepancies, {chosen.days} of them")
    drilled = played(worlds(chosen.days, chosen.seed, Size()), say)
    holds = drilled["proof_lines_hold"] and all(proof.holds for each in closed for proof in each.proofs)
    found = sum(each.found for each in tampered)
    result = {
        **drilled,
        "thousand_row_day_seconds": closed[1].seconds,
        "proof_lines_hold": holds,
        "tampering_found": f"{found}/{len(tampered)}",
        "closings": len(closed),
        "exports_sound": sound,
        "seconds": round(time.monotonic() - began, 1),
    }
    say(json.dumps(result))
    good = is_good(drilled) and holds and sound
    return 0 if good and found == len(tampered) and closed[0].closed else 1


def _close_stories(directory: Path, exports: Path) -> tuple[list[Closed], bool, list[tamper.Tampering]]:
    octane = LocalOctane(
        directory,
        settings=SETTINGS,
        simulator_options=SIMULATOR_OPTIONS,
        say=lambda line: say(f"  {line}"),
    )
    with octane:
        asyncio.run(perform(octane, say, CLAIMERS))
        open_bills(octane)
        say(f"\nThe custody bank settles: {_yuan(settle(octane, today()))}")
        first = _run(octane, exports, "The day is closed")
        say(f"\n{CROWD:,} payments more, in {add_payments(octane, CROWD):.0f} s")
        crowded = _run(octane, exports, "The same day, version 2")
        for company, kinds in PLANTED.items():
            for kind in kinds:
                getattr(octane.simulators, company)("POST", "/bills/plant", {"kind": kind})
        say(f"\nThe bills go wrong: {', '.join(kind for kinds in PLANTED.values() for kind in kinds)}")
        second = _run(octane, exports, "The same day, version 3")
        say("\n  Finance decides what waits:")
        decided = decide_all(Clerk(octane, "ann"), Clerk(octane, "bob"), say)
        for company in PLANTED:
            getattr(octane.simulators, company)("DELETE", "/bills/plant")
        third = _run(octane, exports, f"The bills are right again ({decided} decisions stand), version 4")
        key = signing_key(octane, exports)
    closed = [first, crowded, second, third]
    sound = all(_is_sound(each, key) for each in closed)
    say("\nEvery kind of file altered, and an entry of the ledger")
    tampered = []
    for one in tamper.steps(second.folder):
        tampered.append(one)
        say(f"  {'named ' if one.found else 'MISSED'} {one.what}: {one.said[:110]}")
    return closed, sound, tampered


def _run(octane: LocalOctane, exports: Path, title: str) -> Closed:
    say(f"\n{title}")
    say(f"  the journal has all {await_journal(octane)} entries of the ledger")
    done = close(octane, exports, lambda line: say(f"  {line}"))
    for each in done.sources:
        said = each.get("resolution") or each.get("why", "")
        say(f"  {each['source']:<12}{each['state']:<11}{_counts(said) if isinstance(said, dict) else said}")
    say(f"  {'closed' if done.closed else 'NOT CLOSED'} in {done.seconds} s: {done.folder}")
    for failure in done.failures:
        say(f"  {failure}")
    return done


def _counts(resolution: dict[str, int]) -> str:
    return (
        ", ".join(f"{count} {what}" for what, count in Counter(resolution).items() if count)
        or "nothing to do"
    )


def _is_sound(closed: Closed, key: Path) -> bool:
    report = verify(closed.folder, key)
    say(f"  octane-verify v{closed.version}: {'SOUND' if not report.findings else report.findings}")
    return not report.findings


def _yuan(moved: dict[str, int]) -> str:
    return ", ".join(f"{party} {format_yuan(fen)}" for party, fen in moved.items())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
