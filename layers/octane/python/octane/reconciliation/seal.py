"""The last step of a run: print the summary, sign, and say whether the day is closed (LG7)."""

from datetime import date, timedelta
from hashlib import sha256

from octane.reconciliation.contents import from_json
from octane.reconciliation.day_folder import export_prefix
from octane.reconciliation.deps import RunDeps
from octane.reconciliation.run import CONTENTS, Json, day_item_key, day_key
from octane.reconciliation.sealing import PreviousDay, seal_day, send_seal
from octane.store.objects import Objects
from octane.store.writes import ChangedMeanwhileError, Is, Update
from octane.wire.manifests import MANIFEST


def seal_run(deps: RunDeps, step: Json) -> Json:
    """Seal a day's export. `closed` says whether every bill and the funds are; `failures` why not."""
    day, version = step["run"]["day"], int(step["run"]["version"])
    content = deps.work.get(day_key("days", day, version, CONTENTS))
    contents = from_json(content or b"")
    files = seal_day(contents, _previous(deps.archive, day), deps.manifest_signer)
    digest = send_seal(deps.archive, contents, files)
    failures = [f"{each['source']}: {each['state']} {each.get('why', '')}".strip() for each in _open(step)]
    failures += step["funds"]["failures"]
    _note(deps, day, version, "CLOSED" if not failures else "FAILED")
    sealed = {"folder": export_prefix(day, version), "manifest_sha256": digest}
    return {**step, **sealed, "closed": not failures, "failures": failures}


def _open(step: Json) -> list[Json]:
    return [each for each in step["sources"] if each["state"] != "CLOSED"]


def _previous(archive: Objects, day: str) -> PreviousDay | None:
    """The newest sealed version of the day before."""
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    prefix = f"exports/day={before}/v="
    sealed = [
        key for key in archive.list(prefix) if key.endswith(f"/{MANIFEST}") and key.count("/") == SEALED_AT
    ]
    if not sealed:
        return None
    newest = max(sealed, key=lambda key: int(key.removeprefix(prefix).split("/")[0]))
    manifest = archive.get(newest) or b""
    return PreviousDay(before, int(newest.removeprefix(prefix).split("/")[0]), sha256(manifest).hexdigest())


SEALED_AT = 3
"""Slashes in a manifest's key."""


def _note(deps: RunDeps, day: str, version: int, state: str) -> None:
    """Note how the run ended, unless a newer one has begun."""
    try:
        deps.store.commit(Update(day_item_key(day), when=Is("version", version), assign={"state": state}))
    except ChangedMeanwhileError:
        deps.signals.count("RunOvertaken", day=day, version=version)
