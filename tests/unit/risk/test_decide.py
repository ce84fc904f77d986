"""A decision is a function of facts and rules, small when stored, and replayable (RK2, RK4)."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octane.kernel.clock import Instant
from octane.risk.decide import (
    Decision,
    DecisionUnreadableError,
    Tags,
    Verdict,
    decide,
    from_json,
    replays,
    to_json,
)
from octane.risk.defaults import ROWS, default_draft, default_rules
from octane.risk.facts import DEFAULTS, MOST, VOCABULARY, Facts
from octane.risk.publishing import read_checked
from octane.risk.rules import Outcome
from octane.risk.table import ORDINARY

FACTS = st.builds(
    Facts,
    **{
        field: st.sampled_from(sorted(VOCABULARY[field]))
        if field in VOCABULARY
        else st.integers(0, MOST.get(field, 10**9))
        for field in Facts._fields
    },
)


def stored(facts: Facts) -> Decision:
    rules = default_rules()
    tags = Tags("U" * 26, "E" * 26, "D" * 26, "I" * 26, "N" * 26)
    return Decision("T" * 26, Instant(1), rules.version, rules.digest, facts, decide(facts, rules), tags)


@given(FACTS)
@settings(max_examples=150, deadline=None)
def test_a_stored_decision_reads_back_and_replays(facts: Facts) -> None:
    decision = stored(facts)
    again = from_json(decision.order_id, to_json(decision))
    assert again == decision
    assert replays(again, default_rules())


@given(FACTS)
@settings(max_examples=100, deadline=None)
def test_the_verdict_is_the_gravest_of_its_reasons(facts: Facts) -> None:
    rows = {reason: outcome for outcome, reason, _ in ROWS}
    outcome, reasons = decide(facts, default_rules())
    gravest = max((list(Outcome).index(Outcome(rows[reason])) for reason in reasons), default=0)
    assert list(Outcome).index(outcome) == gravest


def test_a_usual_decision_is_one_write_unit() -> None:
    """Its item is below 1 KB with every fact that a busy hour can set."""
    busy = ORDINARY._replace(
        device="KNOWN", person_1m=2, person_10m=4, person_1h=9, person_24h=20, person_day_fen=1_000_000,
        device_1h=9, device_24h=20, device_accounts=2, ip_1m=40, ip_10m=300, ip_1h=1_000, ip_accounts=60,
        card_24h=3, card_accounts=2, amount_percent=250, hour=20, hour_percent=12,
        distance_km=800, speed_kmh=120,
    )  # fmt: skip
    decision = stored(busy)
    assert len(to_json(decision)) + len("decision") + 2 * 26 + 15 < 1_024


def test_other_rules_do_not_replay_it() -> None:
    decision = stored(ORDINARY._replace(grade="D"))
    assert decision.verdict.outcome is Outcome.HOLD
    draft = default_draft()
    draft["limits"]["A"]["orders_per_day"] -= 1
    assert not replays(decision, read_checked(json.dumps(draft), 0, 0, "tests"))
    changed = decision._replace(verdict=Verdict(Outcome.ALLOW, ()))
    assert not replays(changed, default_rules())


def test_facts_of_a_later_release_are_passed_over_and_missing_ones_have_their_default() -> None:
    fields = json.loads(to_json(stored(ORDINARY)))
    fields["facts"] = {"amount_fen": 5, "tomorrow": 1}
    assert from_json("T", json.dumps(fields)).facts == DEFAULTS._replace(amount_fen=5)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"rules":[1]}'])
def test_what_is_no_decision_is_said(text: str) -> None:
    with pytest.raises(DecisionUnreadableError):
        from_json("T", text)
