"""The proof line: whether the classes sum, in count, fen and fee, to both sides' totals and to the bill's own
summary (RC2). Nothing is rounded and nothing is left over, or the run fails and says where."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from octane.kernel.money import format_yuan
from octane.kernel.statement import LineKind, StatedTotal
from octane.reconciliation.model import KindTotal, MatchClass, ProofLine, Side, Source, Tally

_Sums = tuple[int, int, int]
"""Count, amount and fee."""
OURS_ONLY = frozenset({MatchClass.MISSING_THERE, MatchClass.DUPLICATE_HERE})
THEIRS_ONLY = frozenset({MatchClass.MISSING_HERE, MatchClass.DUPLICATE_THERE})


def prove(
    source: Source,
    day: str,
    tallies: tuple[Tally, ...],
    ours: Iterable[KindTotal],
    theirs: Iterable[KindTotal],
    stated: Iterable[StatedTotal],
    *,
    carried_ours: Iterable[KindTotal] = (),
    carried_theirs: Iterable[KindTotal] = (),
) -> ProofLine:
    """Prove a source's day. `ours` and `theirs` are what was read of each side, `carried_…` what the day
    before left in transit, `stated` what the bill's summary says (empty where the format has none)."""
    theirs = tuple(theirs)
    failures = (
        *_side(Side.OURS, tallies, (*ours, *carried_ours)),
        *_side(Side.THEIRS, tallies, (*theirs, *carried_theirs)),
        *_pairs(tallies),
        *_summary(theirs, tuple(stated)),
    )
    return ProofLine(source, day, tallies, failures)


def _side(side: Side, tallies: Iterable[Tally], read: Iterable[KindTotal]) -> Iterator[str]:
    """Each kind's classes sum to what was read of the side."""
    classed: dict[LineKind, Counter[str]] = {}
    for tally in tallies:
        if tally.side is side:
            _add(classed.setdefault(tally.kind, Counter()), tally)
    there: dict[LineKind, Counter[str]] = {}
    for total in read:
        _add(there.setdefault(total.kind, Counter()), total)
    for kind in sorted({*classed, *there}):
        found, wanted = classed.get(kind, Counter()), there.get(kind, Counter())
        for what in ("lines", "amount", "fee"):
            if found[what] != wanted[what]:
                classes, read_of = _said(what, found), _said(what, wanted)
                yield f"{side} {kind}: the classes have {classes}, what was read {read_of}"


def _add(sums: Counter[str], total: KindTotal | Tally) -> None:
    sums["lines"] += total.count
    sums["amount"] += total.amount
    sums["fee"] += total.fee


def _pairs(tallies: Iterable[Tally]) -> Iterator[str]:
    """What is matched is as many lines on both sides, for the same fen; a class of one side has none of the
    other's."""
    sides: dict[tuple[MatchClass, LineKind], dict[Side, _Sums]] = {}
    for tally in tallies:
        sides.setdefault((tally.match_class, tally.kind), {})[tally.side] = (
            tally.count,
            tally.amount,
            tally.fee,
        )
    for (match_class, kind), found in sorted(sides.items()):
        ours, theirs = found.get(Side.OURS, (0, 0, 0)), found.get(Side.THEIRS, (0, 0, 0))
        if match_class is MatchClass.MATCHED and ours != theirs:
            yield f"MATCHED {kind}: ours {ours}, theirs {theirs} (lines, fen, fee)"
        if match_class is MatchClass.MISMATCH and ours[0] != theirs[0]:
            yield f"MISMATCH {kind}: {ours[0]} lines of ours, {theirs[0]} of theirs"
        if match_class in OURS_ONLY and theirs[0]:
            yield f"{match_class} {kind}: {theirs[0]} lines of theirs"
        if match_class in THEIRS_ONLY and ours[0]:
            yield f"{match_class} {kind}: {ours[0]} lines of ours"


def _summary(theirs: tuple[KindTotal, ...], stated: tuple[StatedTotal, ...]) -> Iterator[str]:
    """The bill's rows sum to what the bill itself says, as far as it says it, and it speaks of all rows."""
    if not stated:
        return
    spoken_of = {word.kind for word in stated}
    for row in theirs:
        if row.kind not in spoken_of and None not in spoken_of:
            yield f"bill {row.kind}: {row.count} rows, its summary knows no such kind"
    for word in stated:
        rows = [row for row in theirs if word.kind in (None, row.kind)]
        name = f"bill {word.kind or 'in all'}"
        if word.count is not None and (count := sum(row.count for row in rows)) != word.count:
            yield f"{name}: {count} rows, its summary says {word.count}"
        for what, found, told in (
            ("amounts", sum(row.amount for row in rows), word.amount),
            ("fees", sum(row.fee for row in rows), word.fee),
        ):
            if told is not None and found != told:
                yield f"{name}: {what} of {format_yuan(found)}, its summary says {format_yuan(told)}"


def _said(what: str, sums: Counter[str]) -> str:
    return f"{sums[what]} lines" if what == "lines" else f"{what} {format_yuan(sums[what])}"


def proof_text(proof: ProofLine) -> str:
    """The proof in one paragraph for people: each class, then whether it holds."""
    rows = [f"{proof.source} {proof.day}"]
    for tally in proof.tallies:
        rows.append(
            f"  {tally.side:<6} {tally.kind:<8} {tally.match_class:<15} {tally.count:>9,} lines "
            f"{format_yuan(tally.amount):>16} yuan  fee {format_yuan(tally.fee):>10}"
        )
    rows.append("  proof holds: every line is in one class" if proof.holds else "  PROOF FAILS")
    return "\n".join([*rows, *(f"  {failure}" for failure in proof.failures)])


def proof_json(proof: ProofLine) -> bytes:
    record = {**proof._asdict(), "tallies": [tally._asdict() for tally in proof.tallies]}
    return json.dumps(record, ensure_ascii=False).encode()


def proof_of(record: bytes | dict[str, Any]) -> ProofLine:
    """Read a proof back; raises `ValueError`, `KeyError`."""
    found: dict[str, Any] = json.loads(record) if isinstance(record, bytes) else record
    tallies = (
        Tally(
            MatchClass(each["match_class"]),
            LineKind(each["kind"]),
            Side(each["side"]),
            each["count"],
            each["amount"],
            each["fee"],
        )
        for each in found["tallies"]
    )
    return ProofLine(Source(found["source"]), found["day"], tuple(tallies), tuple(found["failures"]))
