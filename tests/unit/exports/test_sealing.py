"""The seal: who reads the manifest knows every byte of the day."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from octane.ledger.chain import ENTRIES
from octane.reconciliation.contents import AccountMovement, Contents, FundsRow
from octane.reconciliation.day_folder import SealedOtherwiseError, export_prefix, send_files
from octane.reconciliation.model import ProofLine, Source
from octane.reconciliation.sealing import PreviousDay, seal_day, send_seal
from octane.reconciliation.summary_pdf import summary_pages, summary_pdf
from octane.store.chain import genesis
from world.exported import DAY, OurKey, export, sealed_day
from world.objects import MemoryObjects


def test_the_manifest_names_every_file(tmp_path: Path) -> None:
    sealed_day(tmp_path / "day")
    manifest = json.loads((tmp_path / "day/manifest.json").read_bytes())
    listed = {each["path"]: each for each in manifest["files"]}
    there = {path.relative_to(tmp_path / "day").as_posix() for path in (tmp_path / "day").rglob("*.*")}
    assert set(listed) == there - {"manifest.json", "manifest.sig", "manifest.pem"}
    for path, each in listed.items():
        content = (tmp_path / "day" / path).read_bytes()
        assert (each["size"], each["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_the_manifest_states_rows_and_sums(tmp_path: Path) -> None:
    sealed_day(tmp_path / "day")
    manifest = json.loads((tmp_path / "day/manifest.json").read_bytes())
    listed = {each["path"]: each for each in manifest["files"]}
    assert listed["differences.csv"]["rows"] == 8
    assert listed["differences.csv"]["sums"]["our_amount"] == 20_000 + 10_000 + 50_000 + 800
    assert listed["differences.csv"]["sums"] == listed["parquet/differences/differences.parquet"]["sums"]


def test_the_days_form_a_chain(tmp_path: Path) -> None:
    contents = export(tmp_path / "day")
    previous = PreviousDay("2026-11-21", 3, "ab" * 32)
    manifest = json.loads(seal_day(contents, previous, OurKey())["manifest.json"])
    assert manifest["previous"] == {"day": "2026-11-21", "version": 3, "sha256": "ab" * 32}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_signature(tmp_path: Path) -> None:
    sealed_day(tmp_path / "day")
    command = "openssl dgst -sha256 -verify manifest.pem -signature manifest.sig manifest.json"
    run = subprocess.run(command.split(), cwd=tmp_path / "day", capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "Verified OK"


def test_the_files_go_to_the_archive_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    objects = MemoryObjects()
    contents = export(tmp_path / "day")
    for _ in range(2):
        send_files(objects, contents, tmp_path / "day")
        digest = send_seal(objects, contents, seal_day(contents, None, OurKey()))
    stored = {key.removeprefix(export_prefix(DAY, 1)) for key in objects.content}
    assert {"manifest.json", "manifest.sig", "summary.pdf", "differences.csv"} <= stored
    assert hashlib.sha256(objects.content[export_prefix(DAY, 1) + "manifest.json"]).hexdigest() == digest


def test_the_first_signature_stays(tmp_path: Path) -> None:
    objects = MemoryObjects()
    contents = export(tmp_path / "day")
    send_seal(objects, contents, seal_day(contents, None, OurKey()))
    first = objects.content[export_prefix(DAY, 1) + "manifest.sig"]
    send_seal(objects, contents, seal_day(contents, None, OurKey()))
    assert objects.content[export_prefix(DAY, 1) + "manifest.sig"] == first


def test_a_sealed_version_takes_no_other_content(tmp_path: Path) -> None:
    objects = MemoryObjects()
    contents = export(tmp_path / "day")
    send_files(objects, contents, tmp_path / "day")
    send_seal(objects, contents, seal_day(contents, None, OurKey()))
    other = export(tmp_path / "other", opening={})
    with pytest.raises(SealedOtherwiseError):
        send_files(objects, other, tmp_path / "other")
    with pytest.raises(SealedOtherwiseError):
        send_seal(objects, other, seal_day(other, None, OurKey()))


def test_the_summary_prints_what_fails() -> None:
    """A long day: many accounts, long words, amounts of a hundred billion."""
    proofs = tuple(
        ProofLine(source, DAY, (), ("对方摘要 3 笔 1.00 元，明细 2 笔 0.99 元 " * 6,)) for source in Source
    )
    trial = tuple(
        AccountMovement(f"CHANNEL_RECEIVABLE:{n:040d}", 10**15, 10**15, 10**15, -(10**15)) for n in range(80)
    )
    funds = (FundsRow("托管户" * 30, -(10**15)),)
    contents = Contents(DAY, 2, (), (genesis(ENTRIES, DAY, "00"),), proofs, trial, funds, 12_345)
    assert summary_pdf(contents).startswith(b"%PDF")
    assert len(summary_pages(contents, 30)) >= 3


def test_the_summary_of_nothing() -> None:
    contents = Contents(DAY, 1, (), (), (), (), (), 0)
    assert summary_pdf(contents) == summary_pdf(contents)
    assert len(summary_pages(contents, 30)) == 1
