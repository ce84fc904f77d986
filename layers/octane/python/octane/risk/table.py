"""The risk rules' decision table: read more strictly than any other, because a slip stops customers (RK4).

A cell speaks of its own column only, in a small grammar: no arithmetic, no functions, nothing that can run
long. So whether it can ever hold is known for sure: its truth changes at its own numbers and texts only.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from octane.risk.facts import DEFAULTS, MOST, VOCABULARY, Facts
from octane.risk.rules import Outcome
from octane.rulebook.errors import RulesTableError
from octane.rulebook.tables import Layout, Table, holds, matcher, read_table

MAX_RULES = 200
ORDINARY = Facts(amount_fen=10_000, admission="PHONE", account_age_days=400, orders_before=12)
"""The most ordinary order there is: somebody who has ordered for a year tops up 100 CNY at noon."""
LAYOUT = Layout(
    sample=DEFAULTS._asdict(),
    vocabulary=VOCABULARY,
    outputs=("outcome", "reason"),
    required=("outcome", "reason"),
    policy="collect",
    words=frozenset({"and", "or"}),
)

_COMPARED = r"(?:>=|<=|==|!=|>|<)\s*[0-9]{1,13}"
_RANGE = r"[\[(]\s*[0-9]{1,13}\s*\.\.\s*[0-9]{1,13}\s*[\])]"
_NUMBER = rf"(?:{_COMPARED}(?:\s+(?:and|or)\s+{_COMPARED}){{0,7}}|[0-9]{{1,13}}|{_RANGE})"
_NUMBERS = re.compile(rf"{_NUMBER}(?:\s*,\s*{_NUMBER}){{0,15}}")
_TEXTS = re.compile(r'(?:!=\s*)?"[A-Z]{1,16}"(?:\s*,\s*"[A-Z]{1,16}"){0,15}')
_CONSTANTS = re.compile(r"[0-9]{1,13}")
_OUTCOME = re.compile(r'"([A-Z]{1,16})"')
_REASON = re.compile(r'"([A-Z][A-Z0-9_]{2,39})"')


class Rule(NamedTuple):
    """What a row says when it matches."""

    outcome: Outcome
    reason: str


Finder = Callable[[Facts], tuple[Rule, ...]]


@lru_cache(maxsize=4)
def compiled(table: str) -> Finder:
    """Compile a table (JSON text) once; raise `RulesTableError`. The finder returns the rules that hit."""
    read = read_table(table, LAYOUT)
    if len(read.rows) > MAX_RULES:
        raise RulesTableError(f"table.rules: at most {MAX_RULES} rows are wanted")
    rules = [_rule(number, read) for number in range(len(read.rows))]
    _check_conditions(read)
    match = matcher(read)

    def find(facts: Facts) -> tuple[Rule, ...]:
        [hits] = match([facts])
        return tuple(rules[row] for row in hits)

    if any(rule.outcome is Outcome.BLOCK for rule in find(ORDINARY)):
        raise RulesTableError("table: these rules would block the most ordinary order there is")
    return find


def _rule(number: int, table: Table) -> Rule:
    row, where = table.rows[number], f"table.rules[{number}]"
    outcome, reason = _OUTCOME.fullmatch(row["outcome"]), _REASON.fullmatch(row["reason"])
    stops = {Outcome.CHALLENGE.value, Outcome.HOLD.value, Outcome.BLOCK.value}
    if outcome is None or outcome[1] not in stops:
        raise RulesTableError(
            f'{where}.outcome: "CHALLENGE", "HOLD" or "BLOCK" is wanted; what no row stops is allowed'
        )
    if reason is None:
        raise RulesTableError(f'{where}.reason: a code in quotes is wanted, as "DEVICE_NEW"')
    return Rule(Outcome(outcome[1]), reason[1])


def _check_conditions(table: Table) -> None:
    """Each row can hit, none hits always, and none is there twice."""
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(table.rows):
        where = f"table.rules[{number}]"
        cells = tuple(" ".join(row[field].split()) for field in table.inputs)
        if not any(cells):
            raise RulesTableError(f"{where}: without a condition it would stop every order")
        if cells in seen:
            raise RulesTableError(f"{where}: its conditions are those of rules[{seen[cells]}]")
        seen[cells] = number
        for field, cell in zip(table.inputs, cells, strict=True):
            if cell:
                _check_cell(field, cell, f"{where}.{field}")


def _check_cell(field: str, cell: str, where: str) -> None:
    grammar = _TEXTS if field in VOCABULARY else _NUMBERS
    if not grammar.fullmatch(cell):
        wanted = 'texts as "NEW", "NONE"' if field in VOCABULARY else "comparisons as >= 5 and < 10, or 1, 2"
        raise RulesTableError(f"{where}: {wanted} are wanted")
    if not any(holds(cell, value) for value in _candidates(field, cell)):
        raise RulesTableError(f"{where}: `{cell}` can never hold, so the rule would never hit")


def _candidates(field: str, cell: str) -> Iterator[str | int]:
    """Values between which the cell's truth cannot change."""
    if field in VOCABULARY:
        yield from sorted(VOCABULARY[field])
        return
    most = MOST.get(field, 10**14)
    yield 0
    for text in _CONSTANTS.findall(cell):
        yield from (value for value in range(int(text) - 1, int(text) + 2) if 0 <= value <= most)
