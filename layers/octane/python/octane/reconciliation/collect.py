"""Collect a counterparty's bill: keep it as it came, then normalise it to the one statement schema (RC1)."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from octane.kernel.statement import (
    BillNotReady,
    BillOriginal,
    BillUnknown,
    BillUnreadableError,
    LineStatus,
    ParsedBill,
    StatedTotal,
    StatementLine,
)
from octane.ledger.entries import payer_mark
from octane.reconciliation.deps import RunDeps
from octane.reconciliation.lines import shard_file, write_lines
from octane.reconciliation.model import KindTotal
from octane.reconciliation.run import Json, Run, shards_for


def collect_statement(deps: RunDeps, step: Json) -> Json:
    """Fetch and normalise one bill. The answer's `state`: READY; NOT_READY (wait `wait_seconds`, call again);
    OVERDUE, past the deadline; UNREADABLE, with `why`."""
    run, tries = Run.of(step), int(step["tries"]) + 1
    asked = {**step, "tries": tries, "wait_seconds": deps.settings.bill_wait_seconds}
    bills = deps.bills_of(run.source)
    try:
        found = bills.fetch(run.date)
        if isinstance(found, BillUnknown) or found is BillNotReady.NOT_READY:
            return {**asked, **_later(deps, run, tries, found)}
        if isinstance(found, BillOriginal):
            original = _keep(deps, run, found)
            parsed = bills.parse(found.content, run.date)
            shards = shards_for(len(found.content))
        else:
            original, parsed, shards = "", ParsedBill((), iter(())), 1
        moved = Counter[str]()
        totals = _normalise(deps, run, parsed._replace(lines=_moving(parsed.lines, moved)), shards)
    except BillUnreadableError as error:
        deps.signals.count("BillUnreadable", source=run.source.value, day=run.day, why=error.code)
        return {**asked, "state": "UNREADABLE", "why": str(error)}
    return {
        **asked,
        "state": "READY",
        "original": original,
        "shard_count": shards,
        "merchant": bills.merchant,
        "theirs": [total._asdict() for total in totals],
        "moved": dict(moved),
        "stated": [stated._asdict() for stated in parsed.stated],
    }


def _later(deps: RunDeps, run: Run, tries: int, found: BillUnknown | BillNotReady) -> Json:
    why = found.reason if isinstance(found, BillUnknown) else found.value
    if tries < deps.settings.bill_tries:
        return {"state": "NOT_READY", "why": why}
    deps.signals.count("BillOverdue", source=run.source.value, day=run.day, why=why)
    return {"state": "OVERDUE", "why": why}


def _keep(deps: RunDeps, run: Run, original: BillOriginal) -> str:
    """Keep the file under its own digest: the same file again is the same object."""
    digest = sha256(original.content).hexdigest()
    key = f"originals/day={run.day}/source={run.source}/{digest}-{original.name}"
    deps.archive.put_new(key, original.content)
    return key


def _normalise(deps: RunDeps, run: Run, parsed: ParsedBill, shards: int) -> tuple[KindTotal, ...]:
    with tempfile.TemporaryDirectory() as scratch:
        totals = write_lines(parsed.lines, run.date, Path(scratch), shards)
        for shard in range(shards):
            deps.work.send(Path(scratch) / shard_file(shard), run.key("statements", shard_file(shard)))
    return totals


def _moving(lines: Iterator[StatementLine], moved: Counter[str]) -> Iterator[StatementLine]:
    """Gather the fen that a bill says to have moved, by kind: what failed or is not over moved nothing. The
    payer is left behind: from here on there is their mark, as in our books."""
    for line in lines:
        if line.status is LineStatus.SUCCEEDED:
            moved[line.kind.value] += line.amount
        yield line._replace(party=payer_mark(line.party))


def totals_of(rows: list[Json]) -> tuple[KindTotal, ...]:
    """Read totals back from a step."""
    return tuple(KindTotal(**row) for row in rows)


def stated_of(rows: list[Json]) -> tuple[StatedTotal, ...]:
    return tuple(StatedTotal(**row) for row in rows)
