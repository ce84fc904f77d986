"""What must hold between template.yaml and the functions: `faults(root)` names everything that does not."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.package import Template, read_template
from octane.orders.states import Queue
from octane.store.items import INDEXES, Table

OPEN_TO_ALL = {
    *("login", "refresh_session", "get_switches", "wechat_payment", "wechat_refund", "alipay_payment"),
    *("unionpay_payment", "unionpay_refund", "issuer_recharge"),
}
"""Routes without a token: who calls them proves itself otherwise."""

WITHOUT_EVENT = {"authorize", "connect", "disconnect"}
"""Called by the two APIs directly."""

WILDCARDS = {
    # A connection's id is known only once it is open.
    ("push_changes", "execute-api:ManageConnections"),
}

ROUTE = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (/[^\s?:]*)")
Properties = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """A function's file and what the template says of it."""

    name: str
    domain: str
    source: str
    resource: Properties


def faults(root: Path) -> list[str]:
    template = read_template(root / "template.yaml")
    functions, found = _pair(template, root)
    for function in functions:
        found += _route_faults(function)
        found += _policy_faults(function)
        found += _source_faults(function, template)
    found += _environment_faults(template, root)
    found += _queue_faults(template)
    found += _table_faults(template)
    found += _gateway_faults(template)
    return found


def _pair(template: Template, root: Path) -> tuple[list[Function], list[str]]:
    declared = {name: body["Properties"] for name, body in _of_type(template, "AWS::Serverless::Function")}
    functions, found = [], []
    for path in sorted((root / "functions").glob("*/*.py")):
        resource = "".join(part.title() for part in path.stem.split("_")) + "Function"
        properties = declared.pop(resource, None)
        if properties is None:
            found.append(f"{path.stem}: the template has no {resource}")
            continue
        place = (properties["CodeUri"], properties["Handler"])
        if place != (f"functions/{path.parent.name}/", f"{path.stem}.handler"):
            found.append(f"{path.stem}: {resource} runs {place}")
        source = path.read_text()
        if not re.search(r"^(handler =|def handler\()", source, re.MULTILINE):
            found.append(f"{path.stem}: the file has no handler")
        functions.append(Function(path.stem, path.parent.name, source, properties))
    return functions, found + [f"{name}: there is no such file in functions/" for name in declared]


def _route_faults(function: Function) -> Iterator[str]:
    """The route is the same in the template, the docstring's first line and any decorator."""
    events = list(function.resource.get("Events", {}).values())
    apis = [event["Properties"] for event in events if event["Type"] == "Api"]
    if not events and function.name not in WITHOUT_EVENT:
        yield f"{function.name}: nothing calls it"
    routed = {f"{api['Method'].upper()} {api['Path'].replace('{', '<').replace('}', '>')}" for api in apis}
    for where, said in (("docstring", _docstring_route(function)), ("decorator", _decorated_route(function))):
        if said is not None and routed != {said}:
            yield f"{function.name}: its {where} says {said}, the template {sorted(routed)}"
    if routed and _docstring_route(function) is None:
        yield f"{function.name}: its docstring names no route"
    for api in apis:
        is_open = api.get("Auth") == {"Authorizer": "NONE"}
        if is_open != (function.name in OPEN_TO_ALL):
            yield f"{function.name}: it is {'open to all' if is_open else 'closed'}"


def _docstring_route(function: Function) -> str | None:
    match = ROUTE.match(ast.get_docstring(ast.parse(function.source)) or "")
    return f"{match[1]} {match[2]}" if match else None


def _decorated_route(function: Function) -> str | None:
    for node in ast.walk(ast.parse(function.source)):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
                    path = decorator.args[0]
                    if isinstance(path, ast.Constant):
                        return f"{decorator.func.attr.upper()} {path.value}"
    return None


def _policy_faults(function: Function) -> Iterator[str]:
    policies = function.resource.get("Policies", [])
    if not policies or not all(
        isinstance(policy, dict) and set(policy) == {"Statement"} for policy in policies
    ):
        yield f"{function.name}: it has no policy of its own"
        return
    for policy in policies:
        for statement in policy["Statement"]:
            for action in statement["Action"]:
                wide = "*" in action or "*" in json.dumps(statement["Resource"], default=str)
                if wide and (function.name, action) not in WILDCARDS:
                    yield f"{function.name}: {action} on {statement['Resource']} has a wildcard"


