"""Seal a day's exports: the printed summary, the manifest and its signature (LG7, RC4).

Beside the files, the manifest names every table's rows and sums, where each hash chain ends and the digest of
the day before's manifest.
"""

from hashlib import sha256
from typing import NamedTuple

from octane.reconciliation.contents import Contents, ExportedFile
from octane.reconciliation.day_folder import SealedOtherwiseError, export_prefix
from octane.reconciliation.summary_pdf import summary_pdf
from octane.store.objects import Objects
from octane.wire.manifests import MANIFEST, SIGNATURE, Signer, signed_manifest

FORMAT = "octane-books/1"
SUMMARY = "summary.pdf"


class PreviousDay(NamedTuple):
    """The last sealed version of the day before."""

    day: str
    version: int
    sha256: str
    """Of its manifest.json."""


def seal_day(contents: Contents, previous: PreviousDay | None, signer: Signer) -> dict[str, bytes]:
    """Make the files that close a day's folder: summary, manifest, signature, public key."""
    summary = summary_pdf(contents)
    listed = ExportedFile(SUMMARY, len(summary), sha256(summary).hexdigest())
    whole = contents._replace(files=(*contents.files, listed))
    return {SUMMARY: summary, **signed_manifest(_manifest(whole, previous), signer)}


def send_seal(objects: Objects, contents: Contents, files: dict[str, bytes]) -> str:
    """Put the seal, the signature last; return the manifest's SHA-256. Signing again gives another signature
    of the same manifest: the first one stays. Raises `SealedOtherwiseError`."""
    prefix = export_prefix(contents.day, contents.version)
    for name, content in files.items():
        if not objects.put_new(prefix + name, content) and name != SIGNATURE:
            raise SealedOtherwiseError(prefix)
    return sha256(files[MANIFEST]).hexdigest()


def _manifest(contents: Contents, previous: PreviousDay | None) -> dict[str, object]:
    return {
        "format": FORMAT,
        "day": contents.day,
        "version": contents.version,
        "files": [_listed(file) for file in sorted(contents.files, key=lambda file: file.path)],
        "journal": [
            {"chain": head.chain, "blocks": head.blocks, "entries": head.entries, "hash": head.hash}
            for head in contents.heads
        ],
        "proof": [
            {"source": proof.source, "holds": proof.holds, "failures": list(proof.failures)}
            for proof in contents.proofs
        ],
        "previous": previous._asdict() if previous else None,
    }


def _listed(file: ExportedFile) -> dict[str, object]:
    listed: dict[str, object] = {"path": file.path, "size": file.size, "sha256": file.sha256}
    if file.rows is not None:
        listed |= {"rows": file.rows, "sums": dict(file.sums)}
    return listed
