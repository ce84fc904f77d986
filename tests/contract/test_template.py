"""The templates and the functions agree; and where they are made to differ, the check says so."""

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
STACKS = "infra/stacks"
CLOSING = f"{STACKS}/closing.yaml"
EVERY_MINUTE = """      Events:
        Tick:
          Type: Schedule
          Properties: {Schedule: rate(1 minute)}
"""
PERMISSION = """  ConnectPermission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref ConnectFunction.Alias, Action: x, Principal: apigateway.amazonaws.com}
"""
REDRIVE = "      RedrivePolicy: {deadLetterTargetArn: !GetAtt DueDeadQueue.Arn, maxReceiveCount: 6}\n"


def _in_template(old: str, new: str) -> Callable[[Path], None]:
    return _replaced(TEMPLATE, old, new)


def _in_closing(old: str, new: str) -> Callable[[Path], None]:
    return _replaced(CLOSING, old, new)


def _in_function(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Only within one function's own part of its template."""

    def plant(root: Path) -> None:
        templates = [root / TEMPLATE, *(root / STACKS).glob("*.yaml")]
        (path,) = (one for one in templates if f"  {name}Function:\n" in one.read_text())
        before, start, rest = path.read_text().partition(f"  {name}Function:\n")
        own, end, after = rest.partition("\n\n")
        assert old in own, f"{name} has changed: plant another fault"
        path.write_text(before + start + own.replace(old, new, 1) + end + after)

    return plant


PLANTED: list[tuple[Callable[[Path], None], str]] = [
    (_added, "forgotten: the template has no ForgottenFunction"),
    (_removed, "GetOrderFunction: there is no such file"),
    (_in_template("place_order.handler", "place_orders.handler"), "place_order: PlaceOrderFunction runs"),
    (_in_template("/api/v1/cards/{card_id}:", "/api/v1/cards/{id}:"), "unbind_card: its docstring"),
    (_in_template("            delete: {", "            get: {"), "logout: its decorator says DELETE"),
    (
        _replaced("functions/orders/get_order.py", '@app.get("/api/v1/orders/', '@app.get("/orders/'),
        "get_order: its decorator says GET /orders/<order_id>",
    ),
    (_in_template("security: [{NONE: []}], ", ""), "login: it is closed"),
    (_in_template("[dynamodb:BatchGetItem]", "['dynamodb:*']"), "place_order: dynamodb:*"),
    (_in_template("!Sub '${OrdersTable.Arn}/index/due'", "'*'"), "sweep_due: dynamodb:Query on *"),
    (
        _in_template("        OCTANE_ISSUER_STEP_FEN: !Ref IssuerStepFen\n", ""),
        "OCTANE_ISSUER_STEP_FEN: read by the code",
    ),
    (
        _in_template("        OCTANE_ISSUER_URL: !Ref IssuerUrl\n", ""),
        "RechargeOrderFunction: OCTANE_SECRET_ISSUER without OCTANE_ISSUER_",
    ),
    (
        _in_closing("        OCTANE_TABLE_LEDGER: !Ref LedgerTable\n", ""),
        "RequestWithdrawalFunction: it may touch LedgerTable, and no variable names it",
    ),
    (_in_template(":${AWS::StackName}-*:live'", ":*'"), "GatewayRole: it may"),
    (_in_template("Service: apigateway.", "Service: lambda."), "GatewayRole: it is taken by"),
    (
        _in_template("credentials: !GetAtt GatewayRole.Arn, ", ""),
        "POST /api/v1/sessions: it calls its function",
    ),
    (_in_template("${ListCardsFunction.Alias}", "${OrdersTable.Alias}"), "no function is called OrdersTable"),
    (
        _in_template("DisableFunctionDefaultPermissions: true", "IsSilent: true"),
        "Api: its authorizer is called",
    ),
    (
        _in_template("      CredentialsArn: !GetAtt GatewayRole.Arn\n", ""),
        "ConnectIntegration: its function is",
    ),
    (
        _in_template("      AuthorizerCredentialsArn: !GetAtt", "      Arn: !GetAtt"),
        "WebSocketAuthorizer: its",
    ),
    (
        _in_template("  ConnectRoute:\n", f"{PERMISSION}  ConnectRoute:\n"),
        "ConnectPermission: the gateways need no permission",
    ),
    (
        _in_function("GetFunds", "      CodeUri:", "      FunctionName: funds\n      CodeUri:"),
        "GetFundsFunction: the gateway may not call it",
    ),
    (_in_template("OCTANE_PUBLIC_URL:", "OCTANE_PUBLIK_URL:"), "OCTANE_PUBLIK_URL: set, read by nobody"),
    (_in_template("PushDeadQueue.QueueName", "DueQueue.QueueName"), "PushDeadQueue: no alarm watches it"),
    (_in_template(REDRIVE, ""), "DueQueue: it has no dead-letter queue"),
    (_in_template("VisibilityTimeout: 180", "VisibilityTimeout: 30"), "gives a message to two workers"),
    (_in_template("RecoveryEnabled: true", "RecoveryEnabled: false"), "OrdersTable: PointInTime"),
    (_in_template("IndexName: by_user", "IndexName: by_person"), "OrdersTable: its indexes are"),
    (
        _in_template('["recharge","refund","review"]', '["recharge","refund"]'),
        "dispatch_events: it gets steps for",
    ),
    (_in_template('{"error":{"code":', '{"fault":{"code":'), "UNAUTHORIZED: its body is"),
    (
        _in_function("MatchShard", "      Policies:", f"{EVERY_MINUTE}      Policies:"),
        "match_shard: it is a step, and called by something else too",
    ),
    (
        _in_closing("        MatchShard: !Ref MatchShardFunction.Alias\n", ""),
        "match_shard: nothing calls it",
    ),
    (_in_function("RechargeOrder", "Timeout: 30", "Timeout: 60"), "recharge_order: it may outlive its lease"),
    (
        _in_function("MatchShard", "      SnapStart: {ApplyOn: None}", "      # SnapStart: {ApplyOn: None}"),
        "match_shard: SnapStart allows no 10240 MB",
    ),
    (
        _in_function("MatchShard", "${WorkBucketArn}/entries/*", "${WorkBucketArn}/*"),
        "match_shard: s3:GetObject on ${WorkBucket.Arn}/* has a wildcard",
    ),
    (
        _in_function("MatchShard", "${WorkBucketArn}/matches/*", "${ArchiveBucketArn}/journal/*"),
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
    (
        _in_function("ErasePeople", "${WorkBucketArn}/people/*", "${WorkBucketArn}/entries/*"),
        "erase_people: s3:DeleteObject: nothing that is kept",
    ),
    (
        _replaced(
            f"{STACKS}/identity.yaml",
            "RotationLambdaARN: !Ref RotateTokens",
            "RotationLambdaARN: !Ref SendCode",
        ),
        "rotate_tokens: nothing calls it",
    ),
    (_in_template(", RecoveryPeriodInDays: 6", ""), "OrdersTable: PointInTimeRecoverySpecification is"),
    (
        _in_function("BuildEvidence", "            FunctionResponseTypes: [ReportBatchItemFailures]\n", ""),
        "build_evidence: one bad message fails",
    ),
    (_in_function("SweepDue", "Timeout: 30", "Timeout: 300"), "sweep_due: it may outlive its lease"),
    (_in_closing("OCTANE_BILL_TRIES:", "OCTANE_BILLS_TRIES:"), "OCTANE_BILL_TRIES: read by the code"),
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
    for folder in ("functions", "layers", STACKS):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    plant(tmp_path)
    assert any(named in fault for fault in faults(tmp_path)), faults(tmp_path)
