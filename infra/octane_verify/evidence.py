"""An evidence package: every record is led through its chain and its tree to a head, and from there to the
authority's timestamp. Nothing of it needs Octane, or the net."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from octane_verify import merkle
from octane_verify.chain import BEIJING, CHAINS
from octane_verify.findings import Report
from octane_verify.heads import SKEW, Head, Trust, canonical, check_heads
from octane_verify.manifest import (
    MANIFEST,
    CannotCheckError,
    Listed,
    blame_signature,
    check_files,
    check_manifest,
    check_signature,
    checksummed,
)

FORMAT = "octane-evidence/1"
ROOTS = "tsa.pem"
ORDERS = "orders.json"


class Book(NamedTuple):
    file: str
    folder: str
    format: str
    at: str
    """Which field says the day."""
    key: tuple[str, ...]
    """Which fields name a record; the first is its subject."""


BOOKS = (
    Book("entries.jsonl", "journal", "octane-journal/1", "booked_at", ("subject", "kind", "reference")),
    Book("acts.jsonl", "audit", "octane-audit/1", "at", ("subject", "action", "act_id")),
)


class Package(NamedTuple):
    """The manifest of a package."""

    subject: str
    requested_at: datetime
    made_at: datetime
    records: dict[str, int]
    """How many, by file."""
    files: dict[str, Listed]
    key_sha256: str
    whole: bool


def verify_package(
    root: Path, key: EllipticCurvePublicKey | None, roots: Path | None, policy: str | None
) -> Report:
    """Check a package against our public key and the authority's root certificates, where given."""
    report = Report()
    signed = check_signature(root, key, report)
    try:
        package = _read(root)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        report.found(MANIFEST, "", f"is no manifest any more ({type(error).__name__}: {error})")
        return report
    report.subject = f"evidence of {package.subject}, asked for {package.requested_at.isoformat()}"
    check_manifest(root, package, report)
    before = len(report.findings)
    check_files(root, package, report)
    heads = check_heads(root, Trust(_roots(root, roots, report), policy), report)
    subjects = _subjects(root, package, report)
    for book in BOOKS:
        _check_book(root, book, package, heads, subjects, report)
    if not signed:
        blame_signature(root, package, len(report.findings) == before, report)
    return report


def _read(root: Path) -> Package:
    written = (root / MANIFEST).read_bytes()
    content: dict[str, Any] = json.loads(written)
    return Package(
        subject=str(content.get("order") or content["user"]),
        requested_at=_moment(content["requested_at"]),
        made_at=_moment(content["made_at"]),
        records={"entries.jsonl": int(content["entries"]), "acts.jsonl": int(content["acts"])},
        files={
            str(each["path"]): Listed(int(each["size"]), str(each["sha256"]), None, {})
            for each in content["files"]
        },
        key_sha256=str(content["key_sha256"]),
        whole=checksummed(content) == written,
    )


def _moment(milliseconds: object) -> datetime:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int):
        raise TypeError(milliseconds)
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)


def _roots(root: Path, given: Path | None, report: Report) -> list[x509.Certificate]:
    """The authority's certificates that are believed. Without any of yours the package's own are."""
    if given:
        try:
            return x509.load_pem_x509_certificates(given.read_bytes())
        except (OSError, ValueError) as error:
            raise CannotCheckError(f"{given} holds no certificates (PEM).") from error
    try:
        found = x509.load_pem_x509_certificates((root / ROOTS).read_bytes())
    except (OSError, ValueError):
        report.found(ROOTS, "", "is missing or holds no certificates")
        return []
    prints = ", ".join(each.fingerprint(SHA256()).hex() for each in found)
    report.note(
        f"WARNING: no --tsa was given, so the package's own {ROOTS} was used (SHA-256 {prints}). "
        "Compare it with what the authority publishes."
    )
    return found


