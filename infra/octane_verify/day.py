"""A day of exports: its manifest, files, chains and tables, and the day before."""

from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from octane_verify.chain import check_chains
from octane_verify.derived import check_derived
from octane_verify.findings import Report
from octane_verify.manifest import (
    MANIFEST,
    CannotCheckError,
    Manifest,
    blame_signature,
    check_files,
    check_manifest,
    check_signature,
    read_manifest,
)
from octane_verify.tables import Folder, check_tables


def verify_day(root: Path, trusted: EllipticCurvePublicKey | None, previous: Path | None) -> Report:
    """Check a day's folder against our public key and the folder of the day before, where given."""
    report = Report()
    signed = check_signature(root, trusted, report)
    try:
        manifest = read_manifest(root)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        report.found(MANIFEST, "", f"is no manifest any more ({type(error).__name__}: {error})")
        return report
    report.subject = f"{manifest.day} version {manifest.version}"
    check_manifest(root, manifest, report)
    if previous:
        _check_previous(manifest, previous, report)
    elif manifest.previous:
        before = manifest.previous
        report.note(f"The day before ({before.day} v{before.version}) was not given and is not compared.")
    before_content = len(report.findings)
    _check_content(root, manifest, previous, report)
    if not signed:
        blame_signature(root, manifest, len(report.findings) == before_content, report)
    for proof in manifest.proof:
        for failure in proof.failures:
            report.note(f"The proof line of {proof.source} did not hold when the day was sealed: {failure}")
    return report


def _check_content(root: Path, manifest: Manifest, previous: Path | None, report: Report) -> None:
    there = check_files(root, manifest, report)
    altered = {finding.file for finding in report.findings}
    entries = check_chains(root, manifest, report)
    with duckdb.connect(config={"threads": 1}) as database:
        folder = Folder(root, manifest, there, altered, report, database)
        for table in check_tables(folder):
            try:
                check_derived(folder, table, entries, previous)
            except (duckdb.Error, LookupError, TypeError, ValueError) as error:
                report.found(table.path, "", f"is not the table that it should be: {error}")


def _check_previous(manifest: Manifest, previous: Path, report: Report) -> None:
    """The day before is the one that this manifest was sealed upon."""
    path = previous / MANIFEST
    if not path.is_file():
        raise CannotCheckError(f"{previous} has no {MANIFEST}: it is not a day of exports.")
    stated = manifest.previous
    if stated is None:
        report.found(MANIFEST, "", "names no day before, and you gave one")
        return
    if stated.day != (date.fromisoformat(manifest.day) - timedelta(days=1)).isoformat():
        report.found(MANIFEST, "", f"names {stated.day} as the day before")
    digest = sha256(path.read_bytes()).hexdigest()
    if digest != stated.sha256:
        words = f"the SHA-256 of {path} is {digest}; this day was sealed upon {stated.sha256}"
        report.found(MANIFEST, "the day before", words)
