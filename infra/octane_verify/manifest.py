"""The manifest, its signature, and whether the folder has exactly the files that it names."""

import hashlib
import json
import struct
import zipfile
import zlib
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from octane_verify.findings import Report

FORMAT = "octane-books/1"
MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "manifest.pem"
SEAL = (MANIFEST, SIGNATURE, KEY)


CHUNK = 1 << 20
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError, struct.error)
"""What reading a damaged ZIP raises."""


class CannotCheckError(Exception):
    """There is nothing here that can be checked; says why."""


class Listed(NamedTuple):
    """A file as the manifest lists it; `rows` and `sums` (fen by column) only of a table's file."""

    size: int
    sha256: str
    rows: int | None
    sums: dict[str, int]


class Head(NamedTuple):
    """Where a chain ends."""

    blocks: int
    entries: int
    hash: str


class Proof(NamedTuple):
    source: str
    failures: list[str]


class Previous(NamedTuple):
    day: str
    version: int
    sha256: str


class Sealed(Protocol):
    """What the manifests of all folders have."""

    @property
    def files(self) -> dict[str, Listed]: ...
    @property
    def key_sha256(self) -> str: ...
    @property
    def whole(self) -> bool: ...


class Manifest(NamedTuple):
    day: str
    version: int
    files: dict[str, Listed]
    journal: dict[str, Head]
    proof: list[Proof]
    previous: Previous | None
    key_sha256: str
    whole: bool
    """It is written as it should be and fits its own checksum."""


def format_of(folder: Path) -> str:
    """What kind of folder it is; empty when its manifest does not tell. Raises `CannotCheckError`."""
    path = folder / MANIFEST
    if not path.is_file():
        raise CannotCheckError(f"{folder} has no {MANIFEST}: it is no day of exports and no evidence.")
    try:
        return str(json.loads(path.read_bytes())["format"])
    except (ValueError, KeyError, TypeError):
        return ""


def read_manifest(folder: Path) -> Manifest:
    """Raises `CannotCheckError`; `ValueError`, `TypeError` and `KeyError` when it is no manifest of ours."""
    path = folder / MANIFEST
    if not path.is_file():
        raise CannotCheckError(f"{folder} has no {MANIFEST}: it is not a day of exports.")
    written = path.read_bytes()
    content: dict[str, Any] = json.loads(written)
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']!r}, and this program knows {FORMAT}")
    previous = content["previous"]
    return Manifest(
        day=date.fromisoformat(content["day"]).isoformat(),
        version=int(content["version"]),
        files={str(each["path"]): _listed(each) for each in content["files"]},
        journal={
            f"{int(each['chain']):02d}": Head(int(each["blocks"]), int(each["entries"]), str(each["hash"]))
            for each in content["journal"]
        },
        proof=[
            Proof(str(each["source"]), [str(words) for words in each["failures"]])
            for each in content["proof"]
        ],
        previous=Previous(str(previous["day"]), int(previous["version"]), str(previous["sha256"]))
        if previous
        else None,
        key_sha256=str(content["key_sha256"]),
        whole=checksummed(content) == written,
    )


def checksummed(content: dict[str, Any]) -> bytes:
    """A manifest as it is written, with its checksum: the SHA-256 of itself without that field."""
    bare = {name: value for name, value in content.items() if name != "checksum"}
    digest = hashlib.sha256(_written(bare)).hexdigest()
    return _written({**bare, "checksum": digest})


