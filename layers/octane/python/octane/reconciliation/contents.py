"""What a day's exports contain: told by the step that writes the files to the step that seals them."""

import json
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from octane.reconciliation.model import ProofLine
from octane.reconciliation.proof import proof_of
from octane.store.chain import Head


class ExportedFile(NamedTuple):
    path: str
    """Within the day's folder, `/`-separated."""
    size: int
    sha256: str
    rows: int | None = None
    """How many rows a table's file has; None for other files."""
    sums: Mapping[str, int] = {}
    """Fen by column, of a table's file."""


class AccountMovement(NamedTuple):
    """An account's day, in fen; debits less credits."""

    account: str
    opening: int
    debit: int
    credit: int
    closing: int


class FundsRow(NamedTuple):
    label: str
    amount: int
    """Fen."""


class Contents(NamedTuple):
    day: str
    version: int
    files: tuple[ExportedFile, ...]
    heads: tuple[Head, ...]
    proofs: tuple[ProofLine, ...]
    trial: tuple[AccountMovement, ...]
    funds: tuple[FundsRow, ...]
    open_count: int


def described(
    folder: Path, path: str, rows: int | None = None, sums: Mapping[str, int] | None = None
) -> ExportedFile:
    """Measure a file that was just written."""
    file = folder / path
    with file.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    return ExportedFile(path, file.stat().st_size, digest, rows, sums or {})


def to_json(contents: Contents) -> bytes:
    record = {
        **contents._asdict(),
        "files": [{**file._asdict(), "sums": dict(file.sums)} for file in contents.files],
        "heads": [head._asdict() for head in contents.heads],
        "proofs": [
            {**proof._asdict(), "tallies": [tally._asdict() for tally in proof.tallies]}
            for proof in contents.proofs
        ],
        "trial": [row._asdict() for row in contents.trial],
        "funds": [row._asdict() for row in contents.funds],
    }
    return json.dumps(record, ensure_ascii=False).encode()


def from_json(content: bytes) -> Contents:
    record: dict[str, Any] = json.loads(content)
    return Contents(
        **{
            **record,
            "files": tuple(ExportedFile(**each) for each in record["files"]),
            "heads": tuple(Head(**each) for each in record["heads"]),
            "proofs": tuple(proof_of(each) for each in record["proofs"]),
            "trial": tuple(AccountMovement(**each) for each in record["trial"]),
            "funds": tuple(FundsRow(**each) for each in record["funds"]),
        }
    )
