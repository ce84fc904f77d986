"""Close one source's day as its steps do: normalise, cut, match by shards, merge, prove."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from drill.findings import Finding
from drill.sources import ACCOUNTS
from octane.kernel.statement import ParsedBill
from octane.ledger.entries import Entry, payer_mark
from octane.reconciliation import lines
from octane.reconciliation.cut import cut_lines
from octane.reconciliation.matching import match_shard
from octane.reconciliation.model import ProofLine, Source, day_window
from octane.reconciliation.proof import prove
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
        marked = (line._replace(party=payer_mark(line.party)) for line in bill.lines)
        theirs = lines.write_lines(marked, day, here / "theirs", self._shards)
        cut = cut_lines(entries, source, window, ACCOUNTS[source].merchant)
        ours = lines.write_lines(cut, day, here / "ours", self._shards)
        tallies, parts = [], []
        for shard in range(self._shards):
            parts.append(here / lines.shard_file(shard))
            tallies.append(
                match_shard(
                    here / "ours" / lines.shard_file(shard),
                    here / "theirs" / lines.shard_file(shard),
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
        carried = {side: lines.totals_of(path) if path else () for side, path in self._carried.items()}
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
        found = _differences(here / "differences.parquet")
        if keep:
            self._carried = {**out}
        return Closed(Counter(Finding(source, day, *each) for each in found), proof)


def _differences(path: Path) -> list[tuple[str, str, str, str]]:
    """Class, kind, number and fields of each."""
    with lines.engine(path.parent) as database:
        asked = "SELECT class, kind, number, fields FROM read_parquet(?)"
        return database.execute(asked, [str(path)]).fetchall()