def _subjects(root: Path, package: Package, report: Report) -> set[str]:
    """Whom and what the package is about."""
    try:
        orders: list[dict[str, Any]] = json.loads((root / ORDERS).read_bytes())
        return {package.subject, *(str(each["order_id"]) for each in orders)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        report.found(ORDERS, "", f"cannot be read ({type(error).__name__})")
        return {package.subject}


class _Line(NamedTuple):
    place: str
    """For the reader."""
    day: str
    chain: str
    no: int
    before: str
    hash: str
    record: dict[str, Any]
    stamp: str
    size: int
    path: list[bytes]


def _check_book(
    root: Path,
    book: Book,
    package: Package,
    heads: dict[str, Head],
    subjects: set[str],
    report: Report,
) -> None:
    lines = list(_lines(root, book, report))
    if len(lines) != package.records[book.file]:
        words = f"has {len(lines)} records; {MANIFEST} says {package.records[book.file]}"
        report.found(book.file, "", words)
    known: dict[tuple[str, ...], str] = {}
    stands: dict[tuple[str, str, int], _Line] = {(each.day, each.chain, each.no): each for each in lines}
    for line in lines:
        key = tuple(str(line.record[field]) for field in book.key)
        if key in known:
            report.found(book.file, line.place, f"is there twice: {known[key]} is the same")
        known[key] = line.place
        if key[0] not in subjects:
            report.found(book.file, line.place, f"is about {key[0]}, and the package is not")
        following = stands.get((line.day, line.chain, line.no + 1))
        if following and following.before != line.hash:
            report.found(book.file, following.place, f"does not stand on {line.place}, which is before it")
        _check_time(book, line, package, heads, report)
        _check_proof(book, line, heads, report)


def _lines(root: Path, book: Book, report: Report) -> Iterator[_Line]:
    path = root / book.file
    if not path.is_file():
        return  # it is named as missing already
    for number, text in enumerate(path.read_bytes().splitlines(), start=1):
        report.checked[book.file.removesuffix(".jsonl")] += 1
        try:
            yield _line(book, number, json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            report.found(book.file, f"line {number}", f"cannot be read ({type(error).__name__}: {error})")


def _line(book: Book, number: int, content: dict[str, Any]) -> _Line:
    record: dict[str, Any] = content["record"]
    name = " ".join(str(record[field]) for field in book.key)
    before = str(content["before"])
    link = hashlib.sha256(f"{before}\n{canonical(record)}".encode()).hexdigest()
    _moment(record[book.at])
    return _Line(
        place=f"line {number} ({name})",
        day=str(content["day"]),
        chain=str(content["chain"]),
        no=int(content["no"]),
        before=before,
        hash=link,
        record=record,
        stamp=str(content["stamp"]),
        size=int(content["size"]),
        path=[bytes.fromhex(each) for each in content["path"]],
    )


def _check_time(book: Book, line: _Line, package: Package, heads: dict[str, Head], report: Report) -> None:
    """A record belongs to its day and chain, and came before its head, and that before the package."""
    at = _moment(line.record[book.at])
    chain = f"{zlib.crc32(str(line.record['subject']).encode()) % CHAINS:02d}"
    if ((at + BEIJING).date().isoformat(), chain) != (line.day, line.chain):
        report.found(book.file, line.place, f"belongs to another day or chain than {line.day}, {line.chain}")
    if at > package.requested_at:
        report.found(book.file, line.place, "is younger than the request for the package")
    head = heads.get(line.stamp)
    if head and head.at < at - SKEW:
        report.found(book.file, line.place, f"is younger than its head {head.file}")


def _check_proof(book: Book, line: _Line, heads: dict[str, Head], report: Report) -> None:
    report.checked["proofs"] += 1
    if line.no == 1:
        start = hashlib.sha256(f"{book.format} {line.day} {line.chain}".encode()).hexdigest()
        if line.before != start:
            report.found(book.file, line.place, "is the first of its chain and does not stand on its start")
    head = heads.get(line.stamp)
    if head is None:
        report.found(book.file, line.place, f"names a head that is not there: {line.stamp}")
        return
    standing = head.standings.get((book.folder, line.day, line.chain))
    if standing is None or standing.entries != line.size:
        stands = standing.entries if standing else "no such chain"
        report.found(book.file, line.place, f"says its chain had {line.size} records; {head.file}: {stands}")
        return
    leaf = merkle.leaf(bytes.fromhex(line.hash))
    led = merkle.root_by(line.path, leaf, line.no - 1, line.size)
    if led is None or led.hex() != standing.tree:
        words = f"was altered, or its place or its path was: it does not lead to {head.file}"
        report.found(book.file, line.place, words)
    elif head.stamped_at is None:
        report.found(book.file, line.place, f"leads to {head.file}, whose timestamp does not hold")
