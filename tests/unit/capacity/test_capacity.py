"""The capacity model (OP9): limits are obeyed, nobody is lost, and the same seed gives the same run."""

import pytest

from capacity import search
from capacity.charts import Chart, drawn
from capacity.constants import Operation, Share, read_constants
from capacity.limits import LIMITS
from capacity.local import Measured, Round, validate
from capacity.settings import Settings
from capacity.stories import WAITING_SECONDS as WAITING
from capacity.stories import Crowd, Sale, pay, sell
from capacity.tally import spread
from capacity.world import CLAIM_TRIES, Bucket, World
from local.package import read_template
from octane.coupons.claims import MOST_ROUNDS, WAITING_SECONDS
from octane.coupons.stock import MOST_SHARDS
from octane.store.items import DUE_SHARDS
from world.system import ROOT

SEED = 3
CONSTANTS = read_constants()
PAY, SALE = CONSTANTS.of("pay"), CONSTANTS.of("sale")
AMPLE = 100_000


def ample(operations: dict[str, Operation], **more: object) -> Settings:
    return search.ample(operations)._replace(due_shards=64)._replace(**more)  # type: ignore[arg-type]


def writer(*shares: Share, transactions: int = 1) -> dict[str, Operation]:
    return {"write": Operation("write", 1.0, 100.0, 0, transactions, 0, 0, 0, 0.0, shares)}


@pytest.mark.parametrize("settings", [Settings(), ample(PAY)], ids=["today", "ample"])
def test_everybody_who_pays_ends_once(settings: Settings) -> None:
    tally = pay(PAY, settings, Crowd(people=600, within_s=0.2), SEED)
    assert sum(tally.ended.values()) == 600
    assert tally.ended["delivered"] == len(tally.took["paid, delivered"]) > 0


@pytest.mark.parametrize("settings", [Settings(stock_shards=2), ample(SALE)], ids=["two shards", "ample"])
def test_everybody_who_claims_ends_once(settings: Settings) -> None:
    tally = sell(SALE, settings, Sale(claims=600, within_s=0.5), SEED)
    assert sum(tally.ended.values()) == 600
    assert tally.ended["claimed"] == len(tally.took["claim"])


def test_today_is_what_is_deployed() -> None:
    template = read_template(ROOT / "template.yaml")
    everybody = template["Resources"]["Api"]["Properties"]["MethodSettings"][0]
    recharges = template["Resources"]["RechargeOrderFunction"]["Properties"]["Events"]["Work"]["Properties"]
    today = Settings()
    assert (everybody["HttpMethod"], everybody["ResourcePath"]) == ("*", "/*")
    assert today.gateway_rate == everybody["ThrottlingRateLimit"]
    assert today.gateway_burst == everybody["ThrottlingBurstLimit"]
    assert today.queue_workers == recharges["ScalingConfig"]["MaximumConcurrency"]
    assert today.memory_mb == template["Globals"]["Function"]["MemorySize"]
    assert (today.due_shards, today.stock_shards) == (DUE_SHARDS, MOST_SHARDS)


def test_what_is_recommended_can_be_set() -> None:
    assert max(search.STOCK_SHARDS) == MOST_SHARDS
    assert CLAIM_TRIES == MOST_ROUNDS
    assert WAITING == WAITING_SECONDS


def test_the_same_seed_gives_the_same_run() -> None:
    runs = [pay(PAY, Settings(), Crowd(people=200), seed) for seed in (SEED, SEED, SEED + 1)]
    assert runs[0].took == runs[1].took != runs[2].took


def test_nothing_runs_when_nobody_comes() -> None:
    assert not pay(PAY, Settings(), Crowd(people=0), SEED).invoked


def test_a_bucket_never_gives_more_than_it_holds_and_gets() -> None:
    bucket, given = Bucket(10, 5), 0
    for tick in range(200):
        if bucket.has(tick / 100, 1):
            bucket.take(1)
            given += 1
    assert given == 5 + 19  # what it held, and what came in within 1.99 seconds


def test_the_account_never_runs_more_than_it_may() -> None:
    settings = Settings(concurrency=20, gateway_rate=10_000, gateway_burst=10_000)
    tally = pay(PAY, settings, Crowd(people=300, within_s=0.1), SEED)
    assert max(tally.peak.values()) <= 20
    assert tally.refused["lambda"] > 0


def test_what_is_kept_ready_starts_without_a_cold_start() -> None:
    ready = sell(SALE, ample(SALE), Sale(claims=200, within_s=0.1), SEED)
    cold = sell(SALE, ample(SALE, provisioned={}), Sale(claims=200, within_s=0.1), SEED)
    assert not ready.cold
    assert 0 < cold.cold["claim"] <= 200
    assert spread(cold.took["claim"]).p50 > 2 * spread(ready.took["claim"]).p50


