"""template.yaml and the functions agree; and where they are made to differ, the check says so."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.template_rules import faults

ROOT = Path(__file__).resolve().parents[2]


def test_template_and_functions_agree() -> None:
    assert faults(ROOT) == []


def _replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def plant(root: Path) -> None:
        path = root / file
        text = path.read_text()
        assert old in text, f"{file} has changed: plant another fault"
        path.write_text(text.replace(old, new, 1))

    return plant


def _added(root: Path) -> None:
    (root / "functions/orders/forgotten.py").write_text('"""Nobody calls it."""\nhandler = print\n')


def _removed(root: Path) -> None:
    (root / "functions/orders/get_order.py").unlink()


TEMPLATE = "template.yaml"
REDRIVE = "      RedrivePolicy: {deadLetterTargetArn: !GetAtt DueDeadQueue.Arn, maxReceiveCount: 6}\n"


def _in_template(old: str, new: str) -> Callable[[Path], None]:
    return _replaced(TEMPLATE, old, new)


PLANTED: list[tuple[Callable[[Path], None], str]] = [
    (_added, "forgotten: the template has no ForgottenFunction"),
    (_removed, "GetOrderFunction: there is no such file"),
    (_in_template("place_order.handler", "place_orders.handler"), "place_order: PlaceOrderFunction runs"),
    (_in_template("Path: /api/v1/cards/{card_id}", "Path: /api/v1/cards/{id}"), "unbind_card: its docstring"),
    (_in_template("Method: delete", "Method: get"), "logout: its decorator says DELETE"),
    (
        _replaced("functions/orders/get_order.py", '@app.get("/api/v1/orders/', '@app.get("/orders/'),
        "get_order: its decorator says GET /orders/<order_id>",
    ),
    (_in_template("            Auth: {Authorizer: NONE}\n", ""), "login: it is closed"),
    (_in_template("[dynamodb:BatchGetItem]", "['dynamodb:*']"), "list_orders: dynamodb:*"),
    (_in_template("!Sub '${OrdersTable.Arn}/index/due'", "'*'"), "sweep_due: dynamodb:Query on *"),
    (_in_template("        OCTANE_ISSUER_URL: !Ref IssuerUrl\n", ""), "OCTANE_ISSUER_URL: read by the code"),
    (_in_template("OCTANE_PUBLIC_URL:", "OCTANE_PUBLIK_URL:"), "OCTANE_PUBLIK_URL: set, read by nobody"),
    (_in_template("PushDeadQueue.QueueName", "DueQueue.QueueName"), "PushDeadQueue: no alarm watches it"),
    (_in_template(REDRIVE, ""), "DueQueue: it has no dead-letter queue"),
    (_in_template("VisibilityTimeout: 180", "VisibilityTimeout: 30"), "gives a message to two workers"),
    (_in_template("RecoveryEnabled: true", "RecoveryEnabled: false"), "OrdersTable: PointInTime"),
    (_in_template("IndexName: by_user", "IndexName: by_person"), "OrdersTable: its indexes are"),
    (_in_template('["recharge","refund"]', '["recharge"]'), "dispatch_events: it gets steps for"),
    (_in_template('{"error":{"code":', '{"fault":{"code":'), "UNAUTHORIZED: its body is"),
]


@pytest.mark.parametrize(("plant", "named"), PLANTED, ids=[named for _, named in PLANTED])
def test_planted_fault_is_found(plant: Callable[[Path], None], named: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / TEMPLATE, tmp_path)
    for folder in ("functions", "layers"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    plant(tmp_path)
    assert any(named in fault for fault in faults(tmp_path)), faults(tmp_path)
