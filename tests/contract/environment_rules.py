"""What must hold of the functions' variables: each stack sets its own, and what is not set would be the
product's default or an empty name."""

import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from local.package import Template
from octane.orders.states import Queue
from octane.store.items import Table
from world.system import functions

SECRET = "OCTANE_SECRET_"
_NAMED = re.compile(r"\$\{(\w+)")
Variables = Mapping[str, Any]


def environment_faults(template: Template, root: Path) -> Iterator[str]:
    given = {name: _ours(each["Environment"]["Variables"]) for name, each in functions(template).items()}
    every = {variable for variables in given.values() for variable in variables}
    yield from _spelling_faults({variable.removeprefix("OCTANE_") for variable in every}, root)
    for name, each in functions(template).items():
        targets = [
            allowed["Resource"] for policy in each.get("Policies", []) for allowed in policy["Statement"]
        ]
        touched = set(_names(targets)) & template["Resources"].keys()
        yield from _resource_faults(name, touched, given[name])
        yield from _url_faults(name, touched, given[name], every)


def _ours(variables: Variables) -> Variables:
    return {name: value for name, value in variables.items() if name.startswith("OCTANE_")}


def _spelling_faults(given: Set[str], root: Path) -> Iterator[str]:
    """Every variable that the code reads is set somewhere, and none that nobody reads."""
    code = "\n".join(path.read_text() for path in (root / "layers/octane/python/octane").rglob("*.py"))
    read = set(re.findall(r'"OCTANE_([A-Z_]+)"', code)) | set(re.findall(r'number\("([A-Z_]+)"', code))
    read |= {f"SECRET_{name}" for name in re.findall(r'_secret\("([A-Z_]+)"', code)}
    read |= {f"BUCKET_{name}" for name in re.findall(r'_bucket\("([A-Z_]+)"', code)}
    read |= {f"QUEUE_{queue.name}" for queue in Queue}
    for name in sorted(given - read - {f"TABLE_{table.name}" for table in Table}):
        yield f"OCTANE_{name}: set, read by nobody"
    for name in sorted(read - given):
        yield f"OCTANE_{name}: read by the code, not set"


def _resource_faults(name: str, touched: Set[str], variables: Variables) -> Iterator[str]:
    """What a function may touch, a variable of its own names."""
    for resource in sorted(touched - set(_names(list(variables.values())))):
        yield f"{name}: it may touch {resource}, and no variable names it"


def _url_faults(name: str, touched: Set[str], variables: Variables, every: Set[str]) -> Iterator[str]:
    """Who has a company's secret is told where the company is."""
    for variable, value in variables.items():
        if variable.startswith(SECRET) and set(_names(value)) & touched:
            urls = re.compile(rf"OCTANE_{variable.removeprefix(SECRET)}_([A-Z]+_)?URL")
            if any(map(urls.fullmatch, every)) and not any(map(urls.fullmatch, variables)):
                yield f"{name}: {variable} without {urls.pattern}"


def _names(value: Any) -> Iterator[str]:
    """What an expression names."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _NAMED.findall(text)
        case dict():
            yield from _names(list(value.values()))
        case list():
            yield from (name for part in value for name in _names(part))
