"""Every routing decision that a run stored, with every version of the rules: taken out of the tables into one
file, so that all can be decided again later and elsewhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from demo.books import scan
from octane.routing.decisions import Decision
from octane.routing.defaults import default_rules
from octane.routing.parsing import read_rules
from octane.routing.rules import RuleSet
from octane.routing.stored import from_json
from octane.rulebook.errors import RulesInvalidError

FORM = 1
NAME = "routing-decisions.json"
"""In the run's directory."""


class DecisionsFileError(Exception):
    """The file is not one that `save` wrote; says where it is wrong."""


class Routing(NamedTuple):
    decisions: tuple[str, ...]
    """As stored with their attempts, in the order of the attempts' numbers."""
    rules: tuple[str, ...]
    """The documents of every version, the built-in one first."""

    def decided(self) -> Iterator[Decision]:
        return (from_json(text) for text in self.decisions)

    def rule_sets(self) -> dict[int, RuleSet]:
        """By version; raises a `RulesInvalidError`."""
        return {rules.version: rules for rules in map(read_rules, self.rules)}


def read_routing(dynamodb: Any, orders_table: str, routing_table: str) -> Routing:
    """All decisions and all versions there are."""
    routes = [item for item in scan(dynamodb, orders_table) if str(item["sk"]).startswith("ROUTE#")]
    routes.sort(key=lambda item: (item["pk"], item["sk"]))
    versions = [item for item in scan(dynamodb, routing_table) if str(item["sk"]).startswith("VERSION#")]
    versions.sort(key=lambda item: str(item["sk"]))
    return Routing(
        tuple(str(item["decision"]) for item in routes),
        (default_rules().text, *(str(item["text"]) for item in versions)),
    )


def save(routing: Routing, path: Path) -> None:
    content = {"form": FORM, "decisions": routing.decisions, "rules": routing.rules}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


def load(path: Path) -> Routing:
    """Read it back. What the decisions and rules themselves say is not looked at: the replay does that."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["form"] != FORM:
            raise DecisionsFileError(f"{path}: another form")
        texts = [*content["decisions"], *content["rules"]]
        if not all(isinstance(text, str) for text in texts):
            raise DecisionsFileError(f"{path}: texts are wanted")
        routing = Routing(tuple(content["decisions"]), tuple(content["rules"]))
        routing.rule_sets()
    except (ValueError, KeyError, TypeError, RulesInvalidError) as error:
        raise DecisionsFileError(f"{path}: {type(error).__name__} {error}") from None
    return routing
