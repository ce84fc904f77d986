"""Packages: everything that there is of an order or a person, proven; and who may have it (SE2)."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from unit.evidence.house import ANN, AUDITOR, House, key_file, root_file

from octane.audit.acts import act_in
from octane.evidence.packing import NotStampedError, build_package
from octane.evidence.proving import NotJournaledError
from octane.evidence.requests import (
    EvidenceNotFoundError,
    fetch_evidence,
    package_key,
    request_evidence,
)
from octane.evidence.stamping import stamp_heads
from octane.kernel.caller import Role
from octane.kernel.errors import ForbiddenError, InputError, KeyReusedError
from octane.orders.model import OrderNotFoundError
from octane.store.chain import ChainBrokenError
from octane.store.items import Key, Query, Table
from octane.store.writes import Exists, Update
from octane_verify import CannotCheckError, verify
from octane_verify.bundle import bundle
from simulators.tsa.openssl import POLICY
from tamper import drill
from tamper.evidence_ways import EVIDENCE_WAYS


@pytest.fixture
def house() -> House:
    return House()


def sound(house: House, folder: Path) -> Path:
    """The package of a person with orders before and after an hourly stamp."""
    for number in range(5):
        house.place(f"key-{number}", 100 + number)
    house.carry()
    house.wait(seconds=60)
    stamp_heads(house)
    house.wait(seconds=3_600)
    for number in range(5):
        house.place(f"more-{number}", 200 + number)
    house.carry()
    return house.package(folder / "package", user=ANN.user_id)


def test_a_package_is_sound(house: House, tmp_path: Path) -> None:
    folder = sound(house, tmp_path)
    for place in (folder, folder.with_suffix(".zip")):
        report = verify(place, key_file(tmp_path), tsa=root_file(tmp_path))
        assert (report.findings, report.notes) == ([], [])
        assert dict(report.checked) == {
            "files": 9,
            "heads": 2,
            "timestamps": 2,
            "entries": 10,
            "acts": 20,
            "proofs": 30,
        }


def test_the_drill_names_everything(house: House, tmp_path: Path) -> None:
    tried = drill(sound(house, tmp_path))
    assert [each for each in tried if not each.found] == []
    assert len({way.what for way in EVIDENCE_WAYS}) == len(tried) == 26


def test_a_package_is_checked_without_a_table_engine(house: House, tmp_path: Path) -> None:
    """Whoever gets one needs Python and one package."""
    folder = sound(house, tmp_path)
    bundle(tmp_path / "octane-verify.pyz")
    asked = ["octane-verify", str(folder.with_suffix(".zip")), "--tsa", str(root_file(tmp_path))]
    program = (
        f"import runpy, sys; sys.modules['duckdb'] = None; sys.argv = {asked!r}; "
        f"runpy.run_path({str(tmp_path / 'octane-verify.pyz')!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "SOUND"


def test_the_policy_of_the_timestamps_can_be_demanded(house: House, tmp_path: Path) -> None:
    folder = sound(house, tmp_path)
    assert verify(folder, policy=POLICY).findings == []
    files = {finding.file for finding in verify(folder, policy="1.2.3").findings}
    assert {path.suffix for path in map(Path, files)} == {".tsr", ".jsonl"}


def test_without_trusted_roots_it_says_whose_it_used(house: House, tmp_path: Path) -> None:
    notes = verify(sound(house, tmp_path)).notes
    assert [note.split(",")[0] for note in notes] == [
        "WARNING: no --key was given",
        "WARNING: no --tsa was given",
    ]


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "a/../../b", "c:\\x"])
def test_a_zip_that_would_write_elsewhere_is_not_opened(tmp_path: Path, name: str) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(name, "x")
    with pytest.raises(CannotCheckError, match="outside"):
        verify(path)


def test_what_is_no_package(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_text("nothing")
    with pytest.raises(CannotCheckError, match="no ZIP file"):
        verify(path)
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("notes.txt", "x")
    with pytest.raises(CannotCheckError, match=r"no manifest\.json"):
        verify(path)


@pytest.mark.parametrize(
    "content", ['{"format":"octane-evidence/1"}', '{"format":"octane-evidence/1","files":1}']
)
def test_a_manifest_that_is_none(house: House, tmp_path: Path, content: str) -> None:
    folder = sound(house, tmp_path)
    (folder / "manifest.json").write_text(content)
    assert any(finding.file == "manifest.json" for finding in verify(folder).findings)


def test_an_orders_package_tells_of_nobody_else(house: House, tmp_path: Path) -> None:
    order_id = house.place("key-1")
    other = house.place("key-2")
    house.act("log_in", ANN.user_id)
    house.carry()
    folder = house.package(tmp_path / "package", order=order_id)
    text = "".join(path.read_text() for path in folder.glob("*.json*"))
    assert other not in text
    assert "log_in" not in text
    for secret in ("1000111100001234567", "张三", "13800138000", "openid-of-ann"):
        assert secret not in text
    (order,) = json.loads(folder.joinpath("orders.json").read_bytes())
    assert order["attempts"][0]["transaction_id"] == "4200key-1"
    assert order["attempts"][0]["notice_nonce"] == "n0nce"
    assert verify(folder, key_file(tmp_path), tsa=root_file(tmp_path)).findings == []


def test_a_person_without_anything_has_an_empty_package(house: House, tmp_path: Path) -> None:
    folder = house.package(tmp_path / "package", user="U" + "Q" * 25)
    assert verify(folder, key_file(tmp_path), tsa=root_file(tmp_path)).findings == []


def test_each_record_has_the_first_stamp_after_it(house: House, tmp_path: Path) -> None:
    order_id = house.place("key-1")
    house.carry()
    house.wait(seconds=60)
    first = stamp_heads(house).heads.name
    house.wait(seconds=3_600)
    stamp_heads(house)
    folder = house.package(tmp_path / "package", order=order_id)
    stamps = {json.loads(line)["stamp"] for line in folder.joinpath("acts.jsonl").read_text().splitlines()}
    assert stamps == {first}


def test_what_has_no_stamp_yet_is_stamped_for_the_package(house: House, tmp_path: Path) -> None:
    order_id = house.place("key-1")
    house.carry()
    folder = house.package(tmp_path / "package", order=order_id)
    assert len(list(folder.glob("heads/*/*.tsr"))) == 1


def test_what_came_very_late_into_its_chain_is_stamped_too(house: House, tmp_path: Path) -> None:
    house.clock.at -= 30 * 86_400_000
    order_id = house.place("key-1")
    house.clock.at += 30 * 86_400_000
    stamp_heads(house)
    house.carry()
    folder = house.package(tmp_path / "package", order=order_id)
    assert verify(folder, key_file(tmp_path), tsa=root_file(tmp_path)).findings == []


def test_a_package_waits_for_the_stream_and_for_the_authority(house: House) -> None:
    order_id = house.place("key-1")
    house.wait(seconds=1)
    evidence_id = house.ask(order=order_id)
    (request,) = house.carry()
    kept, house.archive.content = house.archive.content, {}
    with pytest.raises(NotJournaledError):
        build_package(house, request)
    house.archive.content = kept
    house.timestamp_authority.silent = True
    with pytest.raises(NotStampedError):
        build_package(house, request)
    assert package_key(evidence_id) not in house.work.content
    house.timestamp_authority.silent = False
    assert build_package(house, request) == 3
    assert build_package(house, request) == 3, "a repeat builds it again"


def test_a_table_that_says_something_else_than_its_chain_is_no_evidence(house: House) -> None:
    order_id = house.place("key-1")
    house.carry()
    (item, *_) = house.store.query(Query(Table.AUDIT, order_id)).items
    key = Key(Table.AUDIT, order_id, str(item["sk"]))
    house.store.commit(Update(key, when=Exists(), assign={"actor": "somebody"}))
    house._carried[Table.AUDIT] += 1
    house.wait(seconds=1)
    house.ask(order=order_id)
    (request,) = house.carry()
    with pytest.raises(ChainBrokenError, match="something else"):
        build_package(house, request)


def test_asking_and_fetching_are_acts(house: House) -> None:
    order_id = house.place("key-1")
    house.wait(seconds=1)
    evidence_id = house.ask(order=order_id)
    assert fetch_evidence(house, AUDITOR, evidence_id).url == ""
    for request in house.carry():
        build_package(house, request)
    house.wait(seconds=1)
    package = fetch_evidence(house, AUDITOR, evidence_id)
    assert package_key(evidence_id) in package.url
    assert package.url_expires_at == house.clock.at + 600_000
    actions = [act_in(item).action for item in house.store.query(Query(Table.AUDIT, order_id)).items]
    assert actions[-2:] == ["request_evidence", "fetch_evidence"]


def test_the_same_key_asks_once(house: House) -> None:
    order_id, other = house.place("key-1"), house.place("key-2")
    first = request_evidence(house, AUDITOR, order_id, None, "key-0001")
    house.wait(seconds=5)
    assert request_evidence(house, AUDITOR, order_id, None, "key-0001") == first
    assert len(house.carry()) == 1
    with pytest.raises(KeyReusedError):
        request_evidence(house, AUDITOR, other, None, "key-0001")


@pytest.mark.parametrize("role", [*Role])
def test_who_may_ask(house: House, role: Role) -> None:
    order_id = house.place("key-1")
    caller = AUDITOR._replace(role=role)
    if role in {Role.SUPPORT, Role.AUDITOR, Role.FINANCE_DIRECTOR}:
        evidence_id = request_evidence(house, caller, order_id, None, "key-0001").evidence_id
        assert not fetch_evidence(house, caller, evidence_id).url
        return
    with pytest.raises(ForbiddenError):
        request_evidence(house, caller, order_id, None, "key-0001")
    with pytest.raises(ForbiddenError):
        fetch_evidence(house, caller, "E" + "A" * 25)


def test_what_cannot_be_asked_for(house: House) -> None:
    with pytest.raises(InputError):
        request_evidence(house, AUDITOR, None, None, "key-0001")
    with pytest.raises(InputError):
        request_evidence(house, AUDITOR, "T", "U", "key-0001")
    with pytest.raises(OrderNotFoundError):
        request_evidence(house, AUDITOR, "T" + "A" * 25, None, "key-0001")
    with pytest.raises(EvidenceNotFoundError):
        fetch_evidence(house, AUDITOR, "E" + "A" * 25)


def test_the_same_request_makes_the_same_files(house: House, tmp_path: Path) -> None:
    order_id = house.place("key-1")
    house.wait(seconds=1)
    evidence_id = house.ask(order=order_id)
    (request,) = house.carry()
    made = []
    for _ in range(2):
        build_package(house, request)
        target = tmp_path / "package.zip"
        target.write_bytes(house.work.content[package_key(evidence_id)])
        with zipfile.ZipFile(target) as package:
            made.append({name: package.read(name) for name in package.namelist() if name != "manifest.sig"})
    assert made[0] == made[1]
