"""Decisions by table: hard limits with their reasons, then cost, success, latency; and exploration (PY5)."""

import pytest
from unit.routing.samples import ALIPAY, UNIONPAY, WECHAT, request, row, rules_with, table

from octane.channels.port import PaymentMethod
from octane.kernel.clock import Instant
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.decide import decide, draw_of
from octane.routing.decisions import Circuit, Exclusion, Health, Reason
from octane.routing.defaults import default_draft
from octane.routing.rules import PPM, Platform

M = PaymentMethod
LATE = PPM - 1
"""A draw that never explores."""


def decided(asked=None, rules=None, health=None, left=None, draw=LATE):
    return decide(asked or request(), rules or rules_with(), health or {}, left or {}, draw, Instant(0))


@pytest.mark.parametrize(
    ("asked", "method", "why"),
    [
        ({"platform": Platform.STATION_QR}, M.UNIONPAY_APP, Exclusion.PLATFORM),
        ({"currency": "USD"}, M.WECHAT_NATIVE, Exclusion.CURRENCY),
        ({"platform": Platform.MINI_PROGRAM, "payers": (ALIPAY,)}, M.WECHAT_JSAPI, Exclusion.PAYER_MISSING),
        ({"amount": Fen(5_000_001)}, M.WECHAT_NATIVE, Exclusion.OVER_SINGLE_LIMIT),
        ({"tried": (WECHAT,)}, M.WECHAT_NATIVE, Exclusion.TRIED),
        ({"exhausted": (WECHAT,)}, M.WECHAT_NATIVE, Exclusion.QUOTA_EXHAUSTED),
    ],
)
def test_what_is_asked_excludes(asked, method, why):
    decision = decided(request(**asked))
    assert decision.exclusion(method) is why
    assert decision.winner is not method


@pytest.mark.parametrize(
    ("health", "why"),
    [
        (Health(Circuit.OPEN), Exclusion.CIRCUIT_OPEN),
        (Health(Circuit.HALF_OPEN), Exclusion.CIRCUIT_OPEN),
        (Health(cooling=True), Exclusion.COOLING_DOWN),
    ],
)
def test_a_sick_channel_is_excluded(health, why):
    decision = decided(health={WECHAT: health})
    assert decision.exclusion(M.WECHAT_NATIVE) is why
    assert decision.winner is M.ALIPAY_NATIVE


def test_who_holds_the_probe_goes_there():
    health = {ALIPAY: Health(Circuit.HALF_OPEN, cooling=True)}
    decision = decided(request(probing=ALIPAY), health=health)
    assert (decision.winner, decision.reason) == (M.ALIPAY_NATIVE, Reason.PROBE)


def test_a_probe_lifts_no_hard_limit():
    decision = decided(request(probing=ALIPAY, exhausted=(ALIPAY,)), health={ALIPAY: Health(Circuit.OPEN)})
    assert decision.exclusion(M.ALIPAY_NATIVE) is Exclusion.QUOTA_EXHAUSTED
    assert decision.winner is M.WECHAT_NATIVE


@pytest.mark.parametrize(("left", "winner"), [(10_000, M.WECHAT_NATIVE), (9_999, M.ALIPAY_NATIVE)])
def test_a_quota_must_hold_the_whole_amount(left, winner):
    assert decided(left={WECHAT: left}).winner is winner


def test_without_any_candidate_there_is_no_winner():
    decision = decided(request(tried=(WECHAT, ALIPAY, UNIONPAY)))
    assert (decision.winner, decision.reason) == (None, Reason.NONE_ELIGIBLE)
    assert {c.excluded for c in decision.candidates} == {
        Exclusion.PLATFORM,
        Exclusion.TRIED,
    }


@pytest.mark.parametrize(
    ("rows", "winner", "reason"),
    [
        ((row("WECHAT", 6_001), row("ALIPAY", 6_000)), M.ALIPAY_NATIVE, Reason.LOWEST_COST),
        ((row("WECHAT", 10, fee_min_fen="61"), row("ALIPAY", 6_000)), M.ALIPAY_NATIVE, Reason.LOWEST_COST),
        ((row("WECHAT", 10, fee_min_fen="59"), row("ALIPAY", 6_000)), M.WECHAT_NATIVE, Reason.LOWEST_COST),
        ((row("WECHAT", priority="2"), row("ALIPAY", priority="1")), M.ALIPAY_NATIVE, Reason.PRIORITY),
        ((row("WECHAT"), row("ALIPAY")), M.ALIPAY_NATIVE, Reason.NAME),
        ((row("WECHAT"),), M.WECHAT_NATIVE, Reason.ONLY_ONE),
        ((row("WECHAT", enabled="false"), row()), M.ALIPAY_NATIVE, Reason.NAME),
        ((row("WECHAT", max_single_fen="9999"), row("ALIPAY", 9_000)), M.ALIPAY_NATIVE, Reason.ONLY_ONE),
        ((row(amount_fen="> 10000"), row("WECHAT", 1)), M.WECHAT_NATIVE, Reason.ONLY_ONE),
        ((row(amount_fen=">= 10000", method='"ALIPAY_NATIVE"'),), M.ALIPAY_NATIVE, Reason.ONLY_ONE),
        ((row(merchant='"M1"'), row("UNIONPAY", 9)), M.UNIONPAY_APP, Reason.ONLY_ONE),
        ((row("WECHAT", platform='"H5", "STATION_QR"'),), M.WECHAT_NATIVE, Reason.ONLY_ONE),
    ],
)
def test_the_table_decides(rows, winner, reason):
    decision = decided(rules=rules_with(table=table(*rows)))
    assert (decision.winner, decision.reason) == (winner, reason)


