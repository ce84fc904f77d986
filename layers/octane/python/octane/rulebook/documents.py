"""Read rules from JSON, strictly: what is not understood is refused, by its path in the document."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

from octane.kernel.clock import Instant
from octane.kernel.ids import digest_of
from octane.rulebook.errors import RulesInvalidError, RulesUnreadableError

MAX_BYTES = 64 * 1024
MAX_TEXT = 100
DIGEST_LENGTH = 12
PUBLICATION = ("version", "published_at", "published_by")
"""What a published document says of itself; a draft says none of it."""

Fields: TypeAlias = Mapping[str, object]
Version: TypeAlias = tuple[int, Instant, str, str, str, str]
"""What every room's rule set begins with: version, published_at, published_by, digest, text, table."""


def read_document(document: str | bytes) -> dict[str, object]:
    """Read JSON without repeated names; raise `RulesUnreadableError`."""
    if len(document) > MAX_BYTES:
        raise RulesUnreadableError(f"Rules have at most {MAX_BYTES} bytes.")
    try:
        found = json.loads(document, object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError) as error:
        raise RulesUnreadableError(f"The rules are no JSON: {str(error)[:100]}") from None
    if not isinstance(found, dict):
        raise RulesUnreadableError
    return found


def read_version(text: str, rules: tuple[str, ...]) -> tuple[Version, Fields]:
    """Read a published rule set; raise a `RulesInvalidError`. The table is not looked into: it was compiled
    before it was published, and is again by the first decision of a process. So a process that decides
    nothing never loads the engine."""
    fields = read_document(text)
    named(fields, "", PUBLICATION + rules)
    version = whole(fields, "", "version", 0, 999_999)
    at, by = Instant(whole(fields, "", "published_at", 0, 10**14)), a_text(fields, "", "published_by")
    digest = digest_of({name: fields[name] for name in rules})[:DIGEST_LENGTH]
    return (version, at, by, digest, text, canonical(fields["table"])), fields


def draft_text(draft: Mapping[str, object]) -> str:
    """Write a draft as a request brought it, its decimals as numbers; raise `RulesUnreadableError`."""
    try:
        return json.dumps(draft, ensure_ascii=False, allow_nan=False, default=float)
    except ValueError:
        raise RulesUnreadableError("The rules have a number that is too large.") from None


def stamped(draft: str | bytes, version: int, at: int, by: str) -> str:
    """Write a draft as the document of a version."""
    fields = {name: value for name, value in read_document(draft).items() if name not in PUBLICATION}
    stamp = {"version": version, "published_at": at, "published_by": by}
    return json.dumps({**stamp, **fields}, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> str:
    """The same words for the same value."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def table_of(
    rows: Sequence[Mapping[str, str]],
    inputs: Sequence[str],
    outputs: Sequence[str],
    policy: Literal["first", "collect"] = "first",
) -> dict[str, Any]:
    """A JDM document with one decision table, as the GoRules editor opens it; a column's id is its name."""
    columns = {
        side: [{"id": field, "name": field, "field": field} for field in fields]
        for side, fields in (("inputs", inputs), ("outputs", outputs))
    }
    rules = [{"_id": f"row{number}", **row} for number, row in enumerate(rows)]
    nodes = [
        {"id": "request", "name": "request", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {
            "id": "terms",
            "name": "terms",
            "type": "decisionTableNode",
            "position": {"x": 300, "y": 0},
            "content": {"hitPolicy": policy, **columns, "rules": rules},
        },
        {"id": "answer", "name": "answer", "type": "outputNode", "position": {"x": 600, "y": 0}},
    ]
    edges = [
        {"id": "in", "type": "edge", "sourceId": "request", "targetId": "terms"},
        {"id": "out", "type": "edge", "sourceId": "terms", "targetId": "answer"},
    ]
    return {"nodes": nodes, "edges": edges}


def an_object(value: object, path: str) -> Fields:
    if not isinstance(value, dict):
        raise RulesInvalidError(f"{path}: an object is wanted")
    return value


def named(fields: Fields, path: str, names: tuple[str, ...]) -> None:
    """Exactly these names, or raise."""
    for name in sorted({*fields} ^ {*names}):
        raise RulesInvalidError(f"{path}{name}: {'unknown' if name in fields else 'missing'}")


def whole(fields: Fields, path: str, name: str, low: int, high: int) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RulesInvalidError(f"{path}{name}: a whole number from {low} to {high} is wanted")
    return value


def a_text(fields: Fields, path: str, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT:
        raise RulesInvalidError(f"{path}{name}: a text of 1 to {MAX_TEXT} characters is wanted")
    return value


def texts(fields: Fields, path: str, name: str) -> list[str]:
    value = fields[name]
    if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
        raise RulesInvalidError(f"{path}{name}: a list of texts is wanted")
    return value


@contextmanager
def known(path: str) -> Iterator[None]:
    """Whatever name or date is not known inside is refused under this path."""
    try:
        yield
    except ValueError:
        raise RulesInvalidError(f"{path}: unknown") from None


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is repeated")
    return found
