"""The decision table: read strictly, then matched by the zen engine (PY5).

The table is a JDM document as the GoRules editor writes it: one input, one decision table with the hit policy
`first`, one output. Input cells are zen's unary expressions over `INPUTS`. Output cells are literals, so that
a table is checked to the last number before it is published, and no number that the engine computed (it
computes in decimals and hands out floats) ever becomes money: the engine tells which row matches, no more.

The engine takes a cell that it cannot compile for one that never matches; a name it does not know likewise.
Both would quietly switch a channel off, so every cell is compiled here and every word in it must be known.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import zen

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.rules import PPM, Platform, RulesTableError

INPUTS = ("platform", "method", "channel", "amount_fen", "currency", "merchant")
VOCABULARY: Mapping[str, frozenset[str]] = {
    "platform": frozenset(Platform),
    "method": frozenset(PaymentMethod),
    "channel": frozenset(ChannelName),
    "amount_fen": frozenset(),
}
"""Texts that mean something in these columns; any other is a slip of the pen."""
RANGES: Mapping[str, tuple[int, int]] = {
    "fee_ppm": (0, PPM),
    "fee_min_fen": (0, MAX_FEN),
    "max_single_fen": (1, MAX_FEN),
    "priority": (0, 1_000),
}
OUTPUTS = ("enabled", *RANGES)
REQUIRED = ("enabled", "fee_ppm")
WORDS = frozenset({"and", "or", "not", "in", "true", "false", "len", "startsWith", "endsWith", "contains"})
WORDS_OF_CELLS = WORDS.union(INPUTS)
"""Nothing that reads the time or draws lots: a decision must come out the same when it is replayed."""
MAX_ROWS = 500
MAX_CELL = 500
DEFAULT_PRIORITY = 100

_TEXTS = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")
_NAMES = re.compile(r"[^\W\d]\w*")
_WHOLE = re.compile(r"[0-9]{1,15}")


class Terms(NamedTuple):
    """What a row says about the methods it matches. Amounts in fen, the fee in parts per million."""

    row: int
    enabled: bool
    fee_ppm: int
    fee_min_fen: Fen
    max_single_fen: Fen
    priority: int


Case = tuple[str, str, str, int, str, str]
"""What one method's row is looked up by, in the order of `INPUTS`."""
SAMPLE: Case = ("H5", "WECHAT_NATIVE", "WECHAT", 1, "CNY", "")

Matcher = Callable[[Sequence[Case]], list[Terms | None]]


@lru_cache(maxsize=4)
def compiled(table: str) -> Matcher:
    """Compile a table (JSON text) once; raise `RulesTableError`.

    The matcher looks up all cases in one evaluation and answers in their order, None where no row matches.
    """
    content = _content(_loads(table))
    columns = {name: _columns(content, name) for name in ("inputs", "outputs")}
    rows = _rows(content)
    for number, row in enumerate(rows):
        _check_inputs(number, row, columns["inputs"])
    terms = [_terms(number, row, columns["outputs"]) for number, row in enumerate(rows)]
    engine = _engine(columns["inputs"], rows)

    def match(cases: Sequence[Case]) -> list[Terms | None]:
        if not cases:
            return []
        asked = orjson.dumps({"cases": [dict(zip(INPUTS, case, strict=True)) for case in cases]})
        try:
            found = engine.evaluate("table", asked)["result"]["found"]
        except RuntimeError as error:
            raise RulesTableError(_first_line(error)) from None
        return [None if hit is None else terms[int(hit["row"])] for hit in found]

    match([SAMPLE])  # what fails must fail here
    return match