def test_no_row_is_no_candidate():
    decision = decided(rules=rules_with(table=table(row("ALIPAY"))))
    assert decision.exclusion(M.WECHAT_NATIVE) is Exclusion.NO_RULE


def test_disabled_is_told_apart():
    rules = rules_with(table=table(row("WECHAT", enabled="false"), row()))
    assert decided(rules=rules).exclusion(M.WECHAT_NATIVE) is Exclusion.DISABLED


@pytest.mark.parametrize(
    ("wechat", "alipay", "winner", "reason"),
    [
        (Health(success_ppm=899_999), Health(success_ppm=900_000), M.ALIPAY_NATIVE, Reason.LOWEST_COST),
        (Health(latency_ms=11), Health(latency_ms=10), M.ALIPAY_NATIVE, Reason.LOWER_LATENCY),
        (Health(latency_ms=9), Health(latency_ms=10), M.WECHAT_NATIVE, Reason.LOWER_LATENCY),
    ],
)
def test_health_decides_between_equal_fees(wechat, alipay, winner, reason):
    decision = decided(health={WECHAT: wechat, ALIPAY: alipay, UNIONPAY: Health(Circuit.OPEN)})
    assert (decision.winner, decision.reason) == (winner, reason)


def test_success_decides_when_nothing_costs_anything():
    rules = rules_with(table=table(row(fee_ppm=0)))
    health = {ALIPAY: Health(success_ppm=999_998), WECHAT: Health(success_ppm=999_999, latency_ms=900)}
    decision = decided(rules=rules, health=health | {UNIONPAY: Health(Circuit.OPEN)})
    assert (decision.winner, decision.reason) == (M.WECHAT_NATIVE, Reason.HIGHER_SUCCESS)


def test_weights_make_failures_and_waiting_cost():
    health = {WECHAT: Health(latency_ms=1_001), ALIPAY: Health(latency_ms=0)}
    rows = table(row("WECHAT", 5_900), row("ALIPAY", 6_000))  # 59 and 60 fen
    cheap = {"failure_microfen": 0, "latency_microfen_per_ms": 999}
    dear = {"failure_microfen": 0, "latency_microfen_per_ms": 1_000}
    assert decided(rules=rules_with(table=rows, weights=cheap), health=health).winner is M.WECHAT_NATIVE
    assert decided(rules=rules_with(table=rows, weights=dear), health=health).winner is M.ALIPAY_NATIVE


@pytest.mark.parametrize(("amount", "fee_ppm"), [(MAX_FEN, PPM), (MAX_FEN, 999_999), (1, 1)])
def test_costs_are_exact_at_any_size(amount, fee_ppm):
    """Given success in two of three, the expected fee is one half more, rounded up to a millionth."""
    draft = default_draft()
    methods = {name: rule | {"max_fen": MAX_FEN} for name, rule in draft["methods"].items()}
    rules = rules_with(table=table(row(fee_ppm=fee_ppm)), methods=methods)
    decision = decided(request(amount=Fen(amount)), rules, {WECHAT: Health(success_ppm=666_667)})
    found = next(c for c in decision.candidates if c.method is M.WECHAT_NATIVE)
    assert found.fee_microfen == amount * fee_ppm
    assert found.cost_microfen == -(-amount * fee_ppm * PPM // 666_667)


def test_exploration_takes_the_share_that_the_rules_say_and_another_channel():
    rules = rules_with(exploration_ppm=100_000)
    draws = range(0, PPM, 997)
    decisions = [decided(rules=rules, draw=draw) for draw in draws]
    explored = [decision for decision in decisions if decision.reason is Reason.EXPLORATION]
    assert [d.draw for d in explored] == [draw for draw in draws if draw < 100_000]
    assert {decision.winner for decision in explored} == {M.ALIPAY_NATIVE, M.UNIONPAY_APP}


def test_exploration_never_takes_what_is_excluded():
    rules = rules_with(exploration_ppm=PPM)
    health = {ALIPAY: Health(Circuit.OPEN)}
    assert {decided(rules=rules, health=health, draw=d).winner for d in range(20)} == {M.UNIONPAY_APP}
    health |= {UNIONPAY: Health(cooling=True)}
    assert {decided(rules=rules, health=health, draw=d).reason for d in range(20)} == {Reason.ONLY_ONE}


def test_exploration_prefers_another_channel_to_another_way_of_the_same():
    methods = default_draft()["methods"]
    everywhere = dict.fromkeys(("WECHAT_JSAPI", "WECHAT_NATIVE"), methods["WECHAT_NATIVE"])
    only_wechat = rules_with(exploration_ppm=PPM, methods=everywhere)
    assert {decided(rules=only_wechat, draw=d).reason for d in range(9)} == {Reason.NAME}
    both = rules_with(exploration_ppm=PPM, methods=everywhere | {"UNIONPAY_APP": methods["UNIONPAY_APP"]})
    assert {decided(rules=both, draw=d).winner for d in range(9)} == {M.UNIONPAY_APP}


def test_draws_are_the_attempts_own_and_even():
    assert draw_of("A") == draw_of("A") != draw_of("B")
    draws = [draw_of(f"attempt{n}") for n in range(10_000)]
    assert all(0 <= draw < PPM for draw in draws)
    assert 800 < sum(draw < 100_000 for draw in draws) < 1_200
