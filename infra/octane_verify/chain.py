"""The hash chains of the ledger's entries, read from journal/ alone.

A line is {"no":…,"entry":…,"hash":…}; hash = SHA-256(the hash before + LF + the entry as canonical JSON: keys
sorted, no space, UTF-8). Before the first stands SHA-256("octane-journal/1 <day> <chain>").
"""

import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from octane_verify.findings import Report
from octane_verify.manifest import MANIFEST, Head, Manifest

CHAINS = 4
BEIJING = timedelta(hours=8)
Record: TypeAlias = dict[str, Any]


class Entry(NamedTuple):
    """An entry that could be read, and where it stands."""

    chain: int
    no: int
    file: str
    record: Record

    @property
    def name(self) -> str:
        return f"entry {self.no} ({_name(self.record)})"


def check_chains(folder: Path, manifest: Manifest, report: Report) -> list[Entry]:
    """Follow every chain; return the entries, each once, that can be read."""
    found = {path.name.removeprefix("chain=") for path in folder.glob("journal/chain=[0-9][0-9]")}
    entries: list[Entry] = []
    for chain in sorted(found | set(manifest.journal)):
        entries += _check_chain(folder, manifest.day, chain, manifest.journal.get(chain), report)
    return entries


def _check_chain(folder: Path, day: str, chain: str, head: Head | None, report: Report) -> list[Entry]:
    walk = _Walk(day, chain, report)
    files = sorted(folder.glob(f"journal/chain={chain}/*.jsonl"))
    for number, path in enumerate(files, start=1):
        file = path.relative_to(folder).as_posix()
        if path.name != f"{number:08d}.jsonl":
            report.found(file, "", f"block {number} of the chain is missing before it")
        for line in _lines(path):
            walk.step(file, line)
    walk.end(f"journal/chain={chain}", head, len(files))
    return list(walk.entries.values())


class _Walk:
    """A chain, line by line. `fits` are the hashes on which the next line may stand: what the last line says,
    and what it should say where the two differ."""

    def __init__(self, day: str, chain: str, report: Report) -> None:
        self.day, self.chain, self.report = day, chain, report
        self.no = 0
        self.stands = hashlib.sha256(f"octane-journal/1 {day} {chain}".encode()).hexdigest()
        self.should: str | None = None
        self.doubt: tuple[str, str] | None = None
        self.entries: dict[tuple[str, str, str], Entry] = {}

    def step(self, file: str, line: bytes) -> None:
        self.no += 1
        self.report.checked["entries"] += 1
        try:
            content: Record = json.loads(line)
            no, record, stated = int(content["no"]), content["entry"], str(content["hash"])
            key = (str(record["subject"]), str(record["kind"]), str(record["reference"]))
            legs = [(str(leg["account"]), int(leg["fen"])) for leg in record["legs"]]
            booked, _ = int(record["booked_at"]), int(record["effective_at"])
        except (ValueError, KeyError, TypeError) as error:
            self._settle(None)
            self.report.found(file, f"entry {self.no}", f"cannot be read ({type(error).__name__})")
            self.stands = ""
            return
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if no != self.no:
            self._settle(None)
            self._jump(file, no, record)
            self.stands, self.no = "", no
        fitting = self._fitting(text, stated)
        place = f"entry {no} ({_name(record)})"
        if self.stands and not fitting:
            self._settle(None)
            self.doubt, self.should = (file, place), _link(self.stands, text)
        elif line != f'{{"no":{no},"entry":{text},"hash":"{stated}"}}'.encode():
            self.report.found(file, place, "is not written the one way in which an entry is written")
        self.stands = stated
        self._check_entry(Entry(int(self.chain), no, file, record), key, sum(fen for _, fen in legs), booked)

    def end(self, folder: str, head: Head | None, blocks: int) -> None:
        """Compare where the chain ends with what the manifest says."""
        self._settle(head.hash if head else None)
        if head is None:
            self.report.found(folder, "", f"is a chain that {MANIFEST} does not name")
        elif (head.blocks, head.entries) != (blocks, self.no):
            said = f"block {head.blocks}, entry {head.entries}"
            words = f"ends with block {blocks}, entry {self.no}; {MANIFEST} says {said}"
            self.report.found(folder, "", words)
        elif head.hash != self.stands:
            words = f"ends in {self.stands or 'nothing'}; {MANIFEST} says {head.hash}"
            self.report.found(folder, "", f"the chain was made again: it {words}")

    def _fitting(self, text: str, stated: str) -> bool:
        """Whether a line follows from the one before; settles what was doubtful about that one."""
        for before in (self.stands, self.should):
            if before and _link(before, text) == stated:
                self._settle(before)
                return True
        return False

    def _settle(self, before: str | None) -> None:
        """Say what was wrong with a line, now that it is known on which hash the next one stands."""
        if self.doubt:
            file, place = self.doubt
            hash_only = before is not None and before == self.should
            self.report.found(file, place, "its hash was altered" if hash_only else "was altered")
        self.doubt = self.should = None

    def _jump(self, file: str, no: int, record: Record) -> None:
        place = f"entry {no} ({_name(record)})"
        if no > self.no:
            missing = f"entry {self.no}" if no == self.no + 1 else f"entries {self.no} to {no - 1}"
            self.report.found(file, place, f"stands where entry {self.no} should: {missing} missing or moved")
        else:
            self.report.found(file, place, f"stands where entry {self.no} should: doubled or moved")

    def _check_entry(self, entry: Entry, key: tuple[str, str, str], apart: int, booked: int) -> None:
        day = (datetime.fromtimestamp(booked // 1_000, UTC) + BEIJING).date().isoformat()
        if apart:
            self.report.found(entry.file, entry.name, "its debits and credits differ")
        if day != self.day or zlib.crc32(key[0].encode()) % CHAINS != entry.chain:
            self.report.found(entry.file, entry.name, "belongs to another day or chain")
        first = self.entries.setdefault(key, entry)
        if first.record != entry.record:
            self.report.found(
                entry.file, entry.name, f"says something else than {first.name} of the same key"
            )


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        for line in stream:
            yield line.removesuffix(b"\n")


def _link(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def _name(record: Record) -> str:
    return " ".join(str(record.get(field, "?")) for field in ("subject", "kind", "reference"))
