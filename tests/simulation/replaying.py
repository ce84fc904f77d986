"""Every stored decision, decided again under the rules that it names."""

import json
from functools import lru_cache

from octane.routing.defaults import default_rules
from octane.routing.parsing import read_rules
from octane.routing.replays import replay_all
from octane.routing.rules import RuleSet
from simulation.keepers import Keepers
from simulation.violations import must


def check_decisions(keepers: Keepers) -> None:
    """Raise `ViolationError` for one that comes out otherwise."""
    rules = {0: default_rules(), **{number: _rules(text) for number, text in keepers.rules.items()}}
    found = [text for text in keepers.routes.decisions if not _is_identical(text, rules)]
    must(not found, "every decision replays identically", found[:1])


def _is_identical(text: str, rules: dict[int, RuleSet]) -> bool:
    version = rules.get(int(json.loads(text)["rules"][0]))
    return version is not None and replays(text, version.text)


@lru_cache(maxsize=10_000)
def replays(text: str, rules: str) -> bool:
    """Whether a decision comes out the same again. The same question is asked in many schedules."""
    report = replay_all([text], {found.version: found for found in (_rules(rules),)})
    return report.identical == 1


@lru_cache(maxsize=100)
def _rules(text: str) -> RuleSet:
    return read_rules(text)
