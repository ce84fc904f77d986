"""The step that writes a day's files for finance (RC4)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from octane.ledger.journal import read_blocks
from octane.reconciliation.close import DIFFERENCES, scratch_folder
from octane.reconciliation.contents import FundsRow, to_json
from octane.reconciliation.day_folder import send_files
from octane.reconciliation.deps import RunDeps
from octane.reconciliation.exports import DayBooks, export_day
from octane.reconciliation.model import ProofLine, Source
from octane.reconciliation.proof import proof_of
from octane.reconciliation.run import CONTENTS, PROOF, Json, Run, day_key
from octane.reconciliation.tasks import waiting


def publish_day(deps: RunDeps, step: Json) -> Json:
    """Export a day: whatever was proven, and for a source that was not, why. Files may be written again until
    the day is sealed."""
    day, version = step["run"]["day"], step["run"]["version"]
    with scratch_folder() as folder:
        found: dict[Source, Path] = {}
        proofs = tuple(_proofs(deps, step, folder, found))
        books = DayBooks(
            proofs=proofs,
            differences=found,
            blocks=read_blocks(deps.archive, day),
            opening=_opening(step),
            open_differences=list(waiting(deps.store)),
            funds=[FundsRow(row["label"], row["amount"]) for row in step["funds"]["rows"]],
        )
        target = folder / "export"
        target.mkdir()
        contents = export_day(day, version, books, target)
        send_files(deps.archive, contents, target)
    deps.work.put(day_key("days", day, version, CONTENTS), to_json(contents))
    return step


def _proofs(deps: RunDeps, step: Json, folder: Path, found: dict[Source, Path]) -> Iterator[ProofLine]:
    for each in step["sources"]:
        run = Run.of(each)
        content = deps.work.get(run.key("days", PROOF))
        if content is None:
            yield ProofLine(run.source, run.day, (), (f"{each['state']}: {each.get('why', '')}",))
            continue
        yield proof_of(content)
        found[run.source] = folder / f"{run.source}-{DIFFERENCES}"
        deps.work.fetch(run.key("days", DIFFERENCES), found[run.source])


def _opening(step: Json) -> Mapping[str, int]:
    opening: dict[str, int] = step["funds"]["opening"]
    return opening
