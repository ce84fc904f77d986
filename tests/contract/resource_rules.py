"""What must hold of the template's queues, tables, buckets and gateway: `resource_faults(template)` names
everything that does not."""

import json
from collections.abc import Iterator
from typing import Any

from local.package import Template
from octane.store.items import INDEXES, Table

KEEPS_ALL = frozenset({Table.RECONCILIATION, Table.REVIEWS, Table.AUDIT})
"""Nothing in them ever expires."""
FORGETS = frozenset(
    {Table.ORDERS, Table.IDENTITY, Table.RISK, Table.REVIEWS, Table.BILLS, Table.COUPONS, Table.STATIONS}
)
"""They know people. Who is erased is gone from their backups too within seven days; the others go back to any
moment of the last 35."""
BACKUP = {"PointInTimeRecoveryEnabled": True}
EXPIRY = {"AttributeName": "ttl", "Enabled": True}
Properties = dict[str, Any]


def resource_faults(template: Template) -> Iterator[str]:
    yield from _queue_faults(template)
    yield from _table_faults(template)
    yield from _bucket_faults(template)
    yield from _gateway_faults(template)


def of_type(template: Template, kind: str) -> Iterator[tuple[str, Properties]]:
    return ((name, body) for name, body in template["Resources"].items() if body["Type"] == kind)


def _queue_faults(template: Template) -> Iterator[str]:
    """Every queue is encrypted and has a dead-letter queue, and every dead-letter queue has an alarm."""
    queues = dict(of_type(template, "AWS::SQS::Queue"))
    dead = {body["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            for body in queues.values() if "RedrivePolicy" in body["Properties"]}  # fmt: skip
    for _, body in of_type(template, "AWS::Serverless::Function"):
        for event in body["Properties"].get("Events", {}).values():
            target = event["Properties"].get("DestinationConfig", {}).get("OnFailure")
            dead |= {target["Destination"]["Fn::GetAtt"][0]} if target else set()
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for _, body in of_type(template, "AWS::CloudWatch::Alarm")
        for dimension in body["Properties"].get("Dimensions", [])
        if dimension["Name"] == "QueueName" and body["Properties"].get("AlarmActions")
    }
    for name, body in queues.items():
        if "KmsMasterKeyId" not in body["Properties"]:
            yield f"{name}: it is not encrypted"
        if name not in dead and "RedrivePolicy" not in body["Properties"]:
            yield f"{name}: it has no dead-letter queue"
        if name in dead and name not in watched:
            yield f"{name}: no alarm watches it"


def _table_faults(template: Template) -> Iterator[str]:
    for table in Table:
        name = f"{table.name.title()}Table"
        properties = template["Resources"].get(name, {}).get("Properties")
        if properties is None:
            yield f"{name}: it is missing"
            continue
        wanted = {
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": None if table in KEEPS_ALL else EXPIRY,
            "PointInTimeRecoverySpecification": BACKUP
            | ({"RecoveryPeriodInDays": 6} if table in FORGETS else {}),
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "Key"}},
        }
        for field, value in wanted.items():
            if properties.get(field) != value:
                yield f"{name}: {field} is {properties.get(field)}"
        indexes = {
            (index["IndexName"], *(key["AttributeName"] for key in index["KeySchema"]))
            for index in properties.get("GlobalSecondaryIndexes", [])
        }
        known = {(index.name, index.partition, index.sort) for index in INDEXES.get(table, ())}
        if indexes != known:
            yield f"{name}: its indexes are {sorted(indexes)}, the store knows {sorted(known)}"


def _bucket_faults(template: Template) -> Iterator[str]:
    """Every bucket is encrypted, closed to the public and to plain HTTP; what is archived, is locked; what is
    not, expires."""
    closed = {
        body["Properties"]["Bucket"]["Ref"]
        for _, body in of_type(template, "AWS::S3::BucketPolicy")
        for statement in body["Properties"]["PolicyDocument"]["Statement"]
        if (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", "*")
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }
    for name, body in of_type(template, "AWS::S3::Bucket"):
        properties = body["Properties"]
        rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        if [rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID") for rule in rules] != [
            {"Ref": "Key"}
        ]:
            yield f"{name}: it is not encrypted with our key"
        if list(properties.get("PublicAccessBlockConfiguration", {}).values()) != [True] * 4:
            yield f"{name}: it is not closed to the public"
        if name not in closed:
            yield f"{name}: it takes plain HTTP"
        locked = properties.get("ObjectLockEnabled") and properties.get("ObjectLockConfiguration", {}).get(
            "Rule"
        )
        if locked and (properties.get("VersioningConfiguration"), body.get("DeletionPolicy")) != (
            {"Status": "Enabled"},
            "Retain",
        ):
            yield f"{name}: what it locks may still go"
        if not locked and "LifecycleConfiguration" not in properties:
            yield f"{name}: it neither locks what it has nor lets it expire"


def _gateway_faults(template: Template) -> Iterator[str]:
    """What the gateway refuses has the shape of our errors."""
    for kind, response in template["Resources"]["Api"]["Properties"]["GatewayResponses"].items():
        body = json.loads(response["ResponseTemplates"]["application/json"])
        if set(body) != {"error"} or set(body["error"]) != {"code", "message", "request_id"}:
            yield f"{kind}: its body is {body}"
