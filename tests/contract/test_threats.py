"""The page of threats is no wish list: every answer names a test that exists, and no question is left out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "infra/docs/threats.md"
ROW = re.compile(r"^\| ([STRIDE]) \| (.+?) \| (.+?) \| `(tests/[\w/]+\.py)(?:::(\w+))?` \|$", re.MULTILINE)


def flows(text: str) -> dict[str, str]:
    """Each flow's part of the page."""
    parts = re.split(r"^## (F\d) .*$", text.partition("## What is accepted")[0], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


FLOWS = flows(PAGE.read_text())
NAMED = sorted({(row[3], row[4]) for part in FLOWS.values() for row in ROW.findall(part)})


@cache
def names_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("flow", FLOWS)
def test_each_flow_answers_all_six_questions(flow: str) -> None:
    rows = ROW.findall(FLOWS[flow])
    assert {row[0] for row in rows} == set("STRIDE")
    lines = [line for line in FLOWS[flow].splitlines() if line.startswith("|")]
    assert len(rows) == len(lines) - 2, "a row that names no test"


def test_every_flow_of_the_drawing_is_a_part_of_the_page() -> None:
    drawn = re.findall(r"\bF\d\b", PAGE.read_text().partition("```mermaid")[2].partition("```")[0])
    assert sorted(drawn) == sorted(FLOWS)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_an_answer_names(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    found = names_of(path)
    assert name in found if name else any(each.startswith("test_") for each in found)
