"""Merge what the handlers say into one document, and add what they cannot know: tokens, gateway, errors."""

import json
import tomllib
from pathlib import Path
from typing import Any

from openapi.answers import error_responses, error_schema, errors_of
from openapi.callbacks import callback_paths, callback_schemas
from openapi.handlers import HttpFunction, http_functions

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "infra/openapi/openapi.json"
OPEN = frozenset({"get_switches", "login", "refresh_session", "send_code"})
"""Functions that need no token: they lead to one, or tell what everybody may know."""
KEPT = frozenset({"get_prices", "get_station", "list_nearby_stations"})
"""Functions whose answers a client keeps (`octane.api.etags`)."""
IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer that the client keeps.",
    "schema": {"type": "string", "maxLength": 1024},
}
NOT_MODIFIED: Json = {"304": {"description": "What the client keeps still holds; there is no body."}}
NOT_OURS = frozenset({"HTTPValidationError", "ValidationError", "ResponseValidationError"})
"""Powertools' own error shapes; our handlers answer every refusal in the one shape of `Error`."""
DESCRIPTION = (
    "Fuel-card top-ups: log in, bind a card, place an order, pay it by a channel of choice, by the best one "
    "for the platform, or from the own balance; the card is recharged and the order tells its own story. "
    "One's own account: logins, proofs of who asks, enterprises, consents, a copy of all data, its end. "
    "For finance: what a bill and the books disagree about, and the money at the custody bank. "
    "For risk and audit: rules, freezes, reviews of large orders, who did what, and evidence of it. "
    "Amounts are integer fen (1 CNY is 100 fen) unless they are called yuan; times are "
    "RFC 3339 in UTC. "
    "A server fault (500) has the shape of every other error."
)


def generate(root: Path = ROOT) -> Json:
    """The whole document, the same for the same code."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    paths: dict[str, Json] = {}
    schemas: Json = {}
    for function in http_functions(root / "functions"):
        for path, operations in function.schema["paths"].items():
            for method, operation in operations.items():
                if method in paths.setdefault(path, {}):
                    raise ValueError(f"two functions answer {method} {path}")
                paths[path][method] = _operation(function, method, path, operation)
        _merge(schemas, function.schema.get("components", {}).get("schemas", {}))
    _merge(schemas, {"Error": error_schema(), **callback_schemas()})
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Octane API",
            "version": project["version"],
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": {path: paths[path] for path in sorted(paths)} | callback_paths(),
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas)},
            "responses": error_responses(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    return {name: _plain(part) for name, part in document.items()}


def text_of(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def differences(committed: Any, generated: Any, place: str = "#") -> list[str]:
    """Where two documents differ, as JSON pointers."""
    if isinstance(committed, dict) and isinstance(generated, dict):
        found: list[str] = []
        for name in sorted(committed.keys() | generated.keys()):
            inside = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in generated:
                found.append(f"{inside} is committed and not generated")
            elif name not in committed:
                found.append(f"{inside} is generated and not committed")
            else:
                found += differences(committed[name], generated[name], inside)
        return found
    if isinstance(committed, list) and isinstance(generated, list) and len(committed) == len(generated):
        pairs = zip(committed, generated, strict=True)
        return [
            found for index, (one, other) in enumerate(pairs)
            for found in differences(one, other, f"{place}/{index}")
        ]  # fmt: skip
    # `True == 1` in Python, and not in JSON
    return [] if json.dumps(committed) == json.dumps(generated) else [f"{place} differs"]


def _operation(function: HttpFunction, method: str, path: str, operation: Json) -> Json:
    is_open = function.name in OPEN
    answers = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    for status, answer in answers.items():
        if status == "204":
            del answer["content"]
            answer["description"] = "Done; there is nothing to tell."
    more: Json = {"security": []} if is_open else {}
    return {
        **operation,
        "operationId": function.name,
        "tags": [function.domain],
        "parameters": [
            *(_parameter(parameter) for parameter in operation.get("parameters", [])),
            *([IF_NONE_MATCH] if function.name in KEPT else []),
        ],
        "responses": {
            **answers,
            **(NOT_MODIFIED if function.name in KEPT else {}),
            **errors_of(function.name, method, path, is_open=is_open),
        },
        **more,
    }


def _parameter(parameter: Json) -> Json:
    """Spell the header as people do, and leave out null: in a query, what is not sent is absent."""
    if parameter["in"] == "header":
        parameter["name"] = "-".join(word.capitalize() for word in parameter["name"].split("-"))
    schema = parameter["schema"]
    options = [option for option in schema.pop("anyOf", []) if option != {"type": "null"}]
    if options:
        (only,) = options
        schema.update(only)
    # Powertools repeats the parameter's description in its schema
    schema.pop("description", None)
    return parameter


def _merge(schemas: Json, more: Json) -> None:
    for name, schema in more.items():
        if name in NOT_OURS:
            continue
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two models are called {name}")


def _plain(value: Any) -> Any:
    """Without the titles that pydantic derives from names; whole numbers as such."""
    if isinstance(value, dict):
        is_schema = "type" in value or "anyOf" in value or "$ref" in value
        return {
            name: _plain(part) for name, part in value.items()
            if not (is_schema and name == "title" and isinstance(part, str))
        }  # fmt: skip
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
