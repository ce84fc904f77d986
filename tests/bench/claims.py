"""What a claim of a coupon takes: CPU of the real handler and client, and what it writes where (MK1)."""

import copy
import statistics
import time
from collections import defaultdict
from itertools import count
from types import SimpleNamespace
from typing import Any, NamedTuple

from bench.journal import AwsAnswer
from bench.partitions import Share, written
from bench.warm import AwsEdge, StillClock, assert_good, load_handler, silence
from octane import wiring
from octane.coupons.campaigns import CampaignState, Offer, Terms
from octane.coupons.claims import Claims
from octane.coupons.editing import Change, NewCampaign, change_campaign, create_campaign
from octane.coupons.holding import Discount
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE, Instant, later
from octane.kernel.ids import derive_id
from octane.store.dynamodb import DynamoDbEngine
from octane.store.items import Table
from octane.store.store import Store
from octane.wire.aws import new_client, new_session
from world.engines import CountedNonces
from world.memory_engine import MemoryEngine
from world.meter import Meter
from world.shop import Shop, context

FUNCTION = "coupons/claim_coupon"
NOW = Instant(1_795_000_000_000)
RATE = 5_000
"""Claims a second that the campaign is made for: several shards."""
CLAIMS = 200
WARM_UP = 20


class Claimed(NamedTuple):
    cpu_ms: float
    shares: list[Share]
    transactions: int
    reads: int


def claimed() -> Claimed:
    """Open a sale in memory, claim until the process knows it, then count claims and time them."""
    meter = Meter()
    engine = MemoryEngine(StillClock(NOW), meter)
    store = Store(engine, CountedNonces(), lambda _: None)
    campaign_id = _campaign(store)
    clock = StillClock(later(NOW, 2 * MINUTE))
    claims = Claims(store, clock)
    deps: Any = SimpleNamespace(claims=claims, clock=clock)
    wiring.use(deps)
    try:
        handler = load_handler(FUNCTION)
        events = [_event(campaign_id, number) for number in range(CLAIMS + WARM_UP)]
        with silence():
            for event in events[:WARM_UP]:
                assert_good(handler(event, context()))
            before = len(engine.changes(Table.COUPONS))
            with meter.operation("claims") as usage:
                for event in events[WARM_UP:]:
                    assert_good(handler(event, context()))
            changes = engine.changes(Table.COUPONS, before)
            cpu_ms = _cpu_ms(handler, claims, events)
    finally:
        wiring.use(None)
    units: dict[tuple[str, bool], float] = defaultdict(float)
    for one in written(changes, is_transaction=True):
        stock = one.place == "coupons/claims" or one.partition.startswith("CAMPAIGN#")
        units[one.place, stock] += one.units / CLAIMS
    shards = len({one.partition for one in written(changes, is_transaction=True) if _is_stock(one.partition)})
    shares = sorted(Share(place, round(taken, 2), shards * stock) for (place, stock), taken in units.items())
    calls = usage.by_call
    return Claimed(cpu_ms, shares, round(calls["transact"] / CLAIMS), round(calls["get"] / CLAIMS))


def _is_stock(partition: str) -> bool:
    return partition.startswith("CAMPAIGN#")


def _campaign(store: Store) -> str:
    deps: Any = SimpleNamespace(store=store, clock=StillClock(NOW))
    staff, opens = Caller(derive_id("U", "staff"), Role.OPERATOR, "S"), later(NOW, MINUTE)
    terms = Terms(Discount.FIXED, 500, 30)
    offer = Offer("sale", 1_000_000, opens, later(opens, 60 * MINUTE), 1, RATE, terms)
    draft = create_campaign(deps, staff, NewCampaign(offer), "bench-campaign")
    change_campaign(deps, staff, draft.campaign_id, Change(draft.version, CampaignState.OPEN, offer))
    return draft.campaign_id


def _event(campaign_id: str, number: int) -> dict[str, Any]:
    """A claim as it passes the gateway, of somebody new."""
    path = f"/api/v1/campaigns/{campaign_id}/claims"
    maker: Any = SimpleNamespace(_keys=count(number))
    event = Shop.event(maker, "POST", path, None, headers={"Idempotency-Key": f"claim-{number:06d}"})
    event["resource"] = "/api/v1/campaigns/{campaign_id}/claims"
    event["pathParameters"] = {"campaign_id": campaign_id}
    user = derive_id("U", f"claimer {number}")
    who = {"user_id": user, "role": Role.CUSTOMER.value, "session_id": "S", "openid": "o"}
    event["requestContext"]["authorizer"] = who
    return event


def _cpu_ms(handler: Any, claims: Claims, events: list[dict[str, Any]]) -> float:
    """Median of the real client's calls, answered as DynamoDB answers a transaction."""
    edge, client = AwsEdge(), new_client(new_session(), "dynamodb")
    edge.attach(client)
    claims._store = Store(DynamoDbEngine(client, {Table.COUPONS: "coupons"}), CountedNonces(), lambda _: None)
    spent = []
    for event in events:
        edge.answers.append(AwsAnswer("dynamodb", b"{}"))
        sent = copy.deepcopy(event)
        start = time.process_time()
        answer = handler(sent, context())
        spent.append(time.process_time() - start)
        assert_good(answer)
        assert not edge.answers, "a claim is one call"
    return statistics.median(spent[WARM_UP:]) * 1_000
