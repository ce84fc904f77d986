"""The files of a day: what finance opens, and the same bytes for the same day."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octane.reconciliation.contents import from_json, to_json
from octane.reconciliation.export_tables import TABLES, csv_columns
from octane.reconciliation.exports import DayBooks, export_day
from octane.reconciliation.matching import DIFFERENCE
from octane.reconciliation.model import Source
from octane.reconciliation.workbook import HEAD_ROW
from world.exported import DAY, ROWS, export, sealed_day


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_into(tmp_path_factory.mktemp("books"))


def export_into(root: Path) -> Path:
    sealed_day(root / "day")
    return root / "day"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def test_a_csv_begins_with_the_mark_that_excel_looks_for(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name


def test_differences_are_shown_in_yuan_and_fen(folder: Path) -> None:
    row = next(row for row in rows_of(folder / "differences.csv") if row["number"] == "P0002")
    assert (row["our_amount_yuan"], row["our_amount_fen"]) == ("100.00", "10000")
    assert (row["their_amount_yuan"], row["their_amount_fen"]) == ("99.99", "9999")
    assert row["our_settled_at"] == "2026-11-22 12:00:00.123"
    refund = next(row for row in rows_of(folder / "differences.csv") if row["number"] == "R0001")
    assert (refund["their_fee_yuan"], refund["their_fee_fen"]) == ("-0.04", "-4")
    assert refund["our_amount_yuan"] == refund["our_amount_fen"] == ""


def test_each_source_has_its_own_csv(folder: Path) -> None:
    everything = rows_of(folder / "differences.csv")
    for source in (Source.WECHAT, Source.ALIPAY, Source.JUHE):
        own = rows_of(folder / f"differences-{source.lower()}.csv")
        assert own == [row for row in everything if row["source"] == source]
        assert len(own) == len(ROWS[source])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-R1", "'-R1"),
        ("@SUM", "'@SUM"),
        ("\tx", "'\tx"),
        ("'x", "''x"),
        ("＝1", "'＝1"),
        ("4200001234202611221234567890", "'4200001234202611221234567890"),
        ("0012", "'0012"),
        ("2026-11-22", "'2026-11-22"),
        ("1e5", "'1e5"),
        ("P-1", "P-1"),
        ("微信支付", "微信支付"),
        ("", ""),
    ],
)
def test_text_stays_text_in_a_spreadsheet(text: str, shown: str) -> None:
    assert guarded(text) == shown


@given(st.text(max_size=12))
def test_what_a_csv_shows_can_be_undone(text: str) -> None:
    shown = guarded(text)
    assert shown in {text, f"'{text}"}
    assert not shown.startswith(("=", "+", "-", "@"))
    assert (shown[1:] if shown.startswith("'") else shown) == text


def guarded(text: str) -> str:
    _, expression = next(each for each in csv_columns(TABLES[0]) if each[0] == "number")
    with duckdb.connect(config={"threads": 1}) as database:
        row = database.execute(f"SELECT {expression} FROM (SELECT ? AS number)", [text]).fetchone()  # noqa: S608
    assert row
    return str(row[0])


def test_entries_are_those_of_the_journal(folder: Path) -> None:
    rows = rows_of(folder / "ledger_entries.csv")
    assert sum(int(row["debit_fen"]) for row in rows) == sum(int(row["credit_fen"]) for row in rows)
    assert len({(row["chain"], row["no"]) for row in rows}) == 69
    assert len(rows) == 2 * 69


def test_the_trial_balance_goes_on_from_the_opening(folder: Path) -> None:
    rows = {row["account"]: row for row in rows_of(folder / "trial_balance.csv")}
    assert rows["CHANNEL_RECEIVABLE:WECHAT"]["opening_fen"] == "5000"
    assert int(rows["CHANNEL_RECEIVABLE:WECHAT"]["closing_fen"]) == 5_000 + sum(100 + n for n in range(60))
    assert rows["WALLET"]["credit_fen"] == str(9 * 50), "all wallets are one account"
    assert sum(int(row["closing_fen"]) for row in rows.values()) == 0


def test_differences_have_the_columns_that_matching_writes() -> None:
    assert tuple(column.name for column in TABLES[0].columns) == ("source", *DIFFERENCE)


def test_parquet_has_every_table(folder: Path) -> None:
    with duckdb.connect() as database:
        for table in TABLES:
            path = str(folder / f"parquet/{table.name}/{table.name}.parquet")
            found = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
            assert [(row[0], row[1]) for row in found] == [(each.name, each.stored) for each in table.columns]


def test_the_same_day_makes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = export_into(tmp_path)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file()}
    differ = {file for file in files if (folder / file).read_bytes() != (again / file).read_bytes()}
    assert differ == {"manifest.sig"}, "ECDSA takes a new random number each time"


def test_the_workbook_has_no_formula_and_no_time_of_its_making(folder: Path) -> None:
    with zipfile.ZipFile(folder / "reconciliation.xlsx") as book:
        sheets = [
            book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")
        ]
        core = book.read("docProps/core.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert not any("<f>" in sheet for sheet in sheets)
    assert any("=2+5+cmd" in sheet for sheet in sheets), "the text itself is there, as text"
    assert f"{DAY}T00:00:00Z" in core
    for sheet in ("总览 Overview", "本地丢失 MISSING_HERE", "渠道丢失 MISSING_THERE", "数据差错 MISMATCH"):
        assert sheet in names
    for sheet in sheets:
        assert f'ySplit="{HEAD_ROW + 1}"' in sheet, "the heads stay"


def test_a_day_without_anything(tmp_path: Path) -> None:
    contents = export_day(DAY, 1, DayBooks((), {}, [], {}), tmp_path)
    assert rows_of(tmp_path / "ledger_entries.csv") == []
    assert contents.heads == ()
    assert all(file.rows in {0, None} for file in contents.files)


def test_contents_survive_the_way_to_the_next_step(tmp_path: Path) -> None:
    contents = export(tmp_path / "day", failures=("我方 1 元，对方 2 元",))
    assert from_json(to_json(contents)) == contents
    assert not from_json(to_json(contents)).proofs[0].holds
    json.loads(to_json(contents))


@pytest.mark.parametrize(
    ("module", "absent"),
    [("exports", ("typst", "cryptography")), ("sealing", ("duckdb", "xlsxwriter"))],
)
def test_each_step_needs_its_own_libraries_only(module: str, absent: tuple[str, ...]) -> None:
    """The two steps run in functions with different layers."""
    program = f"import sys, octane.reconciliation.{module}; print([n for n in {absent} if n in sys.modules])"
    layer = Path(export_day.__code__.co_filename).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(layer)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
