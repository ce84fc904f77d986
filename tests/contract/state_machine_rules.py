"""What must hold of the state machines: `faults(root)` names everything that does not.

The Amazon States Language as far as these machines use it; a definition's mere shape cfn-lint checks.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonata

from local.nesting import whole
from local.package import Template, read_template

MACHINE = "AWS::Serverless::StateMachine"
ENDS = frozenset({"Succeed", "Fail"})
PATHS = frozenset(
    {
        "InputPath",
        "ItemsPath",
        "MaxConcurrencyPath",
        "OutputPath",
        "Parameters",
        "ResultPath",
        "ResultSelector",
    }
)
"""Fields of a state that speaks JSONPath."""
EXPRESSIONS = frozenset({"Arguments", "Items", "Output"})
"""Fields of a state that speaks JSONata."""
LOG_DELIVERY = re.compile(r"logs:(\w+LogDelivery|ListLogDeliveries|\w+ResourcePolic\w+|DescribeLogGroups)")
"""What a machine that logs must be let do; AWS knows no narrower resource for it."""
TOKEN_STEP = "arn:aws:states:::lambda:invoke.waitForTaskToken"
TOKEN = "$states.context.Task.Token"
SHARDED = frozenset({"CloseDay"})
"""Machines that work on more than one run's history could hold."""
OURS = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:"
Json = dict[str, Any]


@dataclass(frozen=True)
class Machine:
    """A machine's resource and its definition, as text and as data."""

    name: str
    resource: Json
    text: str
    definition: Json


def faults(root: Path) -> list[str]:
    return [fault for machine in machines(root) for fault in _faults(machine)]


def machines(root: Path) -> Iterator[Machine]:
    for name, body in whole(root)["Resources"].items():
        if body["Type"] == MACHINE:
            path = root / body["Properties"]["DefinitionUri"]
            yield Machine(name, body["Properties"], path.read_text(), read_template(path))


def steps_of(template: Template) -> set[str]:
    """The resources of the functions that the machines call."""
    return {
        _function(target)
        for body in template["Resources"].values() if body["Type"] == MACHINE
        for target in body["Properties"].get("DefinitionSubstitutions", {}).values()
    }  # fmt: skip


def _function(target: Json) -> str:
    """`!Ref OpenDayFunction.Alias`: the published version, not whatever was uploaded last."""
    name, _, what = str(target.get("Ref")).partition(".")
    return name if what == "Alias" else f"{name} without its alias"


def _faults(machine: Machine) -> Iterator[str]:
    yield from _call_faults(machine)
    yield from _policy_faults(machine)
    yield from _flow_faults(machine.name, machine.definition)
    spoken = machine.definition.get("QueryLanguage", "JSONPath")
    for name, state in states(machine.definition):
        yield from _task_faults(f"{machine.name}: {name}", state)
        yield from _language_faults(f"{machine.name}: {name}", state, state.get("QueryLanguage", spoken))
    yield from _variable_faults(machine)
    modes = {mode_of(state) for _, state in states(machine.definition)}
    if machine.name in SHARDED and "DISTRIBUTED" not in modes:
        yield f"{machine.name}: it has no Distributed Map"


def _call_faults(machine: Machine) -> Iterator[str]:
    """What the definition calls, the template says where it is, and the role may call."""
    given = machine.resource["DefinitionSubstitutions"]
    called = {
        str(state["Arguments"]["FunctionName"]).removeprefix("${").removesuffix("}")
        for _, state in states(machine.definition) if state["Type"] == "Task"
    }  # fmt: skip
    for name in sorted(called ^ set(given)):
        yield f"{machine.name}: {name} is {'called, not given' if name in called else 'given, not called'}"
    for name, target in given.items():
        if _function(target) != f"{name}Function":
            yield f"{machine.name}: {name} is {_function(target)}"
    allowed = {
        _function(target)
        for statement in _statements(machine) if "lambda:InvokeFunction" in statement["Action"]
        for target in _listed(statement["Resource"])
    }  # fmt: skip
    wanted = {_function(target) for target in given.values()}
    for name in sorted(allowed ^ wanted):
        yield f"{machine.name}: its role {'may call' if name in allowed else 'may not call'} {name}"


