"""What an attacker sees of the API: every operation of its description, and all that can be put into it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from flow.customers import Customer, new_staff
from octane.api.policy import RULES
from octane.kernel.caller import Role
from openapi.document import COMMITTED
from world.shop import Answer, Shop

Json = dict[str, Any]
PREFIX = "/api/v1"
KEY = "Idempotency-Key"
CANDIDATES = ("A", "1", "a", "x-")
"""What a text may be made of; the first that its pattern takes."""
WORDS = ("WECHAT", "SMS", "2026-11-22", "20261122", "13800138000", "A" * 26, "1000111100001234567")


class Operation(NamedTuple):
    method: str
    path: str
    body: Json | None
    """The JSON schema, references resolved one level."""
    parameters: tuple[Json, ...]
    is_open: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.removeprefix(PREFIX)}"

    def named(self, place: str) -> list[str]:
        return [each["name"] for each in self.parameters if each["in"] == place]


@cache
def document() -> Json:
    found: Json = json.loads(COMMITTED.read_text())
    return found


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation but the channels' own callbacks, which have their own language and tests."""
    return tuple(
        Operation(
            method.upper(), path, _body(said), tuple(said.get("parameters", ())), said.get("security") == []
        )
        for path, methods in document()["paths"].items() if "/callbacks/" not in path
        for method, said in methods.items() if method in {"get", "post", "put", "patch", "delete"}
    )  # fmt: skip


def _body(said: Json) -> Json | None:
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    return _resolved(content["schema"]) if content else None


def _resolved(schema: Json) -> Json:
    if "$ref" in schema:
        found: Json = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    if "anyOf" in schema:
        return _resolved(next(each for each in schema["anyOf"] if each.get("type") != "null"))
    return schema


def example(schema: Json) -> Any:
    """Something that the schema takes, as far as that is easy."""
    schema = _resolved(schema)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            names = schema.get("required", ())
            return {
                name: example(schema["properties"][name]) for name in names if name in schema["properties"]
            }
        case "array":
            return [example(schema["items"])]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
    size = max(1, schema.get("minLength", 1))
    pattern = schema.get("pattern", "")
    texts = [*(each * size for each in CANDIDATES), *WORDS]
    return next((text for text in texts if len(text) >= size and re.search(pattern, text)), "x" * size)


def fields(schema: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every field of a body, at any depth, with its own schema."""
    for name, each in schema.get("properties", {}).items():
        inner = _resolved(each)
        yield (*path, name), inner
        yield from fields(inner, (*path, name))


def with_field(body: Any, path: tuple[str, ...], value: object) -> Any:
    """The body with one field set to something else."""
    changed = dict(body) if isinstance(body, dict) else {}
    name, *rest = path
    changed[name] = with_field(changed.get(name, {}), tuple(rest), value) if rest else value
    return changed


def somebody_who_may(shop: Shop, ann: Customer, operation: Operation) -> Customer:
    """Whoever the policy lets in: ann, or staff."""
    rule = RULES[operation.name]
    if rule.is_open or Role.CUSTOMER in rule.people:
        return ann
    roles = sorted(rule.staff or rule.people)
    return (
        new_staff(shop, roles[0]) if roles else ann
    )  # members of an enterprise only: ann is refused, and well


def filled(operation: Operation, ids: dict[str, str]) -> str:
    """The path with ids in it; what nobody has is well-formed and of nothing."""
    return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "A" * 26), operation.path)


def ask(
    shop: Shop,
    operation: Operation,
    token: str,
    path: str,
    body: object = None,
    *,
    raw: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    keys = {KEY: "attack-key-1"} if KEY in operation.named("header") else {}
    return shop.call(
        operation.method,
        path,
        body,
        token=None if operation.is_open else token,
        headers={**keys, **(headers or {})},
        raw=raw,
    )
