"""`whole`: one template that means what the root and its nested stacks mean together.

Whoever asks what the system is made of reads it, and the embedded AWS deploys it. What would mean something
else there than in its own stack is refused, never guessed.
"""

import re
from collections.abc import Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from samtranslator.plugins.globals.globals import Globals

from local.package import Template
from local.stacks import ROOT_STACK, applications, read_stacks

LAYER = "AWS::Serverless::LayerVersion"
"""Two stacks may both have one, if it is the same: each publishes a version of its own."""
SECTIONS = frozenset({"Conditions", "Description", "Globals", "Outputs", "Parameters", "Resources"})
HEADER = {"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31"}
SAME_EVERYWHERE = frozenset(
    {"AWS::AccountId", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"}
)
"""A nested stack has a name of its own: the root gives its `AWS::StackName` as a parameter."""
PLAIN = frozenset(
    {"Fn::And", "Fn::Equals", "Fn::If", "Fn::Join", "Fn::Not", "Fn::Or", "Fn::Select", "Fn::Split"}
)
"""Functions that know no names beyond their arguments and conditions."""
_IN_TEXT = re.compile(r"\$\{([^!}][^}]*)\}")


class NestingError(ValueError):
    """A template that cannot be one with the others; the message names the place and why."""


class _Scope(NamedTuple):
    """What may be named in one stack: names that stand for something else, and names that stay."""

    place: str
    given: Mapping[str, Any]
    local: Set[str]
    conditions: Set[str]


def whole(root: Path) -> Template:
    """One template with the resources of all stacks, each with its own globals; nothing is nested in it.

    Raises `NestingError` for whatever it cannot say in one template.
    """
    stacks = read_stacks(root)
    merged = stacks.pop(ROOT_STACK)
    _refuse_circles(merged["Resources"])
    nested = {name: merged["Resources"].pop(name) for name in stacks}
    _spread_globals(merged)
    merged.setdefault("Conditions", {})
    outputs: dict[str, Any] = {}
    for name, template in stacks.items():
        _refuse_unknown(name, nested[name], template)
        _spread_globals(template)
        given = _arguments(name, nested[name]["Properties"].get("Parameters", {}), template)
        conditions = template.get("Conditions", {})
        scope = _Scope(name, given, template["Resources"].keys(), conditions.keys())
        _add(name, merged["Conditions"], _replaced(conditions, scope))
        _add(name, merged["Resources"], _resources(template, scope))
        for output, body in template.get("Outputs", {}).items():
            outputs[f"{name}.Outputs.{output}"] = _replaced(body["Value"], scope)
    parameters = merged.get("Parameters", {}).keys()
    named = merged["Resources"].keys() | parameters
    scope = _Scope(ROOT_STACK, outputs, named, merged["Conditions"].keys())
    for _ in stacks:  # an output may be another stack's parameter
        scope = scope._replace(given={output: _replaced(value, scope) for output, value in outputs.items()})
    return merged | {
        "Resources": _resources(merged, scope),
        "Outputs": _replaced(merged.get("Outputs", {}), scope),
        # CloudFormation decides conditions before it makes anything: they may name parameters alone
        "Conditions": _replaced(merged["Conditions"], scope._replace(given={}, local=parameters)),
    }


def _refuse_circles(resources: Mapping[str, Template]) -> None:
    """A nested stack is made when all that it is given is known; its parts alone would wait less."""
    graph = {name: {*_bases(body), *_after(body)} & resources.keys() for name, body in resources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        raise NestingError(f"{ROOT_STACK}: these wait for each other: {circle.args[1]}") from None


def _after(body: Template) -> list[str]:
    after = body.get("DependsOn", [])
    return [after] if isinstance(after, str) else after


def _bases(value: Any) -> Iterator[str]:
    """The names in an expression, without their attributes."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from (name.strip().partition(".")[0] for name in _IN_TEXT.findall(text))
        case dict():
            yield from (name for part in value.values() for name in _bases(part))
        case list():
            yield from (name for part in value for name in _bases(part))


def _refuse_unknown(place: str, application: Template, template: Template) -> None:
    for what, found, known in (
        ("the nested stack has", application.keys(), {"Type", "Properties"}),
        ("the nested stack has", application["Properties"].keys(), {"Location", "Parameters"}),
        ("its template has", template.keys(), SECTIONS | HEADER.keys()),
        *(("an output has", body.keys(), {"Value"}) for body in template.get("Outputs", {}).values()),
    ):
        if more := found - known:
            raise NestingError(f"{place}: {what} {sorted(more)}")
    if {key: template.get(key) for key in HEADER} != HEADER:
        raise NestingError(f"{place}: it does not begin with {HEADER}")
    if applications(template):
        raise NestingError(f"{place}: it nests another stack")


def _arguments(place: str, given: Mapping[str, Any], template: Template) -> Mapping[str, Any]:
    """What the root says for each parameter: all, and no more. The root's own parameters hold the rules."""
    declared = template.get("Parameters", {})
    if differing := given.keys() ^ declared.keys():
        raise NestingError(f"{place}: given or declared, not both: {sorted(differing)}")
    for name, rules in declared.items():
        if rules != {"Type": "String"}:
            raise NestingError(f"{place}: {name} is not just a string")
    for name, value in given.items():
        if not isinstance(value, str | dict):
            raise NestingError(f"{place}: {name} is given {value!r}: quote it")
        if "AWS::NoValue" in str(value):
            raise NestingError(f"{place}: {name} may be no value, which is not its default")
    return given


def _spread_globals(template: Template) -> None:
    """Write a template's globals into its resources, as SAM does."""
    shared = Globals(template)
    for name, body in template["Resources"].items():
        if "Properties" in body:
            body["Properties"] = shared.merge(body["Type"], body["Properties"], name)
    template.pop("Globals", None)


def _resources(template: Template, scope: _Scope) -> dict[str, Template]:
    for name, body in template["Resources"].items():
        if unknown := {*_after(body)} - template["Resources"].keys():
            raise NestingError(f"{scope.place}: {name} comes after {sorted(unknown)}, not of this stack")
    return {name: _replaced(body, scope) for name, body in template["Resources"].items()}


def _add(place: str, merged: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, body in more.items():
        if name in merged and (body != merged[name] or body.get("Type") not in {LAYER, None}):
            raise NestingError(f"{place}: there is another {name}")
        merged[name] = body


def _replaced(value: Any, scope: _Scope) -> Any:
    """The same with what the scope's names stand for in their place."""
    match value:
        case {"Ref": str(name)}:
            return _meaning(name, scope)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            meaning = _meaning(f"{name}.{attribute}", scope)
            return value if meaning == {"Ref": f"{name}.{attribute}"} else meaning
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _IN_TEXT.sub(lambda found: _as_text(found[1].strip(), scope), text)}
        case {"Fn::If": [name, *_]} | {"Condition": str(name)} if name not in scope.conditions:
            raise NestingError(f"{scope.place}: it has no condition {name}")
        case dict():
            if unknown := {key for key in value if str(key).startswith("Fn::")} - PLAIN:
                raise NestingError(f"{scope.place}: cannot read {sorted(unknown)} in {value}")
            return {key: _replaced(part, scope) for key, part in value.items()}
        case list():
            return [_replaced(part, scope) for part in value]
    return value


def _meaning(name: str, scope: _Scope) -> Any:
    """What a name stands for: an expression of the root, or itself."""
    if name in scope.given:
        return scope.given[name]
    own = SAME_EVERYWHERE if scope.place != ROOT_STACK else SAME_EVERYWHERE | {"AWS::StackName"}
    if name not in own and name.partition(".")[0] not in scope.local:
        raise NestingError(f"{scope.place}: {name} is not of this stack")
    return {"Ref": name}


def _as_text(name: str, scope: _Scope) -> str:
    """A name within a text, with its braces."""
    match _meaning(name, scope):
        case str(text) if "${" not in text:
            return text
        case {"Ref": str(other)}:
            return f"${{{other}}}"
        case {"Fn::GetAtt": [other, attribute]}:
            return f"${{{other}.{attribute}}}"
        case {"Fn::Sub": str(text)}:
            return text
    raise NestingError(f"{scope.place}: {name} cannot stand within a text")
