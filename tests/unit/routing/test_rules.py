"""Rules are data: read strictly, published one version after the other, picked up while running (PY5)."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from unit.routing.samples import DAY, NOON, WECHAT, quotas, request, row, rules_with, table

from octane.channels.port import PaymentMethod
from octane.kernel.clock import MINUTE, SECOND, Instant
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.defaults import default_draft, default_rules
from octane.routing.publishing import (
    CURRENT,
    all_rules,
    current_rules,
    publish,
    rules_of,
)
from octane.routing.router import Router
from octane.routing.rules import RulesQuotaFixedError
from octane.routing.table import SAMPLE, compiled
from octane.rulebook.documents import MAX_BYTES
from octane.rulebook.errors import (
    RulesInvalidError,
    RulesNotFoundError,
    RulesSupersededError,
    RulesTableError,
    RulesUnknownError,
    RulesUnreadableError,
)
from octane.store.engine import Throttled
from octane.store.writes import Exists, Put

METHOD = default_draft()["methods"]["WECHAT_NATIVE"]
PLAN = {"from_day": DAY, "limit_fen": 1, "shards": 1}


def test_the_built_in_rules_are_version_0_and_in_force_until_others_are(store, published):
    assert current_rules(store) == default_rules() == rules_of(store, 0)
    published(window=7)
    assert (current_rules(store).version, current_rules(store).window) == (1, 7)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"window": 0}, "window"),
        ({"window": 1.0}, "window"),
        ({"window": True}, "window"),
        ({"window": "7"}, "window"),
        ({"exploration_ppm": -1}, "exploration_ppm"),
        ({"exploration_ppm": 1_000_001}, "exploration_ppm"),
        ({"surprise": 1}, "surprise: unknown"),
        ({"methods": {}}, "methods"),
        ({"methods": []}, "methods"),
        ({"methods": {"CASH": METHOD}}, "methods.CASH: unknown"),
        ({"methods": {"WECHAT_NATIVE": METHOD | {"platforms": ["FAX"]}}}, "WECHAT_NATIVE.platforms: unknown"),
        ({"methods": {"WECHAT_NATIVE": METHOD | {"platforms": "H5"}}}, "WECHAT_NATIVE.platforms"),
        ({"methods": {"WECHAT_NATIVE": METHOD | {"min_fen": 0}}}, "WECHAT_NATIVE.min_fen"),
        ({"methods": {"WECHAT_NATIVE": METHOD | {"max_fen": 99.5}}}, "WECHAT_NATIVE.max_fen"),
        ({"methods": {"WECHAT_NATIVE": METHOD | {"min_fen": 5, "max_fen": 4}}}, "WECHAT_NATIVE.max_fen"),
        ({"methods": {"WECHAT_NATIVE": METHOD | {"needs_payer": 1}}}, "WECHAT_NATIVE.needs_payer"),
        ({"methods": {"WECHAT_NATIVE": {}}}, "WECHAT_NATIVE.currencies: missing"),
        ({"quotas": {"CASH": [PLAN]}}, "quotas.CASH: unknown"),
        ({"quotas": {"WECHAT": []}}, "quotas.WECHAT"),
        ({"quotas": {"WECHAT": [PLAN, PLAN]}}, "quotas.WECHAT"),
        ({"quotas": {"WECHAT": [PLAN | {"from_day": "20261131"}]}}, "from_day: unknown"),
        ({"quotas": {"WECHAT": [PLAN | {"from_day": "2026-1-1"}]}}, "from_day: unknown"),
        ({"quotas": {"WECHAT": [PLAN | {"limit_fen": -1}]}}, "limit_fen"),
        ({"quotas": {"WECHAT": [PLAN | {"limit_fen": 1.5}]}}, "limit_fen"),
        ({"quotas": {"WECHAT": [PLAN | {"shards": 0}]}}, "shards"),
        ({"quotas": {"WECHAT": [PLAN | {"shards": 17}]}}, "shards"),
        ({"weights": {}}, "weights.failure_microfen: missing"),
        ({"breaker": default_draft()["breaker"] | {"failures": 0}}, "breaker.failures"),
        ({"breaker": default_draft()["breaker"] | {"longest_pause_ms": 1}}, "breaker.longest_pause_ms"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_path(changes, path):
    with pytest.raises(RulesInvalidError, match=path.replace(".", r"\.")):
        rules_with(**changes)


@pytest.mark.parametrize(
    "draft",
    [
        "",
        "[]",
        "7",
        "{",
        "[" * 60_000,
        b"\xff\xfe",
        json.dumps(default_draft()).replace('"window"', '"window": 5, "window"'),
        json.dumps(default_draft() | {"x": "y" * MAX_BYTES}),
    ],
    ids=lambda draft: str(draft[:12]),
)
def test_what_is_no_document_is_refused(draft):
    with pytest.raises(RulesUnreadableError):
        publish(default_rules(), draft, "tests", Instant(NOON))


def test_a_nan_is_no_number():
    with pytest.raises(RulesInvalidError):
        rules_with(window=float("nan"))


@pytest.mark.parametrize(
    "cells",
    [
        {"fee_ppm": "-1"},
        {"fee_ppm": "0.5"},
        {"fee_ppm": ""},
        {"fee_ppm": "1000001"},
        {"fee_ppm": "amount_fen / 3"},
        {"fee_min_fen": "1e3"},
        {"max_single_fen": "0"},
        {"priority": "٣٤"},
        {"enabled": "yes"},
        {"enabled": ""},
        {"method": '"CASH"'},
        {"platform": "H5"},
        {"platform": '"h5"'},
        {"channel": '"WECHAT", "CASH"'},
        {"amount_fen": '"500"'},
        {"amount_fen": "> "},
        {"amount_fen": "(("},
        {"amount_fen": "rand(3) > 1"},
        {"amount_fen": 'date("now") > 1'},
        {"merchant": "> 5"},
        {"merchant": "unknown_name"},
        {"merchant": '"' + "M" * 600 + '"'},
    ],
    ids=lambda cells: str(cells)[:40],
)
def test_a_cell_that_could_never_match_or_count_is_refused(cells):
    with pytest.raises(RulesTableError):
        rules_with(table=table(row() | cells))


def broken_table(change):
    document = table(row())
    change(document)
    return document


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("nodes"),
        lambda document: document["nodes"].pop(),
        lambda document: document["nodes"].append(document["nodes"][1]),
        lambda document: document["nodes"][1]["content"].update(hitPolicy="collect"),
        lambda document: document["nodes"][1].pop("content"),
        lambda document: document["nodes"][1]["content"].update(rules=[]),
        lambda document: document["nodes"][1]["content"].update(rules=[row()] * 501),
        lambda document: document["nodes"][1]["content"].update(rules=[7]),
        lambda document: document["nodes"][1]["content"]["rules"][0].update(fee_ppm=6000),
        lambda document: document["nodes"][1]["content"]["outputs"].pop(0),
        lambda document: document["nodes"][1]["content"]["inputs"][0].update(field="weekday"),
        lambda document: document["nodes"][1]["content"]["inputs"][0].update(id="method"),
        lambda document: document["nodes"][1]["content"].update(inputs=[]),
    ],
)
def test_a_table_of_another_shape_is_refused(change):
    with pytest.raises(RulesTableError):
        rules_with(table=broken_table(change))


def test_a_table_that_is_no_json_is_refused():
    with pytest.raises(RulesTableError):
        compiled("{")


def test_numbers_come_out_of_the_table_as_they_went_in():
    rules = rules_with(table=table(row("WECHAT", 123_457, fee_min_fen="9999999999999")))
    match = compiled(rules.table)
    terms, nothing = match([SAMPLE, (*SAMPLE[:2], "ALIPAY", *SAMPLE[3:])])
    assert (terms.fee_ppm, terms.fee_min_fen, terms.max_single_fen) == (123_457, 9_999_999_999_999, MAX_FEN)
    assert nothing is None
    assert match([]) == []
    assert compiled(rules.table) is match


def test_versions_follow_each_other_and_stay(store, published):
    one, two = published(window=5), published(window=6)
    assert (one.version, two.version) == (1, 2)
    assert rules_of(store, 1) == one
    assert all_rules(store) == {0: default_rules(), 1: one, 2: two}
    assert one.digest != two.digest
    with pytest.raises(RulesNotFoundError):
        rules_of(store, 3)


def test_the_same_rules_have_the_same_digest_whoever_publishes_them(published):
    assert published().digest == published().digest == default_rules().digest


def test_of_many_publishers_one_wins(store):
    before = current_rules(store)

    def publishes(number: int) -> bool:
        try:
            draft = json.dumps(default_draft() | {"window": number + 1})
            store.commit(*publish(before, draft, f"p{number}", Instant(NOON)).writes)
        except RulesSupersededError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(publishes, range(8))) == 1
    assert current_rules(store).version == 1
    assert current_rules(store).text == rules_of(store, 1).text


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        (quotas(100), quotas(100), True),
        (quotas(100), quotas(101), True),
        (quotas(100), quotas(99), False),
        (quotas(100, shards=4), quotas(100, shards=5), False),
        (quotas(100), {}, True),
        ({}, quotas(100), False),
        ({}, quotas(100, day="20261123"), True),
        (quotas(100), {"WECHAT": [*quotas(100)["WECHAT"], PLAN | {"from_day": "20261123"}]}, True),
        (quotas(100), quotas(100, day="20261201"), True),
    ],
)
def test_a_quota_that_counts_can_only_grow_or_end(before, after, allowed, published):
    published(quotas=before)
    if allowed:
        assert published(quotas=after).version == 2
    else:
        with pytest.raises(RulesQuotaFixedError):
            published(quotas=after)


def test_shortly_before_midnight_the_next_day_counts_already(published, clock):
    published(quotas={})
    clock.at = NOON + 12 * 60 * MINUTE - 11 * MINUTE
    published(quotas=quotas(100, day="20261123"))
    clock.at += 2 * MINUTE
    with pytest.raises(RulesQuotaFixedError):
        published(quotas=quotas(90, day="20261123"))


def test_a_running_process_takes_up_new_rules_within_the_cache_time(router, published, clock, meter):
    assert router.decide(request()).winner is PaymentMethod.WECHAT_NATIVE
    published(table=table(row("ALIPAY")))
    meter.reset()
    assert router.decide(request()).rules_version == 0
    assert meter.totals == {}
    clock.at += 5 * SECOND
    decision = router.decide(request())
    assert (decision.rules_version, decision.winner) == (1, PaymentMethod.ALIPAY_NATIVE)
    assert {name: usage.by_call for name, usage in meter.totals.items()} == {
        "(no operation)": {"batch_get": 1}
    }


def test_rules_that_cannot_be_read_leave_the_ones_before_in_force(router, published, store, clock):
    published(window=9)
    router.snapshot()
    store.commit(Put(CURRENT, {"version": 2, "text": '{"window": 0}'}, when=Exists()))
    clock.at += 5 * SECOND
    assert (router.snapshot().rules.window, router.snapshot().problem) == (9, "RULES_INVALID")


def test_a_stored_table_that_cannot_be_compiled_leaves_the_built_in_rules(router, published, store, clock):
    text = published().text.replace('"6000"', '"a lot"')
    store.commit(Put(CURRENT, {"version": 2, "text": text}, when=Exists()))
    decision = router.decide(request())
    assert (decision.rules_version, decision.winner) == (0, PaymentMethod.WECHAT_NATIVE)


def test_a_table_that_does_not_answer_leaves_what_was_known(engine, router, published, clock, monkeypatch):
    published(window=9)
    router.snapshot()
    calls = []

    def throttled(keys):
        calls.append(keys)
        raise Throttled

    monkeypatch.setattr(engine, "batch_get", throttled)
    clock.at += 5 * SECOND
    for _ in range(10):
        assert router.decide(request()).rules_version == 1
    assert router.snapshot().problem == "STORE_UNAVAILABLE"
    assert len(calls) == 5, "one question, with the store's own tries; not one for each decision"


def test_a_process_that_never_could_read_ignores_no_limit(engine, store, clock, monkeypatch):
    # Given rules that a new process cannot read
    def throttled(keys):
        raise Throttled

    read = engine.batch_get
    monkeypatch.setattr(engine, "batch_get", throttled)
    router = Router(store, clock)

    # Then every channel counts as well, and nothing is decided or reserved
    assert router.may_call(WECHAT)
    with pytest.raises(RulesUnknownError):
        router.decide(request())
    with pytest.raises(RulesUnknownError):
        router.commit_reserved(WECHAT, "A1", Fen(100), lambda *_: pytest.fail("committed"))

    # And as soon as it can read, without waiting for the cache to be old
    monkeypatch.setattr(engine, "batch_get", read)
    assert router.decide(request()).winner is PaymentMethod.WECHAT_NATIVE


def test_a_clock_that_was_set_back_does_not_freeze_what_is_known(router, published, clock):
    router.snapshot()
    published(window=9)
    clock.at -= 3_600 * SECOND
    assert router.snapshot().rules.window == 9
