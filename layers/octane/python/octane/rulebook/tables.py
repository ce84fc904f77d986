"""A decision table: read strictly, then matched by the zen engine (PY5, RK4).

The table is a JDM document as the GoRules editor writes it: one input, one decision table, one output. Input
cells are zen's unary expressions. Output cells are literals that the room reads itself: the engine tells
which rows match, no more, because it computes in decimals and hands out floats.

The engine takes a cell that it cannot compile for one that never matches; a name it does not know likewise.
Both would quietly switch a rule off, so every cell is compiled here and every word in it must be known.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson
import zen

from octane.rulebook.errors import RulesTableError

WORDS = frozenset({"and", "or", "not", "in", "true", "false", "len", "startsWith", "endsWith", "contains"})
"""Nothing that reads the time or draws lots: a decision must come out the same when it is replayed."""
MAX_ROWS = 500
MAX_CELL = 500

_TEXTS = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")
_NAMES = re.compile(r"[^\W\d]\w*")
_WHOLE = re.compile(r"[0-9]{1,15}")

Case: TypeAlias = Sequence[str | int]
"""What rows are looked up by, in the order of the layout's inputs."""
Hits: TypeAlias = tuple[int, ...]
"""Numbers of the rows that match, from 0."""
Matcher = Callable[[Sequence[Case]], list[Hits]]


class Layout(NamedTuple):
    """What a room's tables look like."""

    sample: Mapping[str, str | int]
    """The inputs, in their order, each with a value that it can have."""
    vocabulary: Mapping[str, frozenset[str]]
    """Texts that mean something in these columns; any other is a slip of the pen."""
    outputs: tuple[str, ...]
    required: tuple[str, ...]
    """Outputs that there must be a column of."""
    policy: Literal["first", "collect"]
    words: frozenset[str] = WORDS
    """Names that a cell may use."""


class Table(NamedTuple):
    layout: Layout
    inputs: tuple[str, ...]
    """The inputs that it has a column of."""
    rows: tuple[Mapping[str, str], ...]
    """Cells by field, stripped; inputs and outputs alike."""


def read_table(text: str, layout: Layout) -> Table:
    """Read a table (JSON text) and check every input cell; raise `RulesTableError`."""
    content = _content(_loads(text), layout.policy)
    inputs = _columns(content, "inputs", tuple(layout.sample))
    outputs = _columns(content, "outputs", layout.outputs)
    missing = [field for field in layout.required if field not in outputs.values()]
    if missing:
        raise RulesTableError(f"table.outputs: {', '.join(missing)} is missing")
    columns = {**outputs, **inputs}
    if len(columns) < len(inputs) + len(outputs):
        raise RulesTableError("table: each column needs an id of its own")
    rows = tuple(
        {field: row.get(column, "").strip() for column, field in columns.items()} for row in _rows(content)
    )
    for number, row in enumerate(rows):
        for field in inputs.values():
            if row[field]:
                _check_cell(layout, field, row[field], f"table.rules[{number}].{field}")
    return Table(layout, tuple(inputs.values()), rows)


def matcher(table: Table) -> Matcher:
    """Compile a table, once. The matcher looks up all cases in one evaluation and answers in their order."""
    engine = _engine(table)
    names = tuple(table.layout.sample)

    def match(cases: Sequence[Case]) -> list[Hits]:
        if not cases:
            return []
        asked = orjson.dumps({"cases": [dict(zip(names, case, strict=True)) for case in cases]})
        try:
            found = engine.evaluate("table", asked)["result"]["found"]
        except RuntimeError as error:
            raise RulesTableError(_first_line(error)) from None
        return [_hits(hit) for hit in found]

    match([tuple(table.layout.sample.values())])  # what fails must fail here
    return match


def holds(cell: str, value: str | int, others: Mapping[str, str | int] | None = None) -> bool:
    """Whether one cell holds for a value; raise `RulesTableError` for no condition."""
    try:  # validate_unary_expression knows no `> 5`
        return bool(zen.evaluate_unary_expression(cell, {**(others or {}), "$": value}))
    except RuntimeError as error:
        raise RulesTableError(_first_line(error)) from None


def whole_cell(
    row: Mapping[str, str], number: int, field: str, bounds: tuple[int, int], default: int | None
) -> int:
    """An output cell that is a whole number."""
    cell, (low, high) = row.get(field, ""), bounds
    if not cell and default is not None:
        return default
    if not _WHOLE.fullmatch(cell) or not low <= int(cell) <= high:
        raise RulesTableError(f"table.rules[{number}].{field}: a whole number from {low} to {high} is wanted")
    return int(cell)


