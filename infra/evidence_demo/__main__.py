"""`python -m evidence_demo`: entries and acts, chained, timestamped and kept; a package that is checked
offline, and altered in every way we thought of; the month's report.

The last line is one JSON object; the exit status is 0 only if everything is proven.
"""

import argparse
import json
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import tamper
from evidence_demo.life import ANN, AUDITOR, live
from evidence_demo.place import LOCKED, Stage, Streams, call, cannot_be_deleted, staged
from octane.audit.reading import Window, list_acts
from octane.evidence.heads import FOLDER
from octane.evidence.requests import fetch_evidence, request_evidence
from octane.wire.manifests import KEY, signed_manifest
from octane_verify import Report, verify
from privacy_demo.place import AheadClock

ROOT = Path(__file__).resolve().parents[2]
HOUR_MS = 3_600_000
ORDERS = 24
HOURS = 3
FETCH_SECONDS = 30


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="evidence_demo", description=__doc__)
    parser.add_argument("--directory", type=Path, default=ROOT / ".local" / "evidence")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "ERROR")
    os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Octane")
    began = time.monotonic()
    with staged(chosen.directory, AheadClock(-(HOURS + 2) * HOUR_MS)) as stage:
        result = _played(stage, chosen.directory)
    result["seconds"] = round(time.monotonic() - began, 1)
    say(json.dumps(result))
    return 0 if result.pop("proven") else 1


def _played(stage: Stage, directory: Path) -> dict[str, Any]:
    streams, entries, acts = Streams(stage), 0, 0
    anns: list[str] = []
    for hour in range(HOURS):
        anns += live(stage.octane, ORDERS, f"hour{hour}")
        booked, done = streams.carry()
        entries, acts = entries + booked, acts + done
        stage.clock.ahead_ms += HOUR_MS
        if hour == 1:
            stage.authority.misbehave("stamp", "status", status=503)
        call("evidence/stamp_heads", {})
        heads, stamped = _heads(stage)
        say(f"hour {hour + 1}: {booked} entries and {done} acts; {stamped} of {heads} heads are timestamped")
        stage.authority.delete("/rules")
    caught_up = heads == stamped == HOURS
    page = list_acts(stage.octane, AUDITOR, anns[0], Window())
    say(f"the auditor reads {len(page.acts)} acts on {anns[0]}")
    package = _package(stage, streams, directory)
    ours, authority = _trusted(stage, directory)
    report = verify(package, ours, tsa=authority)
    checked = dict(report.checked)
    say(f"octane-verify {package.name}: {'SOUND' if not report.findings else report.findings} {checked}")
    folder = directory / "package"
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(package) as parcel:
        parcel.extractall(folder)
    tampered = _tampered(folder)
    found = sum(each.found for each in tampered)
    locked = _locked(stage)
    counted = _monthly(stage)
    proven = _is_proven(report, entries, acts) and found == len(tampered) and caught_up and locked
    return {
        "entries": entries,
        "acts": acts,
        "heads": heads,
        "authority_was_silent_and_nothing_lost": caught_up,
        "package_bytes": package.stat().st_size,
        "package_entries": checked.get("entries", 0),
        "package_acts": checked.get("acts", 0),
        "proofs": checked.get("proofs", 0),
        "timestamps_verified": checked.get("timestamps", 0),
        "verdict": "ALTERED" if report.findings else "SOUND",
        "tampering_found": f"{found}/{len(tampered)}",
        "archive_refuses_deletion": locked,
        "compliance_acts": counted,
        "proven": bool(proven and counted >= acts),
    }


def _heads(stage: Stage) -> tuple[int, int]:
    keys = list(stage.octane.archive.list(FOLDER))
    return sum(key.endswith(".json") for key in keys), sum(key.endswith(".tsr") for key in keys)


def _package(stage: Stage, streams: Streams, directory: Path) -> Path:
    """Everything of Ann: asked for, built, and fetched through its link."""
    stage.clock.ahead_ms += 1
    asked = request_evidence(stage.octane, AUDITOR, None, ANN.user_id, "evidence-key-1")
    streams.carry()
    package = fetch_evidence(stage.octane, AUDITOR, asked.evidence_id)
    path = directory / "package.zip"
    with urlopen(package.url, timeout=FETCH_SECONDS) as answer:
        path.write_bytes(answer.read())
    return path


def _trusted(stage: Stage, directory: Path) -> tuple[Path, Path]:
    """Our key and the authority's root, as a court would have them from elsewhere."""
    ours, authority = directory / "octane.pem", directory / "authority.pem"
    ours.write_bytes(signed_manifest({}, stage.octane.manifest_signer)[KEY])
    authority.write_text("".join(stage.authority.get("/keys")["root_certificates"]))
    return ours, authority


def _tampered(folder: Path) -> list[tamper.Tampering]:
    tried = []
    for one in tamper.steps(folder):
        tried.append(one)
        say(f"  {'named ' if one.found else 'MISSED'} {one.what}: {one.said[:110]}")
    return tried


def _locked(stage: Stage) -> bool:
    kept = [key for key in stage.octane.archive.list("") if key.startswith(("audit/", "journal/", FOLDER))]
    refused = all(cannot_be_deleted(stage.cloud, key) for key in kept[:: max(1, len(kept) // 5)])
    say(f"{LOCKED}: {len(kept)} objects under Object Lock; deletion {'refused' if refused else 'ALLOWED'}")
    return refused


def _monthly(stage: Stage) -> int:
    """Print the month's report (and the next one's, where the demo runs over midnight of a first)."""
    months = {head.split("day=")[1][:7] for head in stage.octane.archive.list(FOLDER)}
    counted = 0
    for month in sorted(months):
        call("evidence/compliance_report", {"month": month})
        (key,) = [
            key
            for key in stage.octane.archive.list(f"compliance/month={month}/")
            if key.endswith("report.json")
        ]
        report = json.loads(stage.octane.archive.get(key) or b"{}")
        say(f"compliance report of {month}: {report['acts']} acts, {report['incident_count']} incidents")
        counted += int(report["acts"])
    return counted


def _is_proven(report: Report, entries: int, acts: int) -> bool:
    checked = report.checked
    whole = checked["proofs"] == checked["entries"] + checked["acts"]
    return (
        not report.findings and not report.notes and whole and 0 < checked["entries"] < entries and acts > 0
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
