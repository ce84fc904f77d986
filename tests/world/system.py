"""The whole system as its templates say it, read once, and the routes in it."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from local.nesting import whole
from local.package import Template

ROOT = Path(__file__).resolve().parents[2]
INTEGRATION = "x-amazon-apigateway-integration"
_CALLED = re.compile(r".*:lambda:path/2015-03-31/functions/\$\{(\w+)\.Alias\}/invocations")


class Route(NamedTuple):
    method: str
    path: str
    function: str
    """The resource that answers: `PlaceOrderFunction`."""
    open_to_all: bool
    integration: dict[str, Any]


@cache
def system() -> Template:
    """The resources of all stacks in one template, which nobody changes."""
    return whole(ROOT)


def routes(template: Template) -> Iterator[Route]:
    """Every method of every path of the REST API."""
    for path, methods in template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"].items():
        for method, operation in methods.items():
            integration = operation[INTEGRATION]
            called = _CALLED.fullmatch(integration["uri"]["Fn::Sub"])
            function = called[1] if called else integration["uri"]["Fn::Sub"]
            is_open = operation.get("security") == [{"NONE": []}]
            yield Route(method.upper(), path, function, is_open, integration)


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """The properties of each function by its resource."""
    return {
        name: body["Properties"]
        for name, body in template["Resources"].items() if body["Type"] == "AWS::Serverless::Function"
    }  # fmt: skip


def file_of(properties: dict[str, Any]) -> str:
    """Where a function's code is: `orders/place_order`."""
    folder = str(properties["CodeUri"]).removeprefix("functions/").strip("/")
    return f"{folder}/{properties['Handler'].removesuffix('.handler')}"
