"""Rules, requests and a router on the memory engine."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from unit.routing.samples import NOON

from octane.routing.defaults import default_draft, default_rules
from octane.routing.publishing import publish
from octane.routing.router import Router
from octane.routing.rules import RuleSet
from octane.store.store import Store
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOON)


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def engine(clock: HandClock, meter: Meter) -> MemoryEngine:
    return MemoryEngine(clock, meter)


@pytest.fixture
def store(engine: MemoryEngine) -> Store:
    return Store(engine, CountedNonces(), pause=lambda attempt: None)


@pytest.fixture
def router(store: Store, clock: HandClock) -> Router:
    return Router(store, clock)


@pytest.fixture
def published(store: Store, clock: HandClock) -> Callable[..., RuleSet]:
    """Publish the default draft with changes as the next version."""
    made = [default_rules()]

    def publishes(**changes: Any) -> RuleSet:
        publication = publish(made[-1], json.dumps(default_draft() | changes), "tests", clock.now())
        store.commit(*publication.writes)
        made.append(publication.rules)
        return publication.rules

    return publishes


@pytest.fixture
def others(store: Store, clock: HandClock) -> Callable[[], Router]:
    """Another process on the same tables."""
    return lambda: Router(store, clock)
