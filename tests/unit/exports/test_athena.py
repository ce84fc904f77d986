"""The ready queries over the exports, run here by DuckDB over the same layout; and their tables."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from octane.reconciliation.export_tables import TABLES
from world.exported import DAY, export

ATHENA = Path(__file__).resolve().parents[3] / "infra/athena"
HIVE = {"VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint"}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a day: the first has other differences, and must not count."""
    root = tmp_path_factory.mktemp("exports")
    export(root / f"day={DAY}/v=1", version=1, opening={})
    export(root / f"day={DAY}/v=2", version=2)
    return root


def ask(exports: Path, name: str) -> list[dict[str, object]]:
    with duckdb.connect() as database:
        for table in TABLES:
            files = exports / f"day=*/v=*/parquet/{table.name}/*.parquet"
            partitions = "{'day': VARCHAR, 'v': INTEGER}"
            source = f"read_parquet('{files}', hive_partitioning = true, hive_types = {partitions})"
            database.execute(f"CREATE VIEW {table.name} AS FROM {source}")
        cursor = database.execute(ATHENA.joinpath(f"{name}.sql").read_text())
        heads = [each[0] for each in cursor.description or ()]
        return [dict(zip(heads, row, strict=True)) for row in cursor.fetchall()]


def test_differences_by_class(exports: Path) -> None:
    rows = {(row["source"], row["class"]): row for row in ask(exports, "differences_by_class")}
    missing = rows["WECHAT", "MISSING_HERE"]
    assert (missing["line_count"], missing["yuan"]) == (2, Decimal("123.46"))
    assert rows["WECHAT", "MISMATCH"]["line_count"] == 1, "both sides have it; it counts once"
    shares = [float(str(row["percent_of_lines"])) for key, row in rows.items() if key[0] == "WECHAT"]
    assert sum(shares) == pytest.approx(100, abs=0.001)


def test_open_differences_by_age(exports: Path) -> None:
    assert ask(exports, "open_differences_by_age") == [
        {
            "age_days": "2-3",
            "source": "WECHAT",
            "class": "MISSING_HERE",
            "difference_count": 1,
            "yuan": Decimal("123.45"),
            "oldest": 2,
        }
    ]


def test_fees_by_channel(exports: Path) -> None:
    rows = {row["source"]: row for row in ask(exports, "fees_by_channel")}
    assert rows["WECHAT"]["charged_yuan"] == Decimal("50.50")
    assert rows["WECHAT"]["expected_yuan"] == Decimal("54.05")
    assert rows["WECHAT"]["apart_yuan"] == Decimal("-3.55")
    assert rows["JUHE"]["charged_yuan"] == 0


def test_athenas_tables_are_ours() -> None:
    """The columns of each CREATE TABLE, in order, are those that the code writes."""
    text = ATHENA.joinpath("tables.sql").read_text()
    found = re.findall(r"CREATE EXTERNAL TABLE (\w+) \((.*?)\n\)", text, re.DOTALL)
    assert [name for name, _ in found] == [table.name for table in TABLES]
    for (name, columns), table in zip(found, TABLES, strict=True):
        declared = [tuple(each.split()) for each in columns.replace("\n", " ").split(",")]
        assert declared == [(column.name, HIVE[column.stored]) for column in table.columns], name
        assert f"/v=${{v}}/parquet/{name}/'" in text