def _written(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _listed(each: dict[str, Any]) -> Listed:
    rows = each.get("rows")
    sums = {str(column): int(fen) for column, fen in each.get("sums", {}).items()}
    return Listed(int(each["size"]), str(each["sha256"]), None if rows is None else int(rows), sums)


def fingerprint(key: EllipticCurvePublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def load_key(path: Path) -> EllipticCurvePublicKey | None:
    """The public key in a PEM file; None when it holds none."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) else None


def check_signature(folder: Path, trusted: EllipticCurvePublicKey | None, report: Report) -> bool:
    """Whether the manifest is what the key signed. Without a key of yours, the folder's own is tried, which
    proves that the folder is of one piece and not who made it."""
    inside = load_key(folder / KEY)
    if inside is None:
        report.found(KEY, "", "is missing or holds no public key")
    elif inside.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) != (folder / KEY).read_bytes():
        report.found(KEY, "", "is not written as a key is")
    elif trusted and fingerprint(inside) != fingerprint(trusted):
        report.found(KEY, "", f"is another key ({fingerprint(inside)}) than the one you gave")
    key = trusted or inside
    if key is None:
        report.note("WARNING: there is no key, so the signature was not checked.")
        return True
    if trusted is None:
        report.note(
            f"WARNING: no --key was given, so the folder's own key was used (SHA-256 {fingerprint(key)}). "
            "Compare it with the one you know: who remakes a folder can sign it with a key of theirs."
        )
    return _signed(folder, key)


def blame_signature(folder: Path, manifest: Sealed, agreed: bool, report: Report) -> None:
    """The signature does not fit: say which of key, manifest and signature it is, as far as that is sure."""
    if not folder.joinpath(SIGNATURE).is_file():
        report.found(SIGNATURE, "", "is missing")
    elif agreed and manifest.whole:
        words = f"is no signature of {MANIFEST} by this key, although every file agrees with {MANIFEST}"
        report.found(SIGNATURE, "", words)
    elif manifest.whole:
        report.found(MANIFEST, "", f"is not what {SIGNATURE} signs")


def check_manifest(folder: Path, manifest: Sealed, report: Report) -> None:
    if not manifest.whole:
        report.found(MANIFEST, "", "was altered: it does not fit its own checksum")
    own = load_key(folder / KEY)
    if own and fingerprint(own) != manifest.key_sha256:
        report.found(KEY, "", f"is not the key that {MANIFEST} names (SHA-256 {manifest.key_sha256})")


def check_files(folder: Path, manifest: Sealed, report: Report) -> set[str]:
    """Compare every file with its size and digest; return those that are there."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    for path in sorted(there - set(manifest.files) - set(SEAL)):
        report.found(path, "", f"is not in {MANIFEST}: it was added")
    for path in sorted(set(manifest.files) - there):
        report.found(path, "", "is missing")
    for path in sorted(there & set(manifest.files)):
        _check_file(folder, path, manifest.files[path], report)
    return there & set(manifest.files)


def _check_file(folder: Path, path: str, listed: Listed, report: Report) -> None:
    report.checked["files"] += 1
    file = folder / path
    if file.is_symlink():
        report.found(path, "", "is a link, not a file")
        return
    size = file.stat().st_size
    if size != listed.size:
        report.found(path, "", f"has {size} bytes; {MANIFEST} says {listed.size}")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest == listed.sha256:
        return
    report.found(path, "", f"was altered: its SHA-256 is {digest}; {MANIFEST} says {listed.sha256}")
    if path.endswith(".xlsx"):
        _blame_member(file, path, report)


def _blame_member(file: Path, path: str, report: Report) -> None:
    """Say which part of a workbook does not fit its own checksum."""
    try:
        with zipfile.ZipFile(file) as book:
            for member in book.namelist():
                _read_member(book, member, path, report)
    except _UNREADABLE as error:
        report.found(path, "", f"is no readable workbook any more: {error}")


def _read_member(book: zipfile.ZipFile, member: str, path: str, report: Report) -> None:
    try:
        with book.open(member) as stream:
            while stream.read(CHUNK):
                pass
    except _UNREADABLE as error:
        report.found(path, member, f"is not whole: {error}")


def _signed(folder: Path, key: EllipticCurvePublicKey) -> bool:
    try:
        signature, content = (folder.joinpath(name).read_bytes() for name in (SIGNATURE, MANIFEST))
        key.verify(signature, content, ECDSA(SHA256()))
    except (InvalidSignature, OSError):
        return False
    return True
