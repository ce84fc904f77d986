"""The import contract of pyproject.toml holds; and a planted violation of each contract breaks it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOM = "layers/octane/python/octane"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of everything that the contract looks at."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("functions", "layers", "infra"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _verdict(tree: Path) -> tuple[int, str]:
    paths = os.pathsep.join(str(tree / part) for part in ("layers/octane/python", "functions", "infra"))
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, " ".join((run.stdout + run.stderr).split())


def test_contract_holds(tree: Path) -> None:
    code, words = _verdict(tree)
    assert code == 0, words
    assert "0 broken" in words


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        (f"{ROOM}/kernel/money.py", "import octane.store.items", "Rooms point downwards only"),
        (f"{ROOM}/ledger/entries.py", "import octane.identity.users", "Rooms point downwards only"),
        (f"{ROOM}/orders/place.py", "import octane.wiring", "Rooms point downwards only"),
        (f"{ROOM}/orders/pay.py", "import boto3", "Only the adapters named here"),
        (f"{ROOM}/channels/port.py", "import urllib3", "Only the wire opens sockets"),
        ("functions/orders/get_order.py", "import octane.store.store", "A function parses"),
        ("functions/orders/get_order.py", "import boto3", "A function parses"),
        ("functions/orders/get_order.py", "import orders.list_orders", "A function knows no other function"),
        (f"{ROOM}/funds/check.py", "import octane.reconciliation.model", "Rooms point downwards only"),
        (f"{ROOM}/orders/pay.py", "import octane.funds.port", "Rooms point downwards only"),
        (f"{ROOM}/ledger/chain.py", "import botocore", "Only the adapters named here"),
        ("functions/orders/get_order.py", "import duckdb", "What only the closing of a day needs"),
        (f"{ROOM}/reconciliation/run.py", "import duckdb", "What only the closing of a day needs"),
        (f"{ROOM}/reconciliation/tasks.py", "import xlsxwriter", "What only the closing of a day needs"),
        (f"{ROOM}/api/views/funds.py", "import typst", "What only the closing of a day needs"),
        ("functions/ledger/journal_entries.py", "import octane.ledger.chain", "A function parses"),
        ("functions/reconciliation/seal_day.py", "import octane.ledger.journal", "A function parses"),
        (
            "infra/octane_verify/chain.py",
            "import octane.ledger.chain",
            "nothing of what they test, run and verify",
        ),
        ("infra/tamper/ways.py", "import octane.kernel.money", "nothing of what they test, run and verify"),
        ("infra/simulators/bank/books.py", "import octane.funds.model", "nothing of what they test"),
        ("infra/local/edge.py", "import simulators.protocol", "meet over HTTP only"),
    ],
)
def test_planted_violation_breaks_it(file: str, line: str, contract: str, tree: Path) -> None:
    with (tree / file).open("a") as module:
        module.write(f"\n{line}\n")
    code, words = _verdict(tree)
    assert code == 1, words
    broken = words.partition("Broken contracts")[2]
    assert contract in broken, words
