"""The ways to alter a day of exports: each changes a folder and says what must be named for it."""

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from octane_verify.manifest import checksummed

BIGGEST = 5
"""Journal lines at which the entry drills aim: in the middle of a chain where there is one so long."""


class Named(NamedTuple):
    """What must be named: a file, and words of the row, column or entry in it."""

    file: str
    place: str = ""


class Way(NamedTuple):
    what: str
    alter: Callable[[Path], Named]


def flip(folder: Path, file: str) -> Named:
    """Change one bit in the middle of a file."""
    path = folder / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return Named(file)


def _flip_one(pattern: str) -> Callable[[Path], Named]:
    return lambda folder: flip(folder, _largest(folder, pattern))


def _largest(folder: Path, pattern: str) -> str:
    found = max(sorted(folder.glob(pattern)), key=lambda path: path.stat().st_size)
    return found.relative_to(folder).as_posix()


def make_right(folder: Path, *files: str, heads: dict[str, str] | None = None) -> None:
    """Write the sizes and digests of altered files (and chain heads) into the manifest, as a forger would."""
    path = folder / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    for each in manifest["files"]:
        if each["path"] in files:
            content = folder.joinpath(each["path"]).read_bytes()
            each |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    for each in manifest["journal"]:
        each["hash"] = (heads or {}).get(each["chain"], each["hash"])
    path.write_bytes(checksummed(manifest))


def sign_again(folder: Path) -> None:
    """Sign the manifest with another key, and put that key into the folder."""
    key = generate_private_key(SECP256R1())
    public = key.public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    manifest = folder / "manifest.json"
    content: dict[str, Any] = json.loads(manifest.read_bytes()) | {
        "key_sha256": hashlib.sha256(spki).hexdigest()
    }
    manifest.write_bytes(checksummed(content))
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    folder.joinpath("manifest.pem").write_bytes(pem)
    folder.joinpath("manifest.sig").write_bytes(key.sign(manifest.read_bytes(), ECDSA(SHA256())))


class _Line(NamedTuple):
    """A line of the journal, with its block."""

    file: str
    lines: list[bytes]
    at: int

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.lines[self.at])
        return content

    @property
    def place(self) -> str:
        content = self.content
        return f"entry {content['no']} ({content['entry']['subject']}"


