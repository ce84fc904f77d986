"""Cut our side of the day from the journal, away from the request path (RC1)."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from octane.kernel.clock import in_beijing
from octane.ledger.entries import Entry
from octane.ledger.journal import read_day
from octane.reconciliation.cut import cut_lines
from octane.reconciliation.deps import RunDeps
from octane.reconciliation.lines import keys_of, shard_file, write_lines
from octane.reconciliation.model import day_window
from octane.reconciliation.run import Json, Run, latest
from octane.store.objects import Objects

BOOKED_LATER_DAYS = 10
"""An entry is booked on its day or after it; one that is booked so much later is its own day's matter."""


def cut_ledger(deps: RunDeps, step: Json) -> Json:
    """Write our lines of the day, and say which files each shard is matched from."""
    run, shards = Run.of(step), int(step["shard_count"])
    window, sums = day_window(run.source, run.date), Counter[str]()
    before = (run.date - timedelta(days=1)).isoformat()
    carried = {
        side: latest(deps.work, "carried", before, run.source, f"{side}.parquet")
        for side in ("ours", "theirs")
    }
    with tempfile.TemporaryDirectory() as scratch:
        awaited = _awaited(deps.work, carried["theirs"], Path(scratch) / "awaited.parquet")
        entries = _booked_around(deps.archive, run.date, in_beijing(deps.clock.now()).date())
        totals = write_lines(
            cut_lines(entries, run.source, window, str(step["merchant"]), sums, awaited),
            run.date,
            Path(scratch),
            shards,
        )
        for shard in range(shards):
            deps.work.send(Path(scratch) / shard_file(shard), run.key("entries", shard_file(shard)))
    place = {"day": run.day, "version": run.version, "source": run.source.value, "shard_count": shards}
    return {
        **step,
        "ours": [total._asdict() for total in totals],
        "sums": sums,
        "carried": carried,
        "shards": [{**place, "shard": shard, "carried": carried} for shard in range(shards)],
    }


def _awaited(work: Objects, key: str | None, path: Path) -> set[tuple[str, str]]:
    if key is None:
        return set()
    work.fetch(key, path)
    return keys_of(path)


def _booked_around(archive: Objects, day: date, today: date) -> Iterator[Entry]:
    """What may have succeeded on the day: booked from the day before (the other side's clock may be ahead,
    and UnionPay's day begins then) until now."""
    booked, last = day - timedelta(days=1), min(today, day + timedelta(days=BOOKED_LATER_DAYS))
    while booked <= last:
        yield from read_day(archive, booked.isoformat())
        booked += timedelta(days=1)
