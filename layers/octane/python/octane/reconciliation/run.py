"""A run of a day: what its steps hand to each other, and where they leave their files (RC1, RC5).

Steps may be repeated and may die anywhere: each writes what it did before, or finds it. A rerun of the day is
a new version; nothing of an older one is overwritten.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from octane.kernel.clock import in_beijing
from octane.kernel.errors import InputError
from octane.reconciliation.model import COLLECTED, Source
from octane.store.items import Key, Table
from octane.store.objects import Objects
from octane.store.store import Store
from octane.store.writes import Absent, AtLeast, Update, any_of

Json = dict[str, Any]
"""A step's input or output, as the state machine carries it."""
CONTENTS = "contents.json"
SETTLEMENT = "settlement.json"
PROOF = "proof.json"
LINES_PER_SHARD = 1_000_000
BYTES_PER_LINE = 160
"""Of a bill, packed or not: enough to guess how many shards it needs."""


class DayInvalidError(InputError):
    code = "DAY_INVALID"
    summary = "Name a day that is over or today, as YYYY-MM-DD."


class Run(NamedTuple):
    """One source's part of a run."""

    day: str
    version: int
    source: Source

    @classmethod
    def of(cls, step: Mapping[str, Any]) -> "Run":
        return cls(str(step["day"]), int(step["version"]), Source(step["source"]))

    @property
    def date(self) -> date:
        return date.fromisoformat(self.day)

    def key(self, kind: str, name: str) -> str:
        """`statements/day=2026-11-21/v=1/source=WECHAT/shard=000.parquet`"""
        return f"{kind}/day={self.day}/v={self.version}/source={self.source}/{name}"

    def shard_key(self, kind: str, shard: int, ending: str = "parquet") -> str:
        return self.key(kind, f"shard={shard:03d}.{ending}")


def open_day(
    store: Store, today: date, asked: Mapping[str, Any], collected: Sequence[Source] = COLLECTED
) -> Json:
    """Take the next version of a day. `asked` names the `day`, or how many `days_ago` it was (1), and perhaps
    the `sources` (all of `collected`: those that are set up); then the `run` is `partial`. Raises
    `DayInvalidError`."""
    day = _day(asked, today)
    try:
        sources = [Source(name) for name in asked.get("sources") or collected]
    except ValueError:
        sources = []
    if not sources or not set(sources) <= set(collected):
        raise DayInvalidError("Name sources among " + ", ".join(collected) + ".")
    taken = store.take(
        Update(
            day_item_key(day.isoformat()),
            when=any_of(Absent(), AtLeast("version", 0)),
            assign={"state": "RUNNING"},
            add={"version": 1},
        )
    )
    run: Json = {"day": day.isoformat(), "version": taken["version"]}
    if asked.get("sources"):
        run["partial"] = True
    return {"run": run, "sources": [{**run, "source": source.value, "tries": 0} for source in sources]}


def day_item_key(day: str) -> Key:
    return Key(Table.RECONCILIATION, f"DAY#{day}", "#DAY")


def day_key(kind: str, day: str, version: int, name: str) -> str:
    """Where a run leaves what is of no one source."""
    return f"{kind}/day={day}/v={version}/{name}"


def _day(asked: Mapping[str, Any], today: date) -> date:
    named, ago = asked.get("day"), asked.get("days_ago", 1)
    try:
        day = date.fromisoformat(named) if named else today - timedelta(days=int(ago))
    except (TypeError, ValueError, OverflowError):
        raise DayInvalidError from None
    if day > today:
        raise DayInvalidError
    return day


def today_of(now: int) -> date:
    """The present day in Beijing."""
    return in_beijing(now).date()  # type: ignore[arg-type]


def shards_for(size: int) -> int:
    """How many shards a bill of so many bytes gets."""
    return 1 + size // (LINES_PER_SHARD * BYTES_PER_LINE)


def latest(work: Objects, kind: str, day: str, source: Source, name: str) -> str | None:
    """The newest version's file of a day, or None."""
    found = [key for key in work.list(f"{kind}/day={day}/") if key.endswith(f"/source={source}/{name}")]
    return max(found, key=lambda key: int(key.split("/v=")[1].split("/")[0]), default=None)
