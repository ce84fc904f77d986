"""What outcomes suggest about the rules: a draft with other thresholds, for a person to look at (RK3).

| key (table risk)       | item                                                                   |
|------------------------|------------------------------------------------------------------------|
| pk: `REASONS`          | `<reason>+` and `<reason>-`: how many of the orders that a rule hit    |
| sk: `000003` (version) | went well, and ill                                                     |
"""

import json
import re
from typing import Any, NamedTuple

from octane.risk.facts import VOCABULARY, Facts
from octane.risk.rules import RuleSet
from octane.risk.seen import number
from octane.store.items import Item, Key, Table
from octane.store.writes import ANYWAY, Update

ENOUGH = 50
"""Orders that a reason must have hit before anything is said of it."""
ILL_SHARE = 5
"""One in so many that went ill makes a rule look too weak; none at all makes it look too strong."""
_LEAST = re.compile(r"(>=?\s*)([0-9]{1,12})")


class Suggestion(NamedTuple):
    draft: dict[str, Any]
    because: tuple[str, ...]
    """A line for each rule that the draft changes."""


def counts_key(version: int) -> Key:
    return Key(Table.RISK, "REASONS", f"{version:06d}")


def count_reasons(version: int, reasons: tuple[str, ...], *, good: bool) -> Update:
    sign = "+" if good else "-"
    return Update(
        counts_key(version),
        when=ANYWAY,
        add={f"{reason}{sign}": 1 for reason in dict.fromkeys(reasons)},
    )


def suggestion_for(rules: RuleSet, counts: Item) -> Suggestion | None:
    """Lower the thresholds of rules whose orders often went ill, raise those of rules that stopped none; None
    when nothing suggests itself."""
    draft: dict[str, Any] = {
        name: part for name, part in json.loads(rules.text).items() if name in {"table", "limits"}
    }
    table = next(n for n in draft["table"]["nodes"] if n["type"] == "decisionTableNode")["content"]
    ids = {column["field"]: column["id"] for column in (*table["inputs"], *table["outputs"])}
    because = []
    for row in table["rules"]:
        reason = row[ids["reason"]].strip().strip('"')
        good, ill = number(counts, f"{reason}+"), number(counts, f"{reason}-")
        if good + ill < ENOUGH or not (ill == 0 or ill * ILL_SHARE >= good + ill):
            continue
        cells = {ids[f]: row.get(ids[f], "") for f in Facts._fields if f in ids and f not in VOCABULARY}
        changed = {column: _scaled(cell, ill > 0) for column, cell in cells.items()}
        if changed != cells:
            row.update(changed)
            because.append(f"{reason}: of {good + ill} orders that it hit, {ill} went ill")
    return Suggestion(draft, tuple(because)) if because else None


def _scaled(cell: str, stricter: bool) -> str:
    """A fifth lower, or a quarter higher: one step back undoes one step forth."""
    up, down = (4, 5) if stricter else (5, 4)
    return _LEAST.sub(lambda found: f"{found[1]}{max(1, int(found[2]) * up // down)}", cell)
