"""The room's writes in DynamoDB's own expression language, as moto reads it: one life of each item."""

import json
from collections.abc import Iterator

import pytest
from unit.routing.samples import DAY, NOON, WECHAT, quotas

from octane.kernel.clock import SECOND, Instant
from octane.kernel.money import Fen
from octane.routing.decisions import Circuit, Outcome
from octane.routing.defaults import default_draft, default_rules
from octane.routing.publishing import publish, rules_of
from octane.routing.quota import QuotaExhaustedError, read_used, releasing
from octane.routing.router import Router
from octane.rulebook.errors import RulesSupersededError
from octane.store.store import Store
from world.engines import CountedNonces, HandClock, on_moto


@pytest.fixture
def store() -> Iterator[Store]:
    with on_moto() as engine:
        yield Store(engine, CountedNonces(), pause=lambda attempt: None)


def test_rules_quota_and_breaker_live_on_dynamodb(store):
    clock = HandClock(NOON)
    publication = publish(
        default_rules(), json.dumps(default_draft() | {"quotas": quotas(100)}), "tests", Instant(NOON)
    )
    store.commit(*publication.writes)
    with pytest.raises(RulesSupersededError):
        store.commit(*publication.writes)
    assert rules_of(store, 1) == publication.rules

    router = Router(store, clock)
    plan = router.snapshot().rules.quota(WECHAT, DAY)
    found = router.commit_reserved(WECHAT, "A", Fen(90), lambda _, writes: store.commit(*writes))
    with pytest.raises(QuotaExhaustedError):
        router.commit_reserved(WECHAT, "B", Fen(11), lambda _, writes: store.commit(*writes))
    store.commit(*releasing(found, clock.now()))
    assert sum(read_used(store, plan, WECHAT, DAY)) == 0

    for number in range(60):
        router.report(WECHAT, f"good{number}", Outcome.OK, 10)
    for number in range(5):
        router.report(WECHAT, f"bad{number}", Outcome.CHANNEL_ERROR, 0)
    clock.at += 20 * SECOND
    assert router.snapshot().records[WECHAT].circuit is Circuit.OPEN
    assert router.claim_probe(WECHAT, "P1")
    assert not Router(store, clock).claim_probe(WECHAT, "P2")
    router.report(WECHAT, "P1", Outcome.CHANNEL_ERROR, 0)
    clock.at += 40 * SECOND
    assert router.claim_probe(WECHAT, "P3")
    router.report(WECHAT, "P3", Outcome.OK, 10)
    clock.at += 5 * SECOND
    record = Router(store, clock).snapshot().records[WECHAT]
    assert (record.circuit, record.calls, record.run, record.probe_by) == (Circuit.CLOSED, 1, 0, "")
