"""Heads of the books, and the timestamps of their roots.

A head's root is the Merkle root over {at, format, name, previous} and then each standing without its peaks,
each as canonical JSON; a standing's tree is the Merkle root over the hashes of its chain.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509

from octane_verify import merkle
from octane_verify.findings import Report
from octane_verify.timestamp import TimestampError, check_trust, read_timestamp

FORMAT = "octane-heads/1"
SKEW = timedelta(minutes=2)
"""How far our clock and the authority's may be apart."""
EMPTY = merkle.root_of([]).hex()


class Standing(NamedTuple):
    entries: int
    tree: str


class Head(NamedTuple):
    """A head that was read, whether it holds or not."""

    name: str
    file: str
    at: datetime
    root: str
    """As it says."""
    standings: dict[tuple[str, str, str], Standing]
    """By book, day and chain."""
    stamped_at: datetime | None
    """By the authority; None when its timestamp does not hold."""


class Trust(NamedTuple):
    """Whose timestamps are believed."""

    roots: list[x509.Certificate]
    policy: str | None = None


def check_heads(folder: Path, trust: Trust, report: Report) -> dict[str, Head]:
    """Check every head that is there, with its timestamp."""
    found = {}
    for path in sorted(folder.glob("heads/*/*.json")):
        file = path.relative_to(folder).as_posix()
        try:
            head = _check_head(path, file, report)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            report.found(file, "", f"is no head any more ({type(error).__name__}: {error})")
            continue
        found[head.name] = head._replace(stamped_at=_check_stamp(folder, head, trust, report))
    return found


def _check_head(path: Path, file: str, report: Report) -> Head:
    report.checked["heads"] += 1
    content: dict[str, Any] = json.loads(path.read_bytes())
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']!r}")
    standings: dict[tuple[str, str, str], Standing] = {}
    first = {name: content[name] for name in ("at", "format", "name", "previous")}
    leaves = [merkle.leaf(canonical(first).encode())]
    for each in content["standings"]:
        bare = {name: value for name, value in each.items() if name != "peaks"}
        leaves.append(merkle.leaf(canonical(bare).encode()))
        place = (str(each["book"]), str(each["day"]), str(each["chain"]))
        standings[place] = Standing(int(each["entries"]), str(each["tree"]))
        if _folded([str(peak) for peak in each["peaks"]]) != each["tree"]:
            report.found(file, " ".join(place), "its peaks are not those of its tree")
        if "fault" in each:
            report.note(f"{file}: {' '.join(place)} was broken already: {each['fault']}")
    made, name = merkle.root_of(leaves).hex(), str(content["name"])
    if made != content["root"]:
        report.found(
            file, "", f"was altered: its content makes the root {made}, and it says {content['root']}"
        )
    if file != f"heads/{name}.json":
        report.found(file, "", f"is not the head that it is called: it is {name}")
    at = datetime.fromtimestamp(int(content["at"]) / 1_000, UTC)
    return Head(name, file, at, str(content["root"]), standings, None)


def _folded(peaks: list[str]) -> str:
    if not peaks:
        return EMPTY
    found = bytes.fromhex(peaks[-1])
    for peak in reversed(peaks[:-1]):
        found = merkle.node(bytes.fromhex(peak), found)
    return found.hex()


def _check_stamp(folder: Path, head: Head, trust: Trust, report: Report) -> datetime | None:
    """The time that the authority states, if its timestamp holds."""
    file = f"{head.file.removesuffix('.json')}.tsr"
    if not folder.joinpath(file).is_file():
        report.found(file, "", f"is missing: {head.file} has no timestamp")
        return None
    report.checked["timestamps"] += 1
    try:
        stamp = read_timestamp(folder.joinpath(file).read_bytes())
        check_trust(stamp, trust.roots)
    except TimestampError as error:
        report.found(file, "", f"is no timestamp that holds: {error}")
        return None
    if stamp.digest.hex() != head.root:
        report.found(file, "", f"is of {stamp.digest.hex()}, and {head.file} has the root {head.root}")
        return None
    if trust.policy and stamp.policy != trust.policy:
        report.found(file, "", f"was made under the policy {stamp.policy}, not {trust.policy}")
        return None
    if stamp.at < head.at - SKEW:
        words = f"is of {stamp.at.isoformat()}, before its head was taken ({head.at.isoformat()})"
        report.found(file, "", words)
        return None
    return stamp.at


def canonical(record: dict[str, Any]) -> str:
    """The one way to write a record: keys sorted, no space, UTF-8 as it is."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
