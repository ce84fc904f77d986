"""A stored decision replays to the same bytes; other rules are tried on it without any order (PY5)."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.routing.samples import NOON, request, row, rules_with, table

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import Instant
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.decide import decide, draw_of, replay
from octane.routing.decisions import Circuit, Health, RouteRequest
from octane.routing.defaults import default_draft, default_rules
from octane.routing.replays import NO_RULES, OTHER_ANSWER, OTHER_RULES, UNREADABLE, dry_run, replay_all
from octane.routing.rules import PPM, Platform
from octane.routing.stored import DecisionUnreadableError, from_json, to_json

ANY_METHOD = default_draft()["methods"]["WECHAT_NATIVE"]
EVERYTHING = rules_with(
    table=table(row("WECHAT", 6_000), row("ALIPAY", 5_900, amount_fen="> 5000"), row()),
    methods={
        method.value: ANY_METHOD | {"platforms": [p.value for p in Platform], "max_fen": MAX_FEN}
        for method in PaymentMethod
    },
)
RULES = (default_rules(), EVERYTHING)
CHANNELS = st.sampled_from(ChannelName)
SOME_CHANNELS = st.lists(CHANNELS, unique=True).map(tuple)
REQUESTS = st.builds(
    RouteRequest,
    attempt_no=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=29),
    platform=st.sampled_from(Platform),
    amount=st.integers(1, MAX_FEN).map(Fen),
    currency=st.sampled_from(["CNY", "USD"]),
    merchant=st.text(max_size=32),
    payers=SOME_CHANNELS,
    tried=SOME_CHANNELS,
    exhausted=SOME_CHANNELS,
    probing=st.none() | CHANNELS,
)
HEALTH = st.dictionaries(
    CHANNELS,
    st.builds(Health, st.sampled_from(Circuit), st.integers(1, PPM), st.integers(0, 600_000), st.booleans()),
)
LEFT = st.dictionaries(CHANNELS, st.integers(0, MAX_FEN))


@given(REQUESTS, st.sampled_from(RULES), HEALTH, LEFT, st.integers(0, PPM - 1))
@settings(deadline=None, derandomize=True)
def test_any_decision_replays_and_is_stored_exactly(asked, rules, health, left, draw):
    decision = decide(asked, rules, health, left, draw, Instant(NOON))
    text = to_json(decision)
    assert len(text) < 2_048
    assert from_json(text) == decision
    assert replay(from_json(text), rules) == decision
    assert decision.winner is None or decision.exclusion(decision.winner) is None
    report = replay_all([text, text.decode()], {r.version: r for r in RULES})
    assert (report.total, report.identical, report.different) == (2, 2, ())


def stored(**changes):
    asked = request(**changes)
    return to_json(decide(asked, default_rules(), {}, {}, draw_of(asked.attempt_no), Instant(NOON)))


def test_a_report_tells_what_is_not_the_same():
    fields = orjson.loads(stored())
    other_winner = orjson.dumps(fields | {"winner": "ALIPAY_NATIVE"})
    other_version = orjson.dumps(fields | {"rules": [9, "x"]})
    other_digest = orjson.dumps(fields | {"rules": [0, "x"]})
    report = replay_all([stored(), other_winner, other_version, other_digest, b"{"], {0: default_rules()})
    assert (report.total, report.identical) == (5, 1)
    whys = [difference.why for difference in report.different]
    assert whys == [OTHER_ANSWER, NO_RULES, OTHER_RULES, UNREADABLE]
    assert "5 decisions replayed, 1 identical (20 %)" in str(report)
    assert str(replay_all([], {})) == "0 decisions replayed, 0 identical (100 %)"


FIELDS = orjson.loads(stored())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'"x"',
        b"[" * 100_000,
        orjson.dumps(FIELDS | {"form": 2}),
        orjson.dumps(FIELDS | {"more": 1}),
        orjson.dumps(FIELDS | {"winner": "CASH"}),
        orjson.dumps(FIELDS | {"reason": None}),
        orjson.dumps(FIELDS | {"draw": 0.5}),
        orjson.dumps(FIELDS | {"draw": True}),
        orjson.dumps(FIELDS | {"left": {"WECHAT": "1"}}),
        orjson.dumps(FIELDS | {"health": {"WECHAT": ["CLOSED", 1.5, 0, False]}}),
        orjson.dumps(FIELDS | {"request": FIELDS["request"][:-1]}),
        orjson.dumps(FIELDS | {"candidates": [["WECHAT_NATIVE", None, 0, 1, True, 0]]}),
        orjson.dumps(dict(reversed(FIELDS.items()))),
        orjson.dumps(FIELDS) + b" ",
    ],
    ids=lambda text: text[:20],
)
def test_what_we_did_not_write_is_not_read(text):
    with pytest.raises(DecisionUnreadableError):
        from_json(text)


def test_a_dry_run_tells_who_would_win_and_what_it_would_cost():
    """Given ten payments of 100 CNY by WeChat at 0.6 %, when Alipay took 0.5 %, then each saves 10 fen."""
    decisions = [stored(attempt_no=f"A{n}") for n in range(10) if draw_of(f"A{n}") >= 10_000]
    cheaper = rules_with(table=table(row("ALIPAY", 5_000), row()))
    run = dry_run([*decisions, b"?"], cheaper)
    assert (run.total, run.unreadable, run.lost, run.gained) == (len(decisions) + 1, 1, 0, 0)
    assert {(c.before, c.after) for c in run.changed} == {
        (PaymentMethod.WECHAT_NATIVE, PaymentMethod.ALIPAY_NATIVE)
    }
    assert run.cost_microfen == len(decisions) * -10 * PPM


def test_a_dry_run_counts_who_would_find_no_channel_or_find_one():
    nobody = rules_with(table=table(row("WECHAT", enabled="false")))
    assert dry_run([stored()], nobody)[2:] == (0, 1, 0, 0)
    unserved = stored(currency="USD")
    methods = {"WECHAT_NATIVE": ANY_METHOD | {"currencies": ["USD"]}}
    assert dry_run([unserved], rules_with(methods=methods))[2:] == (0, 0, 1, 0)