def _source_faults(function: Function, template: Template) -> Iterator[str]:
    """What a queue or stream calls reports partial failures and ends in time."""
    timeout = function.resource.get("Timeout", template["Globals"]["Function"]["Timeout"])
    if timeout >= template["Parameters"]["LeaseSeconds"]["Default"]:
        yield f"{function.name}: it may outlive its lease"
    for event in function.resource.get("Events", {}).values():
        properties = event["Properties"]
        if event["Type"] not in ("SQS", "DynamoDB"):
            continue
        if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{function.name}: one bad message fails its whole batch"
        if event["Type"] == "SQS":
            queue = template["Resources"][properties["Queue"]["Fn::GetAtt"][0]]["Properties"]
            if queue["VisibilityTimeout"] < 6 * timeout:
                yield f"{function.name}: its queue gives a message to two workers"
        elif "OnFailure" not in properties.get("DestinationConfig", {}):
            yield f"{function.name}: what it gives up on is lost"
    if function.name == "dispatch_events":
        yield from _dispatch_faults(function)


def _dispatch_faults(function: Function) -> Iterator[str]:
    """The outbox relay gets exactly the steps whose queues it may send to."""
    (event,) = function.resource["Events"].values()
    (pattern,) = (row["Pattern"] for row in event["Properties"]["FilterCriteria"]["Filters"])
    passed = set(json.loads(pattern)["dynamodb"]["NewImage"]["queue"]["S"])
    resources = function.resource["Policies"][0]["Statement"][0]["Resource"]
    allowed = {row["Fn::GetAtt"][0].removesuffix("Queue").lower() for row in resources}
    if passed != allowed or not passed <= {queue.value for queue in Queue}:
        yield f"{function.name}: it gets steps for {sorted(passed)} and may send to {sorted(allowed)}"


def _environment_faults(template: Template, root: Path) -> Iterator[str]:
    """Every variable that the code reads is set, and none is set for nobody."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    given = {name.removeprefix("OCTANE_") for name in variables if name.startswith("OCTANE_")}
    code = "\n".join(path.read_text() for path in (root / "layers/octane/python/octane").rglob("*.py"))
    read = set(re.findall(r'"OCTANE_([A-Z_]+)"', code)) | set(re.findall(r'number\("([A-Z_]+)"', code))
    read |= {f"SECRET_{name}" for name in re.findall(r'_secret\("([A-Z_]+)"', code)}
    read |= {f"TABLE_{table.name}" for table in Table} | {f"QUEUE_{queue.name}" for queue in Queue}
    for name in sorted(read ^ given):
        yield f"OCTANE_{name}: {'read by the code, not set' if name in read else 'set, read by nobody'}"


def _queue_faults(template: Template) -> Iterator[str]:
    """Every queue is encrypted and has a dead-letter queue, and every dead-letter queue has an alarm."""
    queues = dict(_of_type(template, "AWS::SQS::Queue"))
    dead = {body["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            for body in queues.values() if "RedrivePolicy" in body["Properties"]}  # fmt: skip
    for _, body in _of_type(template, "AWS::Serverless::Function"):
        for event in body["Properties"].get("Events", {}).values():
            target = event["Properties"].get("DestinationConfig", {}).get("OnFailure")
            dead |= {target["Destination"]["Fn::GetAtt"][0]} if target else set()
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for _, body in _of_type(template, "AWS::CloudWatch::Alarm")
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
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
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


def _gateway_faults(template: Template) -> Iterator[str]:
    """What the gateway refuses has the shape of our errors."""
    for kind, response in template["Resources"]["Api"]["Properties"]["GatewayResponses"].items():
        body = json.loads(response["ResponseTemplates"]["application/json"])
        if set(body) != {"error"} or set(body["error"]) != {"code", "message", "request_id"}:
            yield f"{kind}: its body is {body}"


def _of_type(template: Template, kind: str) -> Iterator[tuple[str, Properties]]:
    return ((name, body) for name, body in template["Resources"].items() if body["Type"] == kind)