def _policy_faults(machine: Machine) -> Iterator[str]:
    """Beyond its steps a role may run its own machine's shards, and log."""
    name = machine.resource.get("Name", {}).get("Fn::Sub", "")
    own = {f"{OURS}stateMachine:{name}", f"{OURS}execution:{name}/*"}
    for statement in _statements(machine):
        for action in statement["Action"]:
            for target in _listed(statement["Resource"]):
                said = str(target["Fn::Sub"]) if "Fn::Sub" in target else str(target)
                fits = said in own if action.startswith("states:") else "*" not in said
                if not (fits or LOG_DELIVERY.fullmatch(action)):
                    yield f"{machine.name}: {action} on {said} is not its own"


def _flow_faults(place: str, level: Json) -> Iterator[str]:
    """Every state is there, can be reached, and leads somewhere."""
    known, seen, ahead = level["States"], set(), [level["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in known:
            yield f"{place}: it goes on to {name}, which is not there"
        elif name not in seen:
            seen.add(name)
            ahead += list(_after(known[name]))
    for name in known.keys() - seen:
        yield f"{place}: nothing leads to {name}"
    for name, state in known.items():
        if state["Type"] == "Choice" and "Default" not in state:
            yield f"{place}: {name} has no default"
        if state["Type"] not in ENDS and not state.get("End") and not list(_after(state)):
            yield f"{place}: {name} leads nowhere"
        if "ItemProcessor" in state:
            yield from _flow_faults(f"{place}: {name}", state["ItemProcessor"])


def _after(state: Json) -> Iterator[str]:
    yield from (
        row["Next"] for row in [state, *state.get("Choices", []), *state.get("Catch", [])] if "Next" in row
    )
    if "Default" in state:
        yield state["Default"]


def _task_faults(place: str, state: Json) -> Iterator[str]:
    """A call is tried again. Who waits for a person does not wait for ever, and whatever became of it the run
    goes on: a call that failed is made again from there."""
    if state["Type"] != "Task":
        return
    if state["Resource"] == TOKEN_STEP:
        if TOKEN not in str(state["Arguments"].get("Payload")):
            yield f"{place} hands nobody its token"
        if "TimeoutSeconds" not in state:
            yield f"{place} may wait for ever"
        if not any("States.ALL" in row["ErrorEquals"] for row in state.get("Catch", [])):
            yield f"{place} ends the run when nobody comes"
        return
    if state["Resource"] != "arn:aws:states:::lambda:invoke":
        yield f"{place} calls {state['Resource']}"
    tried = [row for row in state.get("Retry", []) if "States.ALL" in row["ErrorEquals"]]
    if not any(row.get("MaxAttempts", 3) > 0 and row.get("JitterStrategy") == "FULL" for row in tried):
        yield f"{place} is not tried again"


def _language_faults(place: str, state: Json, language: str) -> Iterator[str]:
    """A state speaks one query language, its own or its machine's; what it says in JSONata can be read."""
    for field in sorted((PATHS if language == "JSONata" else EXPRESSIONS) & state.keys()):
        yield f"{place} has {field}, of the other query language"
    for expression in expressions(state):
        try:
            jsonata.Jsonata(expression)
        except jsonata.JException as broken:
            yield f"{place} says {expression}: {broken}"


def _variable_faults(machine: Machine) -> Iterator[str]:
    """What a state reads by `$name`, an earlier one has assigned."""
    every = [state for _, state in states(machine.definition)]
    assigned = {name for state in every for name in state.get("Assign", {})}
    spoken = " ".join(expression for state in every for expression in expressions(state))
    for name in sorted(set(re.findall(r"\$(\w+)(?!\w*\()", spoken)) - assigned - {"states"}):
        yield f"{machine.name}: ${name} is assigned nowhere"


def expressions(state: Json) -> Iterator[str]:
    """The JSONata of a state itself, without the states inside of it."""
    said = json.dumps({field: value for field, value in state.items() if field != "ItemProcessor"})
    yield from (json.loads(f'"{found}"').strip() for found in re.findall(r"\{%(.*?)%\}", said))


def states(level: Json) -> Iterator[tuple[str, Json]]:
    """Every state, those inside a map too."""
    for name, state in level["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def mode_of(state: Json) -> str:
    return str(state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode", ""))


def _statements(machine: Machine) -> Iterator[Json]:
    for policy in machine.resource["Policies"]:
        yield from policy["Statement"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
