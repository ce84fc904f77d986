"""Seal a day's exports: the printed summary, the manifest and its signature (LG7, RC4).

The manifest names every file with its size and SHA-256, every table's rows and sums, where each hash chain
ends and the digest of the day before's manifest. Its checksum (its SHA-256 without that field) only tells an
altered manifest from an altered signature. `manifest.sig` is ECDSA P-256 over the manifest's SHA-256, in DER:
`openssl dgst -sha256 -verify manifest.pem -signature manifest.sig manifest.json` checks it too.
"""

import base64
import json
from hashlib import sha256
from typing import NamedTuple, Protocol

from octane.reconciliation.contents import Contents, ExportedFile
from octane.reconciliation.day_folder import MANIFEST, SealedOtherwiseError, export_prefix
from octane.reconciliation.summary_pdf import summary_pdf
from octane.store.objects import Objects

FORMAT = "octane-books/1"
SIGNATURE = "manifest.sig"
KEY = "manifest.pem"
SUMMARY = "summary.pdf"


class Signer(Protocol):
    """A key of ours that signs and never leaves its place: ECDSA on P-256."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest; return the signature in DER."""
        ...

    def public_key(self) -> bytes:
        """The key's SubjectPublicKeyInfo in DER."""
        ...


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
    key = signer.public_key()
    manifest = _manifest(contents._replace(files=(*contents.files, listed)), previous, key)
    return {
        SUMMARY: summary,
        KEY: _pem(key),
        MANIFEST: manifest,
        SIGNATURE: signer.sign(sha256(manifest).digest()),
    }


def send_seal(objects: Objects, contents: Contents, files: dict[str, bytes]) -> str:
    """Put the seal, the signature last; return the manifest's SHA-256. Signing again gives another signature
    of the same manifest: the first one stays. Raises `SealedOtherwiseError`."""
    prefix = export_prefix(contents.day, contents.version)
    for name, content in files.items():
        if not objects.put_new(prefix + name, content) and name != SIGNATURE:
            raise SealedOtherwiseError(prefix)
    return sha256(files[MANIFEST]).hexdigest()


def _manifest(contents: Contents, previous: PreviousDay | None, key: bytes) -> bytes:
    record: dict[str, object] = {
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
        "key_sha256": sha256(key).hexdigest(),
    }
    checksum = sha256(_written(record)).hexdigest()
    return _written({**record, "checksum": checksum})


def _written(record: dict[str, object]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def _listed(file: ExportedFile) -> dict[str, object]:
    listed: dict[str, object] = {"path": file.path, "size": file.size, "sha256": file.sha256}
    if file.rows is not None:
        listed |= {"rows": file.rows, "sums": dict(file.sums)}
    return listed


def _pem(key: bytes) -> bytes:
    text = base64.b64encode(key)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN PUBLIC KEY-----", *lines, b"-----END PUBLIC KEY-----", b""])
