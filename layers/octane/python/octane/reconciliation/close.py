"""Match the shards of a day, put their answers together, and prove them (RC2)."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from octane.kernel.statement import LineKind
from octane.ledger.accounts import issuer_payable
from octane.reconciliation.collect import stated_of, totals_of
from octane.reconciliation.deps import RunDeps
from octane.reconciliation.lines import shard_file
from octane.reconciliation.lines import totals_of as totals_in
from octane.reconciliation.matching import match_shard as match
from octane.reconciliation.model import BILLERS, KindTotal, ProofLine, Source, day_window
from octane.reconciliation.proof import proof_json, prove
from octane.reconciliation.reading import read_differences
from octane.reconciliation.resolve import StaleRunError, TooManyDifferencesError, resolve_differences
from octane.reconciliation.run import PROOF, SETTLEMENT, Json, Run
from octane.reconciliation.shards import merge_differences, merge_tallies, tallies_json, tallies_of
from octane.store.objects import Objects

DIFFERENCES = "differences.parquet"


def match_shard(deps: RunDeps, step: Json) -> Json:
    """Match one shard of a source's day; leave its differences and tallies."""
    run, shard = Run.of(step), int(step["shard"])
    with scratch_folder() as folder:
        ours = _fetched(deps.work, run.shard_key("entries", shard), folder / "ours.parquet")
        theirs = _fetched(deps.work, run.shard_key("statements", shard), folder / "theirs.parquet")
        carried = {
            side: _fetched(deps.work, key, folder / f"carried-{side}.parquet") if key else None
            for side, key in step["carried"].items()
        }
        tallies = match(
            ours,
            theirs,
            day_window(run.source, run.date),
            folder / "out.parquet",
            carried_ours=carried["ours"],
            carried_theirs=carried["theirs"],
            shard=shard,
            shards=int(step["shard_count"]),
        )
        deps.work.send(folder / "out.parquet", run.shard_key("matches", shard))
        deps.work.put(run.shard_key("matches", shard, "json"), tallies_json(tallies))
    return {
        "shard": shard,
        "differences": sum(each.count for each in tallies if each.match_class != "MATCHED"),
    }


def merge_source(deps: RunDeps, step: Json) -> Json:
    """Put a source's shards together and prove the day. The answer's `state`: PROVEN, or UNPROVEN with what
    does not hold; a source without a bill keeps the state it has."""
    if step["state"] != "READY":
        return step
    run, shards = Run.of(step), range(int(step["shard_count"]))
    with scratch_folder() as folder:
        parts = [_fetched(deps.work, run.shard_key("matches", n), folder / shard_file(n)) for n in shards]
        tallies = merge_tallies(
            tallies_of(deps.work.get(run.shard_key("matches", shard, "json")) or b"") for shard in shards
        )
        merge_differences(parts, folder / DIFFERENCES, folder / "ours.parquet", folder / "theirs.parquet")
        carried = {
            side: _carried_in(deps.work, key, folder / f"in-{side}.parquet")
            for side, key in step["carried"].items()
        }
        proof = prove(
            run.source,
            run.day,
            tallies,
            totals_of(step["ours"]),
            totals_of(step["theirs"]),
            stated_of(step["stated"]),
            carried_ours=carried["ours"],
            carried_theirs=carried["theirs"],
        )
        deps.work.send(folder / DIFFERENCES, run.key("days", DIFFERENCES))
        deps.work.put(run.key("days", PROOF), proof_json(proof))
        if proof.holds:  # what a broken bill sums to, or calls in transit, is nothing to go on from
            deps.work.put(run.key("days", SETTLEMENT), json.dumps(_settlement(step)).encode())
            for side in ("ours", "theirs"):
                deps.work.send(folder / f"{side}.parquet", run.key("carried", f"{side}.parquet"))
    return {**step, **_told(deps, run, proof)}


def _settlement(step: Json) -> Json:
    """What the bill lets us expect at the bank. A biller is owed what its bill has; an issuer's bill is owed
    issuer by issuer, as our entries have it, and what the bill has besides is owed to the aggregator."""
    moved: dict[str, int] = step["moved"]
    gross = moved.get(LineKind.PAYMENT, 0) - moved.get(LineKind.REFUND, 0)
    fee = sum(row["fee"] for row in step["theirs"])
    if step["source"] in BILLERS:
        return {"gross": gross, "fee": fee, "recharged": {step["source"]: moved.get(LineKind.RECHARGE, 0)}}
    recharged = {account.removeprefix(issuer_payable("")): fen for account, fen in step["sums"].items()}
    if rest := moved.get(LineKind.RECHARGE, 0) - sum(recharged.values()):
        recharged[Source.JUHE.value] = rest
    return {"gross": gross, "fee": fee, "recharged": recharged}


def _told(deps: RunDeps, run: Run, proof: ProofLine) -> Json:
    if proof.holds:
        return {"state": "PROVEN"}
    deps.signals.count("ProofFailed", source=run.source.value, day=run.day)
    return {"state": "UNPROVEN", "why": "; ".join(proof.failures)}


def resolve_source(deps: RunDeps, step: Json) -> Json:
    """Act on a proven source's differences. The answer's `state`: CLOSED, TOO_MANY or STALE."""
    run = Run.of(step)
    with scratch_folder() as folder:
        path = _fetched(deps.work, run.key("days", DIFFERENCES), folder / DIFFERENCES)
        try:
            done = resolve_differences(
                deps, run.source, run.day, run.version, read_differences(path, run.source, run.day)
            )
        except TooManyDifferencesError as error:
            return {**step, "state": "TOO_MANY", "why": error.message}
        except StaleRunError as error:
            return {**step, "state": "STALE", "why": error.message}
    return {**step, "state": "CLOSED", "resolution": done._asdict()}


@contextmanager
def scratch_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _fetched(objects: Objects, key: str, path: Path) -> Path:
    objects.fetch(key, path)
    return path


def _carried_in(objects: Objects, key: str | None, path: Path) -> tuple[KindTotal, ...]:
    return totals_in(_fetched(objects, key, path)) if key else ()
