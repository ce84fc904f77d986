"""The page for finance says what the files are."""

import re
import shutil
from pathlib import Path

import pytest

from octane.reconciliation.export_tables import CLASS_NAMES, TABLES, Shape
from octane.reconciliation.workbook import SHEET_ROWS
from octane_verify.__main__ import main
from tamper.ways import WAYS
from world.exported import DAY, sealed_day

PAGE = (Path(__file__).resolve().parents[3] / "infra/docs/finance.md").read_text()
WORDS = {
    Shape.TEXT: "text",
    Shape.WHOLE: "number",
    Shape.FEN: "money",
    Shape.MOMENT: "moment",
    Shape.DAY: "day",
}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_explained(table: object) -> None:
    (found,) = [each for each in TABLES if each is table]
    section = PAGE.split(f"### {found.name} {found.chinese}\n")[1].split("\n#")[0]
    rows = [tuple(row.strip("|").split(" | ")) for row in re.findall(r"^\| .* \|$", section, re.MULTILINE)][
        1:
    ]
    said = [tuple(cell.strip() for cell in row) for row in rows]
    assert said == [
        (column.name, column.chinese, WORDS[column.shape], column.meaning) for column in found.columns
    ]


def test_every_class_is_explained() -> None:
    section = PAGE.split("## The classes\n")[1].split("\n#")[0]
    assert re.findall(r"^\| ([A-Z_]+) \| (\S+) \|", section, re.MULTILINE) == [
        (each.value, chinese) for each, chinese in CLASS_NAMES.items()
    ]


def test_every_file_is_named(tmp_path: Path) -> None:
    sealed_day(tmp_path / "day")
    for path in tmp_path.glob("day/*"):
        name = "differences-wechat.csv" if path.name.startswith("differences-") else path.name
        assert f"`{name}" in PAGE, path.name


def test_the_figures_are_true() -> None:
    assert f"at most {SHEET_ROWS:,} rows" in PAGE
    assert f"in {len(WAYS)} ways" in PAGE


def test_the_command_says_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = f"exports/day={DAY}/v=1"
    sealed_day(tmp_path / folder)
    shutil.copy(tmp_path / folder / "manifest.pem", tmp_path / "finance.pem")
    monkeypatch.chdir(tmp_path)
    shown = re.findall(r"```\n(octane-verify .*?)```", PAGE, re.DOTALL)
    assert len(shown) == 2
    for number, page in enumerate(shown):
        assert main([folder, "--key", "finance.pem"]) == number
        assert _without_digests(capsys.readouterr().out) == _without_digests(page)
        file = tmp_path / folder / "differences.csv"
        file.write_bytes(file.read_bytes().replace(b"99.99", b"89.99", 1))


def _without_digests(text: str) -> str:
    return re.sub(r"[0-9a-f]{64}", "…", text)
