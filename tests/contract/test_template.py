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
EVERY_MINUTE = """      Events:
        Tick:
          Type: Schedule
          Properties: {Schedule: rate(1 minute)}
"""
REDRIVE = "      RedrivePolicy: {deadLetterTargetArn: !GetAtt DueDeadQueue.Arn, maxReceiveCount: 6}\n"


def _in_template(old: str, new: str) -> Callable[[Path], None]:
    return _replaced(TEMPLATE, old, new)


def _in_function(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Only within one function's own part of the template."""

    def plant(root: Path) -> None:
        path = root / TEMPLATE
        before, start, rest = path.read_text().partition(f"  {name}Function:\n")
        own, end, after = rest.partition("\n\n")
        assert old in own, f"{name} has changed: plant another fault"
        path.write_text(before + start + own.replace(old, new, 1) + end + after)

    return plant


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
    (
        _in_function("MatchShard", "      Policies:", f"{EVERY_MINUTE}      Policies:"),
        "match_shard: it is a step, and called by something else too",
    ),
    (
        _in_template("        MatchShard: !Ref MatchShardFunction.Alias\n", ""),
        "match_shard: nothing calls it",
    ),
    (_in_function("RechargeOrder", "Timeout: 30", "Timeout: 60"), "recharge_order: it may outlive its lease"),
    (
        _in_function("MatchShard", "      SnapStart: {ApplyOn: None}", "      # SnapStart: {ApplyOn: None}"),
        "match_shard: SnapStart allows no 10240 MB",
    ),
    (
        _in_function("MatchShard", "${WorkBucket.Arn}/entries/*", "${WorkBucket.Arn}/*"),
        "match_shard: s3:GetObject on ${WorkBucket.Arn}/* has a wildcard",
    ),
    (
        _in_function("MatchShard", "${WorkBucket.Arn}/matches/*", "${ArchiveBucket.Arn}/journal/*"),
        "match_shard: it may write the journal",
    ),
    (
        _in_function("SealDay", "s3:PutObject]", "s3:PutObject, s3:DeleteObject]"),
        "seal_day: s3:DeleteObject: nothing that is kept",
    ),
    (
        _in_function("JournalEntries", "TRIM_HORIZON", "LATEST"),
        "journal_entries: it misses what was booked before",
    ),
    (
        _in_function("JournalEntries", '{"dynamodb":', '{"eventName":["INSERT"],"dynamodb":'),
        "journal_entries: it does not hear of every change",
    ),
    (
        _in_function("JournalEntries", '{"prefix":"#"}', '{"prefix":"#BALANCE"}'),
        "journal_entries: it passes over what begins with '#BALANCE'",
    ),
    (
        _in_function("JournalEntries", '{"prefix":"#"}', '{"prefix":"payment"}'),
        "journal_entries: it passes over what begins with 'payment'",
    ),
    (_in_template("OCTANE_BUCKET_WORK:", "OCTANE_BUCKET_WORKS:"), "OCTANE_BUCKET_WORK: read by the code"),
    (_in_template("      VersioningConfiguration: {Status: Enabled}\n", ""), "ArchiveBucket: what it locks"),
    (_in_template("ObjectLockEnabled: true", "ObjectLockEnabled: false"), "ArchiveBucket: it neither locks"),
    (_in_template("IgnorePublicAcls: true", "IgnorePublicAcls: false"), "ArchiveBucket: it is not closed"),
    (
        _in_template("KMSMasterKeyID: !Ref Key", "KMSMasterKeyID: alias/x"),
        "ArchiveBucket: it is not encrypted",
    ),
    (
        _in_template("Bucket: !Ref WorkBucket", "Bucket: !Ref ArchiveBucket"),
        "WorkBucket: it takes plain HTTP",
    ),
    (_in_template("IndexName: open", "IndexName: waiting"), "ReconciliationTable: its indexes are"),
]


@pytest.mark.parametrize(("plant", "named"), PLANTED, ids=[named for _, named in PLANTED])
def test_planted_fault_is_found(plant: Callable[[Path], None], named: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / TEMPLATE, tmp_path)
    for folder in ("functions", "layers"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    plant(tmp_path)
    assert any(named in fault for fault in faults(tmp_path)), faults(tmp_path)
