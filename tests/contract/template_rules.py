"""What must hold between the templates and the functions: `faults(root)` names everything that does not."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.environment_rules import environment_faults
from contract.gateway_rules import gateway_faults
from contract.resource_rules import of_type, resource_faults
from contract.state_machine_rules import steps_of
from local.nesting import whole
from local.package import Template
from octane.kernel.clock import Instant
from octane.ledger.balances import hold_key, shard_key
from octane.ledger.entries import Entry
from octane.orders.states import Queue
from world.system import Route, file_of, functions, routes

OPEN_TO_ALL = {
    *("login", "refresh_session", "get_switches", "wechat_payment", "wechat_refund", "alipay_payment"),
    *("unionpay_payment", "unionpay_refund", "issuer_recharge", "biller_notice", "send_code"),
}
"""Routes without a token: who calls them proves itself otherwise."""

WITHOUT_EVENT = {"authorize", "connect", "disconnect"}
"""Called by the two APIs directly."""

WILDCARDS = {
    # A connection's id is known only once it is open.
    ("push_changes", "execute-api:ManageConnections"),
    # A task's token is of one step of one run; the action knows no other resource.
    *((name, "states:SendTaskSuccess") for name in ("decide_review", "prove_order", "wait_for_stage")),
}
TOUCHES_NOTHING = {"list_billers"}
"""They answer from their code alone."""
LEASELESS = {
    *("build_evidence", "compliance_report", "stamp_heads", "report_alliance"),
    *("erase_people", "make_exports", "rotate_keys"),
    *("remind_instalments", "import_stations", "sync_supply", "sync_prices", "notify_prices"),
}
"""They own nothing while they work: what two of them do at once comes out as if one had done it."""
JOURNAL = "${ArchiveBucket.Arn}/journal/*"
SNAP_STORAGE_MB = 512
FOLDER = re.compile(r"\$\{\w+Bucket\.Arn\}/[a-z]+/\*")
"""A bucket's folder: what lies in it is named by day."""
KEEPING = frozenset({"s3:GetObject", "s3:PutObject", "s3:ListBucket"})
COPIES = ("s3:DeleteObject", "${WorkBucket.Arn}/people/*")
"""Copies of what we keep of somebody, made for them: they go with the person."""

ROUTE = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) (/[^\s?:]*)")
Properties = dict[str, Any]


@dataclass(frozen=True)
class Function:
    """A function's file and what the template says of it."""

    name: str
    domain: str
    source: str
    resource: Properties

    @property
    def resource_name(self) -> str:
        return _resource_of(self.name)

    def permissions(self) -> Iterator[tuple[str, str]]:
        """Action and resource, as text."""
        for policy in self.resource.get("Policies", []):
            for statement in policy["Statement"]:
                listed = statement["Resource"]
                for target in listed if isinstance(listed, list) else [listed]:
                    said = target.get("Fn::Sub", target) if isinstance(target, dict) else target
                    yield from ((action, str(said)) for action in statement["Action"])


def faults(root: Path) -> list[str]:
    template = whole(root)
    paired, found = _pair(template, root)
    steps, routed, rotators = steps_of(template), list(routes(template)), set(_rotators(template))
    for function in paired:
        is_step = function.resource_name in steps
        own = [route for route in routed if route.function == function.resource_name]
        is_hooked = function.name in WITHOUT_EVENT or function.resource_name in rotators
        found += _route_faults(function, own, is_step=is_step, is_hooked=is_hooked)
        found += _policy_faults(function)
        found += _source_faults(function, template, is_step=is_step)
        found += _place_faults(function)
    found += environment_faults(template, root)
    return found + list(gateway_faults(template, routed)) + list(resource_faults(template))


def _pair(template: Template, root: Path) -> tuple[list[Function], list[str]]:
    declared = functions(template)
    paired, found = [], []
    for path in sorted((root / "functions").glob("*/*.py")):
        resource = _resource_of(path.stem)
        properties = declared.pop(resource, None)
        if properties is None:
            found.append(f"{path.stem}: the template has no {resource}")
            continue
        if (place := file_of(properties)) != f"{path.parent.name}/{path.stem}":
            found.append(f"{path.stem}: {resource} runs {place}")
        source = path.read_text()
        if not re.search(r"^(handler =|def handler\()", source, re.MULTILINE):
            found.append(f"{path.stem}: the file has no handler")
        paired.append(Function(path.stem, path.parent.name, source, properties))
    return paired, found + [f"{name}: there is no such file in functions/" for name in declared]


def _resource_of(name: str) -> str:
    """`place_order` → `PlaceOrderFunction`"""
    return "".join(part.title() for part in name.split("_")) + "Function"