def _hits(hit: Any) -> Hits:
    rows = hit if isinstance(hit, list) else [] if hit is None else [hit]
    return tuple(int(row["row"]) for row in rows)


def _engine(table: Table) -> zen.ZenEngine:
    """Give the engine our own graph: the inputs as they are, and the row's number as the only output."""
    content = {
        "hitPolicy": table.layout.policy,
        "executionMode": "loop",
        "inputField": "cases",
        "outputPath": "found",
        "passThrough": False,
        "inputs": [{"id": field, "name": field, "field": field} for field in table.inputs],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": [
            {"_id": str(number), "row": str(number), **{field: row[field] for field in table.inputs}}
            for number, row in enumerate(table.rows)
        ],
    }
    kinds = {"asked": "inputNode", "table": "decisionTableNode", "answer": "outputNode"}
    place = {"x": 0, "y": 0}
    nodes: list[dict[str, Any]] = [
        {"id": name, "name": name, "type": kind, "position": place} for name, kind in kinds.items()
    ]
    nodes[1]["content"] = content
    edges = [
        {"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target}
        for source, target in (("asked", "table"), ("table", "answer"))
    ]
    try:
        decision = zen.ZenDecisionContent(orjson.dumps({"nodes": nodes, "edges": edges}).decode())
    except RuntimeError as error:
        raise RulesTableError(_first_line(error)) from None
    # Through a loader: create_decision(…).evaluate costs many times as much for each evaluation.
    return zen.ZenEngine({"loader": lambda _: decision})


def _loads(table: str) -> object:
    try:
        return orjson.loads(table)
    except orjson.JSONDecodeError:
        raise RulesTableError("table: no JSON") from None


def _content(document: object, policy: str) -> dict[str, Any]:
    nodes = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise RulesTableError("table.nodes: a list of nodes is wanted")
    kinds = sorted(str(node.get("type")) for node in nodes)
    if kinds != ["decisionTableNode", "inputNode", "outputNode"]:
        raise RulesTableError("table.nodes: one input, one decision table and one output are wanted")
    content = next(node for node in nodes if node["type"] == "decisionTableNode").get("content")
    if not isinstance(content, dict) or content.get("hitPolicy") != policy:
        raise RulesTableError(f"table: a decision table with the hit policy `{policy}` is wanted")
    return content


def _columns(content: dict[str, Any], side: str, allowed: tuple[str, ...]) -> dict[str, str]:
    """Column id → field name."""
    columns = content.get(side)
    if not isinstance(columns, list) or not columns:
        raise RulesTableError(f"table.{side}: a list of columns is wanted")
    found: dict[str, str] = {}
    for column in columns:
        field, name = (column.get("field"), column.get("id")) if isinstance(column, dict) else (None, None)
        if field not in allowed:
            raise RulesTableError(f"table.{side}: {field!r} is none of {', '.join(allowed)}")
        if not isinstance(name, str) or not name or name in found or field in found.values():
            raise RulesTableError(f"table.{side}: {field} needs an id of its own, and one column")
        found[name] = field
    return found


def _rows(content: dict[str, Any]) -> list[dict[str, str]]:
    rows = content.get("rules")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_ROWS:
        raise RulesTableError(f"table.rules: 1 to {MAX_ROWS} rows are wanted")
    for number, row in enumerate(rows):
        cells = row.values() if isinstance(row, dict) else (None,)
        if not all(isinstance(cell, str) and len(cell) <= MAX_CELL for cell in cells):
            raise RulesTableError(f"table.rules[{number}]: cells are texts of up to {MAX_CELL} characters")
    return rows


def _check_cell(layout: Layout, field: str, cell: str, where: str) -> None:
    texts = {double or single for double, single in _TEXTS.findall(cell)}
    unknown = texts - layout.vocabulary.get(field, texts)
    if unknown:
        raise RulesTableError(f"{where}: there is no {', '.join(sorted(unknown))}")
    words = set(_NAMES.findall(_TEXTS.sub(" ", cell))) - layout.words
    if words:
        raise RulesTableError(f"{where}: {', '.join(sorted(words))} may not be used; texts need quotes")
    try:
        holds(cell, layout.sample[field], layout.sample)
    except RulesTableError:
        raise RulesTableError(f"{where}: `{cell}` is no condition on this column") from None


def _first_line(error: RuntimeError) -> str:
    return "table: " + str(error).partition("\n")[0][:200]