def _some_line(folder: Path) -> _Line:
    """A line in the middle of the largest block."""
    file = _largest(folder, "journal/chain=*/*.jsonl")
    lines = folder.joinpath(file).read_bytes().splitlines()
    return _Line(file, lines, len(lines) // 2 if len(lines) < BIGGEST else BIGGEST // 2)


def _write(folder: Path, file: str, lines: list[bytes]) -> None:
    folder.joinpath(file).write_bytes(b"".join(line + b"\n" for line in lines))


def _with_more(line: bytes) -> tuple[dict[str, Any], str]:
    """A line whose entry moves 100 fen more, and that entry as it is hashed."""
    content: dict[str, Any] = json.loads(line)
    for leg in content["entry"]["legs"][:1] + content["entry"]["legs"][-1:]:
        leg["fen"] += 100 if leg["fen"] > 0 else -100
    return content, json.dumps(content["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_altered(folder: Path) -> Named:
    line = _some_line(folder)
    content, text = _with_more(line.lines[line.at])
    altered = f'{{"no":{content["no"]},"entry":{text},"hash":"{content["hash"]}"}}'.encode()
    _write(folder, line.file, [*line.lines[: line.at], altered, *line.lines[line.at + 1 :]])
    make_right(folder, line.file)
    return Named(line.file, line.place)


def chain_remade(folder: Path) -> Named:
    """Alter an entry and make every hash after it, the blocks' digests and the chain's head right again."""
    line = _some_line(folder)
    place = line.content["entry"]["subject"]
    chain = Path(line.file).parent
    day = json.loads(folder.joinpath("manifest.json").read_bytes())["day"]
    name = chain.name.removeprefix("chain=")
    link = hashlib.sha256(f"octane-journal/1 {day} {name}".encode()).hexdigest()
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.joinpath(chain).glob("*.jsonl"))]
    for file in files:
        made = []
        for at, old in enumerate(folder.joinpath(file).read_bytes().splitlines()):
            content: dict[str, Any] = json.loads(old)
            text = json.dumps(content["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            if (file, at) == (line.file, line.at):
                content, text = _with_more(old)
            link = hashlib.sha256(f"{link}\n{text}".encode()).hexdigest()
            made.append(f'{{"no":{content["no"]},"entry":{text},"hash":"{link}"}}'.encode())
        _write(folder, file, made)
    make_right(folder, *files, heads={name: link})
    return Named("parquet/ledger_entries/ledger_entries.parquet", place)


def chain_remade_and_signed(folder: Path) -> Named:
    chain_remade(folder)
    sign_again(folder)
    return Named("manifest.pem", "another key")


def entry_dropped(folder: Path) -> Named:
    line = _some_line(folder)
    _write(folder, line.file, [*line.lines[: line.at], *line.lines[line.at + 1 :]])
    make_right(folder, line.file)
    return Named(line.file, f"entry {line.content['no']} missing")


def entries_swapped(folder: Path) -> Named:
    line = _some_line(folder)
    before, this = line.lines[line.at - 1], line.lines[line.at]
    _write(folder, line.file, [*line.lines[: line.at - 1], this, before, *line.lines[line.at + 1 :]])
    make_right(folder, line.file)
    return Named(line.file, line.place)


def block_dropped(folder: Path) -> Named:
    """Cut a chain's last block off, and out of the manifest."""
    file = sorted(folder.glob("journal/chain=*/*.jsonl"))[-1]
    file.unlink()
    path = folder / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    name = file.relative_to(folder).as_posix()
    manifest["files"] = [each for each in manifest["files"] if each["path"] != name]
    path.write_bytes(checksummed(manifest))
    return Named(file.parent.relative_to(folder).as_posix(), "ends with block")


def _csv_changed(change: Callable[[list[list[str]]], tuple[int, str]]) -> Callable[[Path], Named]:
    def alter(folder: Path) -> Named:
        file = "ledger_entries.csv"
        with folder.joinpath(file).open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        row, column = change(rows)
        with folder.joinpath(file).open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
        make_right(folder, file)
        return Named(file, f"row {row}{f', column {column}' if column else ''}")

    return alter


def _row_dropped(rows: list[list[str]]) -> tuple[int, str]:
    del rows[2]
    return 3, ""


def _rows_swapped(rows: list[list[str]]) -> tuple[int, str]:
    rows[1], rows[2] = rows[2], rows[1]
    return 2, ""


def _cell_changed(rows: list[list[str]]) -> tuple[int, str]:
    column = rows[0].index("debit_fen")
    rows[1][column] = str(int(rows[1][column]) + 1)
    return 2, "debit_fen"


def parquet_changed(folder: Path) -> Named:
    file = "parquet/ledger_entries/ledger_entries.parquet"
    path = str(folder / file).replace("'", "''")
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE t AS FROM read_parquet(?, hive_partitioning = false)", [str(folder / file)]
        )
        database.execute("UPDATE t SET proof = proof || '!' WHERE rowid = 1")
        database.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    make_right(folder, file)
    return Named(file, "row 3, column proof")


def file_removed(folder: Path) -> Named:
    folder.joinpath("totals.csv").unlink()
    return Named("totals.csv", "is missing")


def file_added(folder: Path) -> Named:
    folder.joinpath("notes.txt").write_text("nothing to see")
    return Named("notes.txt", "added")


WAYS = (
    Way("one bit of a CSV", _flip_one("*.csv")),
    Way("one bit of the workbook", _flip_one("*.xlsx")),
    Way("one bit of a Parquet file", _flip_one("parquet/*/*.parquet")),
    Way("one bit of the PDF", _flip_one("*.pdf")),
    Way("one bit of a journal block", _flip_one("journal/chain=*/*.jsonl")),
    Way("one bit of the manifest", _flip_one("manifest.json")),
    Way("one bit of the signature", _flip_one("manifest.sig")),
    Way("one bit of the key", _flip_one("manifest.pem")),
    Way("an entry's amount, its file's digest made right", entry_altered),
    Way("an entry's amount, all hashes, digests and the head made right", chain_remade),
    Way("the same, signed again with another key", chain_remade_and_signed),
    Way("an entry dropped", entry_dropped),
    Way("two entries swapped", entries_swapped),
    Way("the last block of a chain cut off", block_dropped),
    Way("a row of a CSV dropped", _csv_changed(_row_dropped)),
    Way("two rows of a CSV swapped", _csv_changed(_rows_swapped)),
    Way("a cell of a CSV changed", _csv_changed(_cell_changed)),
    Way("a cell of a Parquet file changed", parquet_changed),
    Way("a file removed", file_removed),
    Way("a file added", file_added),
)
