"""Close one source's day as its steps do: normalise, cut, match by shards, merge, prove."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from drill.findings import Finding
from drill.sources import ACCOUNTS
from octane.kernel.statement import ParsedBill
from octane.ledger.entries import Entry
from octane.reconciliation.cut import cut_lines
from octane.reconciliation.lines import shard_file, totals_of, write_lines
from octane.reconciliation.matching import match_shard
from octane.reconciliation.model import ProofLine, Source, day_window
from octane.reconciliation.proof import prove
from octane.reconciliation.reading import read_differences
from octane.reconciliation.shards import merge_differences, merge_tallies

SIDES = ("ours", "theirs")


class Closed(NamedTuple):
    found: Counter[Finding]
    proof: ProofLine


class Books:
    """One source's days: what is in transit out of one is taken into the next."""

    def __init__(self, source: Source, folder: Path, shards: int) -> None:
        self._source = source
        self._folder = folder / source
        self._shards = shards
        self._carried: dict[str, Path | None] = dict.fromkeys(SIDES)

    def close(self, day: date, entries: Iterable[Entry], bill: ParsedBill, *, keep: bool = True) -> Closed:
        """Close a day; `keep` says whether the next day goes on from it. Raises `BillUnreadableError`."""
        source, window, here = self._source, day_window(self._source, day), self._folder / day.isoformat()
        theirs = write_lines(bill.lines, day, here / "theirs", self._shards)
        lines = cut_lines(entries, source, window, ACCOUNTS[source].merchant)
        ours = write_lines(lines, day, here / "ours", self._shards)
        tallies, parts = [], []
        for shard in range(self._shards):
            parts.append(here / shard_file(shard))
            tallies.append(
                match_shard(
                    here / "ours" / shard_file(shard),
                    here / "theirs" / shard_file(shard),
                    window,
                    parts[-1],
                    carried_ours=self._carried["ours"],
                    carried_theirs=self._carried["theirs"],
                    shard=shard,
                    shards=self._shards,
                )
            )
        out = {side: here / f"carried-{side}.parquet" for side in SIDES}
        merge_differences(parts, here / "differences.parquet", out["ours"], out["theirs"])
        carried = {side: totals_of(path) if path else () for side, path in self._carried.items()}
        proof = prove(
            source,
            day.isoformat(),
            merge_tallies(tallies),
            ours,
            theirs,
            bill.stated,
            carried_ours=carried["ours"],
            carried_theirs=carried["theirs"],
        )
        found = Counter(
            Finding(source, day, line.match_class, line.kind, line.number, ",".join(line.fields))
            for line in read_differences(here / "differences.parquet", source, day.isoformat())
        )
        if keep:
            self._carried = {**out}
        return Closed(found, proof)
