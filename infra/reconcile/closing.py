"""Start the state machine for a day, follow it, and fetch what it leaves."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from demo.books import read_entries
from local.world import LocalOctane
from octane.reconciliation.model import COLLECTED, ProofLine, Source
from octane.reconciliation.proof import proof_of, proof_text

Json = dict[str, Any]
Say = Callable[[str], None]
JOURNAL_SECONDS = 30.0
CLOSE_SECONDS = 120.0
BEIJING = timedelta(hours=8)
UNIONPAY_CUT_HOUR = 23


class ClosingFailedError(RuntimeError):
    """The day was not closed; the message says what the execution said."""


class Closed(NamedTuple):
    day: str
    version: int
    seconds: float
    proofs: tuple[ProofLine, ...]
    sources: list[Json]
    closed: bool
    failures: list[str]
    folder: Path
    """The exports, copied here."""


def today() -> str:
    return (datetime.now(UTC) + BEIJING).date().isoformat()


def open_bills(octane: LocalOctane) -> None:
    """Let everybody hand out the bill of a day that is not over."""
    simulators = octane.simulators
    for company in (simulators.wechat, simulators.alipay, simulators.issuer, simulators.billers):
        company("POST", "/settings", {"early_bills": True})
    simulators.unionpay("POST", "/settings", {"files": "now"})
    simulators.bank("POST", "/settings", {"early_statements": True})


def await_journal(octane: LocalOctane) -> int:
    """Wait until the journal has every entry of the ledger; return how many."""
    storage, bucket = octane.client("s3"), octane.outputs["ArchiveBucketName"]
    deadline = time.monotonic() + JOURNAL_SECONDS
    while True:
        entries = len(read_entries(octane.client("dynamodb"), octane.outputs["LedgerTableName"]))
        pages = storage.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="journal/")
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        lines = {
            (line["entry"]["subject"], line["entry"]["kind"], line["entry"]["reference"])
            for key in keys
            for line in map(json.loads, _read(storage, bucket, key).splitlines())
        }
        if len(lines) >= entries:
            return entries
        if time.monotonic() > deadline:
            raise ClosingFailedError(f"the journal has {len(lines)} of {entries} entries")
        time.sleep(0.3)


def close(octane: LocalOctane, directory: Path, say: Say, sources: Sequence[Source] = COLLECTED) -> Closed:
    """Close today; raises `ClosingFailedError` when the execution ends in no answer."""
    late = (datetime.now(UTC) + BEIJING).hour >= UNIONPAY_CUT_HOUR  # its present clearing day is tomorrow's
    named = [source for source in sources if not (late and source is Source.UNIONPAY)]
    asked: Json = {"day": today(), "sources": named}
    machine, began = octane.client("stepfunctions"), time.monotonic()
    execution = machine.start_execution(
        stateMachineArn=octane.outputs["CloseDayArn"], input=json.dumps(asked)
    )["executionArn"]
    answer = _follow(machine, execution, say)
    seconds = time.monotonic() - began
    run = answer["run"]
    folder = directory / f"day={run['day']}" / f"v={run['version']}"
    _fetch(octane, answer["folder"], folder)
    proofs = tuple(_proofs(octane, answer))
    for proof in proofs:
        say(proof_text(proof))
    return Closed(
        run["day"],
        run["version"],
        round(seconds, 1),
        proofs,
        answer["sources"],
        answer["closed"],
        answer["failures"],
        folder,
    )


def _follow(machine: Any, execution: str, say: Say) -> Json:
    """Say each step as it is entered; return the last step's answer."""
    deadline, told, answer = time.monotonic() + CLOSE_SECONDS, 0, None
    while True:
        state = machine.describe_execution(executionArn=execution)
        events = machine.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        for event in events[told:]:
            entered = event.get("stateEnteredEventDetails")
            if entered and "Entered" in event["type"]:
                say(f"    {entered['name']}")
            left = event.get("stateExitedEventDetails")
            if left and left["name"] == "SealDay":
                answer = json.loads(left["output"])
        told = len(events)
        if state["status"] != "RUNNING":
            break
        if time.monotonic() > deadline:
            raise ClosingFailedError(f"still running after {CLOSE_SECONDS:.0f} seconds")
        time.sleep(0.2)
    if answer is None:
        raise ClosingFailedError(f"{state['status']}: {state.get('error')} {state.get('cause')}")
    return dict(answer)


def _proofs(octane: LocalOctane, answer: Json) -> list[ProofLine]:
    storage, bucket = octane.client("s3"), octane.outputs["WorkBucketName"]
    run = answer["run"]
    keys = [
        f"days/day={run['day']}/v={run['version']}/source={each['source']}/proof.json"
        for each in answer["sources"]
        if "theirs" in each
    ]
    return [proof_of(_read(storage, bucket, key)) for key in keys]


def _fetch(octane: LocalOctane, prefix: str, folder: Path) -> None:
    storage, bucket = octane.client("s3"), octane.outputs["ArchiveBucketName"]
    pages = storage.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key in [each["Key"] for page in pages for each in page.get("Contents", [])]:
        path = folder / key.removeprefix(prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_read(storage, bucket, key))


def _read(storage: Any, bucket: str, key: str) -> bytes:
    content: bytes = storage.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def signing_key(octane: LocalOctane, directory: Path) -> Path:
    """Fetch the signing key's public half from where it lives, as a verifier does once."""
    answer = octane.client("kms").get_public_key(KeyId=octane.outputs["ManifestKeyId"])
    path = directory / "octane-key.pem"
    path.write_bytes(
        load_der_public_key(answer["PublicKey"]).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return path