def _engine(inputs: Mapping[str, str], rows: list[dict[str, str]]) -> zen.ZenEngine:
    """Give the engine our own graph: the inputs as they are, and the row's number as the only output."""
    content = {
        "hitPolicy": "first",
        "executionMode": "loop",
        "inputField": "cases",
        "outputPath": "found",
        "passThrough": False,
        "inputs": [{"id": column, "name": field, "field": field} for column, field in inputs.items()],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": [
            {"_id": str(number), "row": str(number), **{column: row.get(column, "") for column in inputs}}
            for number, row in enumerate(rows)
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


def _content(document: object) -> dict[str, Any]:
    nodes = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise RulesTableError("table.nodes: a list of nodes is wanted")
    kinds = sorted(str(node.get("type")) for node in nodes)
    if kinds != ["decisionTableNode", "inputNode", "outputNode"]:
        raise RulesTableError("table.nodes: one input, one decision table and one output are wanted")
    content = next(node for node in nodes if node["type"] == "decisionTableNode").get("content")
    if not isinstance(content, dict) or content.get("hitPolicy") != "first":
        raise RulesTableError("table: a decision table with the hit policy `first` is wanted")
    return content


def _columns(content: dict[str, Any], side: str) -> dict[str, str]:
    """Column id → field name."""
    columns = content.get(side)
    if not isinstance(columns, list) or not columns:
        raise RulesTableError(f"table.{side}: a list of columns is wanted")
    known = INPUTS if side == "inputs" else OUTPUTS
    found: dict[str, str] = {}
    for column in columns:
        field, name = (column.get("field"), column.get("id")) if isinstance(column, dict) else (None, None)
        if field not in known:
            raise RulesTableError(f"table.{side}: {field!r} is none of {', '.join(known)}")
        if not isinstance(name, str) or not name or name in found or field in found.values():
            raise RulesTableError(f"table.{side}: {field} needs an id of its own, and one column")
        found[name] = field
    missing = [field for field in REQUIRED if side == "outputs" and field not in found.values()]
    if missing:
        raise RulesTableError(f"table.outputs: {', '.join(missing)} is missing")
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


def _check_inputs(number: int, row: dict[str, str], columns: Mapping[str, str]) -> None:
    for column, field in columns.items():
        cell, where = row.get(column, "").strip(), f"table.rules[{number}].{field}"
        if not cell:
            continue
        texts = {double or single for double, single in _TEXTS.findall(cell)}
        unknown = texts - VOCABULARY.get(field, texts)
        if unknown:
            raise RulesTableError(f"{where}: there is no {', '.join(sorted(unknown))}")
        words = set(_NAMES.findall(_TEXTS.sub(" ", cell))) - WORDS_OF_CELLS
        if words:
            raise RulesTableError(f"{where}: {', '.join(sorted(words))} may not be used; texts need quotes")
        try:  # validate_unary_expression knows no `> 5`
            sample = dict(zip(INPUTS, SAMPLE, strict=True))
            zen.evaluate_unary_expression(cell, {**sample, "$": sample[field]})
        except RuntimeError:
            raise RulesTableError(f"{where}: `{cell}` is no condition on this column") from None


def _terms(number: int, row: dict[str, str], columns: Mapping[str, str]) -> Terms:
    cells = {field: row.get(column, "").strip() for column, field in columns.items()}
    enabled = cells["enabled"]
    if enabled not in {"true", "false"}:
        raise RulesTableError(f"table.rules[{number}].enabled: true or false is wanted")
    return Terms(
        row=number,
        enabled=enabled == "true",
        fee_ppm=_whole(number, "fee_ppm", cells["fee_ppm"], None),
        fee_min_fen=Fen(_whole(number, "fee_min_fen", cells.get("fee_min_fen", ""), 0)),
        max_single_fen=Fen(_whole(number, "max_single_fen", cells.get("max_single_fen", ""), MAX_FEN)),
        priority=_whole(number, "priority", cells.get("priority", ""), DEFAULT_PRIORITY),
    )


def _whole(number: int, field: str, cell: str, default: int | None) -> int:
    if not cell and default is not None:
        return default
    low, high = RANGES[field]
    if not _WHOLE.fullmatch(cell) or not low <= int(cell) <= high:
        raise RulesTableError(f"table.rules[{number}].{field}: a whole number from {low} to {high} is wanted")
    return int(cell)


def _first_line(error: RuntimeError) -> str:
    return "table: " + str(error).partition("\n")[0][:200]