def _rotators(template: Template) -> Iterator[str]:
    """Secrets Manager calls these directly."""
    for _, body in of_type(template, "AWS::SecretsManager::RotationSchedule"):
        yield body["Properties"]["RotationLambdaARN"]["Ref"].removesuffix(".Alias")


def _route_faults(function: Function, own: list[Route], *, is_step: bool, is_hooked: bool) -> Iterator[str]:
    """The route is the same in the template, the docstring's first line and any decorator."""
    is_called = bool(own or function.resource.get("Events"))
    if not (is_called or is_step or is_hooked):
        yield f"{function.name}: nothing calls it"
    if is_called and is_step:
        yield f"{function.name}: it is a step, and called by something else too"
    routed = {f"{route.method} {route.path.replace('{', '<').replace('}', '>')}" for route in own}
    for where, said in (("docstring", _docstring_route(function)), ("decorator", _decorated_route(function))):
        if said is not None and routed != {said}:
            yield f"{function.name}: its {where} says {said}, the template {sorted(routed)}"
    if routed and _docstring_route(function) is None:
        yield f"{function.name}: its docstring names no route"
    for route in own:
        if route.open_to_all != (function.name in OPEN_TO_ALL):
            yield f"{function.name}: it is {'open to all' if route.open_to_all else 'closed'}"


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
    own = all(isinstance(policy, dict) and set(policy) == {"Statement"} for policy in policies)
    if not own or bool(policies) is (function.name in TOUCHES_NOTHING):
        yield f"{function.name}: it has no policy of its own"
        return
    for action, target in function.permissions():
        wide = "*" in action or ("*" in target and not FOLDER.fullmatch(target))
        if wide and (function.name, action) not in WILDCARDS:
            yield f"{function.name}: {action} on {target} has a wildcard"
        if action.startswith("s3:") and action not in KEEPING and (action, target) != COPIES:
            yield f"{function.name}: {action}: nothing that is kept is ever removed or unlocked"
        if (action, target) == ("s3:PutObject", JOURNAL) and function.name != "journal_entries":
            yield f"{function.name}: it may write the journal"


def _place_faults(function: Function) -> Iterator[str]:
    """SnapStart is refused where there is more storage than it keeps."""
    storage = function.resource.get("EphemeralStorage", {}).get("Size", SNAP_STORAGE_MB)
    if storage > SNAP_STORAGE_MB and function.resource["SnapStart"] != {"ApplyOn": "None"}:
        yield f"{function.name}: SnapStart allows no {storage} MB of storage"


def _source_faults(function: Function, template: Template, *, is_step: bool) -> Iterator[str]:
    """What a queue or stream calls reports partial failures and ends in time. A step holds no lease: it books
    what it is told is done, and starts nothing."""
    has_lease = not is_step and function.name not in LEASELESS
    timeout = function.resource["Timeout"]
    if timeout >= template["Parameters"]["LeaseSeconds"]["Default"] and has_lease:
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
    if function.name == "journal_entries":
        yield from _journal_faults(function)


def _dispatch_faults(function: Function) -> Iterator[str]:
    """The outbox relay gets exactly the steps whose queues it may send to."""
    (event,) = function.resource["Events"].values()
    (pattern,) = (row["Pattern"] for row in event["Properties"]["FilterCriteria"]["Filters"])
    passed = set(json.loads(pattern)["dynamodb"]["NewImage"]["queue"]["S"])
    resources = function.resource["Policies"][0]["Statement"][0]["Resource"]
    allowed = {row["Fn::GetAtt"][0].removesuffix("Queue").lower() for row in resources}
    if passed != allowed or not passed <= {queue.value for queue in Queue}:
        yield f"{function.name}: it gets steps for {sorted(passed)} and may send to {sorted(allowed)}"


def _journal_faults(function: Function) -> Iterator[str]:
    """The journal gets every change of an entry, from the first one on; of balances and holds, nothing."""
    (event,) = function.resource["Events"].values()
    if event["Properties"]["StartingPosition"] != "TRIM_HORIZON":
        yield f"{function.name}: it misses what was booked before it was there"
    (pattern,) = (row["Pattern"] for row in event["Properties"]["FilterCriteria"]["Filters"])
    asked = json.loads(pattern)
    (rule,) = asked["dynamodb"]["Keys"]["sk"]["S"]
    prefix = rule.get("anything-but", {}).get("prefix", "")
    kept = [shard_key("WALLET:U", 0), hold_key("WALLET:U", "T")]
    entry = Entry("T", "payment_received", "TP01", (), Instant(0), Instant(0), "")
    if asked != {"dynamodb": {"Keys": {"sk": {"S": [{"anything-but": {"prefix": prefix}}]}}}}:
        yield f"{function.name}: it does not hear of every change of an entry"
    if entry.key.sk.startswith(prefix) or not all(key.sk.startswith(prefix) for key in kept):
        yield f"{function.name}: it passes over what begins with {prefix!r}"