def test_lambda_counts_requests_and_not_only_environments() -> None:
    """Ten a second for each: fast functions run into it long before their environments are all busy."""
    crowd = Sale(claims=2_000, within_s=1.0)
    assert sell(SALE, ample(SALE), crowd, SEED).peak["authorize"] < 50
    few = ample(SALE, provisioned={"authorize": 50, "claim": AMPLE})
    assert sell(SALE, few, crowd, SEED).cold["authorize"] > 0
    narrow = sell(SALE, ample(SALE, provisioned={}, concurrency=100), crowd, SEED)
    assert narrow.refused["lambda"] > 0
    assert narrow.most_requested("authorize", "claim") <= 2 * 100 * LIMITS["lambda_requests"].value


def test_environments_come_no_faster_than_lambda_brings_them() -> None:
    crowd = Sale(claims=3_000, within_s=0.1)
    settings = ample(SALE, provisioned={"authorize": AMPLE}, gateway_burst=10_000, stock_shards=4_000)
    tally = sell(SALE, settings, crowd, SEED)
    assert tally.refused["lambda"] > 0
    seconds = max(tally.took["claim"])
    assert tally.cold["claim"] <= 1_000 + LIMITS["lambda_scaling"].value * (seconds + 1)


def test_the_gateway_refuses_what_is_beyond_its_burst() -> None:
    settings = ample(SALE, gateway_rate=100, gateway_burst=50)
    tally = sell(SALE, settings, Sale(claims=300, within_s=0.1), SEED)
    assert tally.refused["gateway"] >= 300 - 50 - 100
    assert tally.throttled >= tally.refused["gateway"]


@pytest.mark.parametrize(("shards", "most"), [(1, 1_000), (8, 8_000)])
def test_a_shared_partition_takes_its_thousand_units_a_second(shards: int, most: int) -> None:
    # Given writers of one unit to an index that everybody writes
    operations = writer(Share("orders/due", 1, 4))
    world = World(operations, ample(operations, due_shards=shards), SEED)

    # When 20,000 come within four seconds
    for number in range(20_000):
        world.env.process(_later(world, number / 5_000))
    world.env.run(until=4)

    # Then what they get is the partitions' limit, and a second's worth that had been saved
    taken = world.tally.written_at["orders/due"]
    assert sum(taken.values()) <= most * 5
    assert sum(taken.values()) >= min(most * 4, 18_000) * 0.9
    assert bool(world.tally.refused["partition"]) is (shards == 1)


def _later(world: World, at: float):  # type: ignore[no-untyped-def]  # a process of simpy
    yield world.env.timeout(at)
    yield from world.invoke("write")


def test_a_table_that_is_not_warm_refuses() -> None:
    operations = writer(Share("orders", 4, 0))
    world = World(operations, ample(operations, warm_writes={}), SEED)
    for _ in range(3_000):
        world.env.process(_later(world, 0.0))
    world.env.run()
    assert world.tally.refused["table"] > 0
    assert world.tally.most_written("orders") <= 2 * LIMITS["new_table_writes"].value


def test_two_transactions_never_hold_one_item() -> None:
    """More partitions, fewer conflicts: that is what the search relies on."""
    sale = Sale(claims=1_000, within_s=1.0)
    conflicts = [sell(SALE, ample(SALE, stock_shards=n), sale, SEED).refused["conflict"] for n in (8, 32, 90)]
    assert conflicts[0] > conflicts[1] > conflicts[2]


def test_what_is_used_is_paid_for() -> None:
    tally = sell(SALE, ample(SALE), Sale(claims=100, within_s=1.0), SEED)
    assert tally.used["gateway_request"] == 100
    assert tally.used["write_unit"] == 100 * round(SALE["claim"].write_units)
    assert tally.invoked == {"authorize": 100, "claim": 100}
    assert 0 < tally.cost_usd(0) < tally.cost_usd(1_000)


def test_the_search_finds_settings_that_serve_everybody_in_time() -> None:
    found = search.paying(PAY, Crowd(people=400, within_s=0.1), SEED)
    assert found.then.ended == {"delivered": 400}
    assert found.then.p99("place_order", "pay_order") <= 3
    assert found.settings.concurrency >= sum(found.settings.provisioned.values())


def test_one_worker_alone_is_foretold_exactly_and_two_share() -> None:
    # Given a request of 10 ms CPU and two calls of 5 ms, on two cores
    alone = [(0.020, 0.010)] * 50

    def measured(workers: int, wall: float) -> Measured:
        together = [(wall, 0.010)] * 50 * workers
        return Measured("place_order", workers, 2, 2, [Round(2.0, 1.0, 0.005, alone, together, 50 * wall)])

    # Then one is as fast as it was, and six are bound by the cores: 10 ms of each for every request
    assert validate(measured(1, 0.020), SEED).error_percent == pytest.approx(0, abs=1)
    many = validate(measured(6, 0.060), SEED).foretold
    assert many.throughput == pytest.approx(100, rel=0.1)


def test_percentiles_are_by_rank() -> None:
    assert spread([float(n) for n in range(100)]) == (50, 95, 99, 99)
    assert spread([]) == (0, 0, 0, 0)


def test_a_chart_is_a_document_with_its_lines() -> None:
    text = drawn(Chart("a < b", "s", "n", {"one": [(0, 0), (1, 2)], "two": [(0, 1), (1, 1)]}, mark=1.5))
    assert text.count("<polyline") == 3
    assert "a &lt; b" in text
