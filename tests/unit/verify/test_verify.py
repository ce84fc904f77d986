"""octane-verify: a sound day is sound, and whatever is altered is named."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from octane.reconciliation.model import Source
from octane.reconciliation.sealing import PreviousDay
from octane_verify import CannotCheckError, verify
from octane_verify.__main__ import main
from octane_verify.bundle import bundle
from tamper import NotSoundError, drill
from tamper.ways import WAYS, flip
from world.exported import DAY, ROWS, OurKey, manifest_digest, sealed_day


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / f"day={DAY}/v=1"
    sealed_day(folder)
    return folder


@pytest.fixture
def day(sound: Path, tmp_path: Path) -> Path:
    """A copy to alter."""
    return Path(shutil.copytree(sound, tmp_path / f"day={DAY}/v=1"))


def files_named(folder: Path, key: Path | None = None) -> set[str]:
    return {finding.file for finding in verify(folder, key).findings}


def test_a_sound_day_is_sound(sound: Path) -> None:
    report = verify(sound, sound / "manifest.pem")
    assert report.findings == []
    assert report.notes == []
    assert report.checked["entries"] == 69


def test_without_a_key_it_says_whose_it_used(sound: Path) -> None:
    (note,) = verify(sound).notes
    assert "no --key was given" in note


def test_the_drill_names_everything(sound: Path) -> None:
    missed = [each for each in drill(sound) if not each.found]
    assert missed == []
    assert len({way.what for way in WAYS}) == len(WAYS) == 20


def test_the_drill_starts_from_a_sound_folder(day: Path) -> None:
    flip(day, "summary.pdf")
    with pytest.raises(NotSoundError, match=r"summary\.pdf"):
        drill(day)


@pytest.mark.parametrize("seed", range(60))
def test_any_bit_of_any_file(sound: Path, day: Path, seed: int) -> None:
    """One bit, anywhere: its file is named, and no other."""
    chance = random.Random(seed)  # noqa: S311 - a seeded choice, no secret
    files = sorted(path for path in day.rglob("*") if path.is_file())
    file = files[seed % len(files)]
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    name = file.relative_to(day).as_posix()
    named = files_named(day, sound / "manifest.pem")
    assert name in named
    if name != "manifest.json":  # it tells of all the others
        assert {each for each in named if not name.startswith(each)} == set()


def test_a_key_of_somebody_else(sound: Path, tmp_path: Path) -> None:
    sealed_day(tmp_path / "day", key=OurKey(generate_private_key(SECP256R1())))
    assert files_named(tmp_path / "day", sound / "manifest.pem") == {"manifest.pem", "manifest.sig"}


def test_the_manifest_of_another_version(day: Path, tmp_path: Path) -> None:
    """Whole and rightly signed, and not of these files."""
    sealed_day(tmp_path / "other", opening={})
    for name in ("manifest.json", "manifest.sig"):
        shutil.copy(tmp_path / "other" / name, day / name)
    named = files_named(day, day / "manifest.pem")
    assert {"trial_balance.csv", "parquet/trial_balance/trial_balance.parquet", "summary.pdf"} <= named


@pytest.mark.parametrize(
    ("alter", "file", "words"),
    [
        (lambda text: text.replace('"no":3,', '"no":4,', 1), "journal", "entry 4"),
        (lambda text: text.replace("payment_received", "payment_deceived", 1), "journal", "was altered"),
        (lambda text: text.replace('"hash":"', '"hash":"0', 1), "journal", "its hash was altered"),
        (lambda text: text[: len(text) // 2], "journal", "cannot be read"),
        (lambda text: text.replace('{"no":2', '{ "no":2', 1), "journal", "the one way"),
        (lambda text: "", "journal", "bytes; manifest.json says"),
    ],
)
def test_what_happened_to_an_entry(day: Path, alter: Callable[[str], str], file: str, words: str) -> None:
    block = sorted(day.glob(f"{file}/chain=*/00000001.jsonl"))[0]
    altered = alter(block.read_text())
    assert altered != block.read_text()
    block.write_text(altered)
    said = [str(each) for each in verify(day).findings if each.file.startswith("journal/")]
    assert any(words in each for each in said), said


def test_only_the_altered_entry_is_named(day: Path) -> None:
    block = sorted(day.glob("journal/chain=*/00000001.jsonl"))[0]
    lines = block.read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace('"proof":"', '"proof":"!')
    block.write_text("".join(lines))
    places = {each.place.split(" (")[0] for each in verify(day).findings if each.what == "was altered"}
    assert places == {"entry 4"}


def test_totals_follow_from_the_differences(tmp_path: Path) -> None:
    """Both files whole and signed, and still at odds: who wrote them was wrong."""
    sealed_day(tmp_path / "day", told=ROWS[Source.WECHAT][1:])
    (one,) = verify(tmp_path / "day").findings
    assert (one.file, one.place) == ("parquet/totals/totals.parquet", "WECHAT MISSING_HERE PAYMENT THEIRS")
    assert "2 lines, 12346 fen" in one.what


def test_the_day_before(tmp_path: Path) -> None:
    before = tmp_path / "before"
    sealed_day(before)
    link = PreviousDay("2026-11-21", 1, manifest_digest(before))
    sealed_day(tmp_path / "day", previous=link)
    findings = verify(tmp_path / "day", previous=before).findings
    assert [each.file for each in findings] == ["parquet/trial_balance/trial_balance.parquet"] * 3, (
        "the fixture's opening is not the closing of its day before"
    )
    sealed_day(tmp_path / "unlinked", previous=link._replace(sha256="00" * 32))
    said = [str(each) for each in verify(tmp_path / "unlinked", previous=before).findings]
    assert any("this day was sealed upon 0000" in each for each in said)


def test_a_day_before_that_was_not_given_is_noted(tmp_path: Path) -> None:
    sealed_day(tmp_path / "day", previous=PreviousDay("2026-11-21", 1, "00" * 32))
    assert any("2026-11-21 v1" in note for note in verify(tmp_path / "day").notes)


def test_what_cannot_be_checked(day: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotCheckError):
        verify(tmp_path)
    with pytest.raises(CannotCheckError):
        verify(day, day / "differences.csv")
    with pytest.raises(CannotCheckError):
        verify(day, previous=tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format":"octane-books/1"}', '{"format":1}', "null"],
)
def test_a_manifest_that_is_none(day: Path, content: str) -> None:
    (day / "manifest.json").write_text(content)
    assert "manifest.json" in files_named(day)


def test_the_command(sound: Path, day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sound), "--key", str(sound / "manifest.pem")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "SOUND"
    flip(day, "totals.csv")
    assert main([str(day), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "ALTERED"
    assert {each["file"] for each in said["findings"]} == {"totals.csv"}
    assert main([str(day / "parquet")]) == 2
    assert capsys.readouterr().out.startswith("CANNOT CHECK")


def test_one_file_is_the_whole_program(sound: Path, tmp_path: Path) -> None:
    bundle(tmp_path / "octane-verify.pyz")
    run = subprocess.run(
        [sys.executable, tmp_path / "octane-verify.pyz", sound],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "SOUND"


def test_it_knows_nothing_of_octane() -> None:
    folder = Path(main.__code__.co_filename).parent
    sources = [path.read_text() for path in (*folder.glob("*.py"), *folder.with_name("tamper").glob("*.py"))]
    assert len(sources) >= 9
    assert not any("octane." in line and "import" in line for text in sources for line in text.splitlines())


def test_the_day_is_the_one_that_is_checked(sound: Path) -> None:
    assert json.loads((sound / "manifest.json").read_bytes())["day"] == DAY
