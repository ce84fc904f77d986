"""A flash sale on the embedded AWS, against the same transaction sent by bare boto3 (MK1).

    PYTHONPATH=layers/octane/python:infra:tests python -m bench.sale

The claimers are threads that share the knowledge of eight processes, so that each process makes 80 claims: in
a real sale it makes more, and what it learns once (the definition, which shards are empty) costs less.

In each run, Octane's claimers try twice as often as there are units; bare boto3 sends as many transactions as
there are units, spread evenly over shards of another campaign, none of which fails, half of them before and
half after, so that a machine that gets slower meanwhile slows both. A rate is units over the time to the last
unit. Both use the same client, so what differs is what Octane does around the call, and that its claimers
must find the last units. Ends with 1 when a unit too many was sold, when there was one left while somebody
was told that none is, or when the runs' median of Octane's rate to bare boto3's is below `LEAST_RATIO`.
"""

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, local
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from octane.coupons.admission import CampaignNotOpenError, SoldOutError, WaitingRoomError
from octane.coupons.campaigns import Campaign, CampaignState, Offer, Terms
from octane.coupons.claims import Claims
from octane.coupons.editing import Change, NewCampaign, change_campaign, create_campaign
from octane.coupons.holding import Discount
from octane.coupons.stock import left_in, read_shards
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE, Clock, SystemClock, later
from octane.kernel.ids import derive_id
from octane.store.dynamodb import DynamoDbEngine
from octane.store.items import CLAIMS, Query, Table
from octane.store.store import Store
from octane.wiring import pause
from world.embedded import embedded_aws
from world.engines import CountedNonces
from world.tables import create_tables

RUNS, CLAIMERS, PROCESSES = 20, 64, 8
UNITS, TRIES = 640, 1_280
SMALL_UNITS, SMALL_TRIES = 200, 1_000
EXPECTED_RATE = 200
"""Claims per second that the campaign is said to expect, about what the embedded AWS takes: 4 shards."""
OPENS_MS = 4_000
"""So long before it opens, a campaign is made, and every process is asked: the crowd is at the doors."""
LEAST_RATIO = 0.8
TERMS = Terms(Discount.FIXED, 500, 30)
STAFF = Caller(derive_id("U", "staff"), Role.OPERATOR, "S")
EARLY = Caller(derive_id("U", "early"), Role.CUSTOMER, "S")


class Counting:
    """A client that counts each thread's calls."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._thread = local()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def counted(**parameters: Any) -> Any:
            self._thread.calls = self.calls() + 1
            return call(**parameters)

        return counted

    def calls(self) -> int:
        return int(getattr(self._thread, "calls", 0))


class Try(NamedTuple):
    """One claim that was sent, and its answer: `granted`, `sold_out`, `waiting`. Times are seconds."""

    sent_at: float
    told_at: float
    answer: str
    calls: int
    """AWS calls of the claim until then, its tries before included."""


class Sale(NamedTuple):
    """One run. Rates are units per second."""

    units: int
    tries: int
    rate: float
    bare_rate: float
    granted: int
    sold_out: int
    waiting: int
    """Answers WAITING_ROOM; each was followed by the same claim again."""
    calls: tuple[int, ...]
    """AWS calls of each claim that was granted."""
    oversold: int
    unsold_while_refused: int

    @property
    def ratio(self) -> float:
        return self.rate / self.bare_rate


class Place:
    """The tables, and whoever sells: implements `CouponDeps`."""

    def __init__(self, endpoint: str) -> None:
        self.client = Counting(_client(endpoint))
        self.tables = create_tables(self.client, "sale-")
        self.clock: Clock = SystemClock()
        self.store = Store(DynamoDbEngine(self.client, self.tables), CountedNonces(), pause)
        self._made = 0

    def campaign(self, units: int) -> Campaign:
        self._made += 1
        opens = later(self.clock.now(), OPENS_MS)
        offer = Offer("sale", units, opens, later(opens, 60 * MINUTE), 1, EXPECTED_RATE, TERMS)
        draft = create_campaign(self, STAFF, NewCampaign(offer), f"sale-{self._made:06d}")
        change = Change(draft.version, CampaignState.OPEN, offer)
        return change_campaign(self, STAFF, draft.campaign_id, change)

    def run(self, units: int, tries: int) -> Sale:
        other = self.campaign(units)
        requests = [self._request(other, turn, self.clock.now()) for turn in range(units)]
        bare_seconds = self._bare(requests[: units // 2])
        campaign = self.campaign(units)
        began, claimed = self._claimed(campaign, tries)
        bare_seconds += self._bare(requests[units // 2 :])
        shards = read_shards(self.store, campaign)
        coupons = sum(self._coupons(campaign))
        answers = Counter(one.answer for one in claimed)
        granted = [one for one in claimed if one.answer == "granted"]
        short = sum(-min(shard.left, 0) for shard in shards)
        return Sale(
            units,
            tries,
            len(granted) / (max(one.told_at for one in granted) - began),
            units / bare_seconds,
            len(granted),
            answers["sold_out"],
            answers["waiting"],
            tuple(one.calls for one in granted),
            max(coupons - units, len(granted) - units, short, 0),
            unsold_while_refused(claimed, left_in(shards)),
        )

    def _claimed(self, campaign: Campaign, tries: int) -> tuple[float, list[Try]]:
        """When all claimers began, and what they were told."""
        processes = [Claims(self.store, self.clock) for _ in range(PROCESSES)]
        for process in processes:
            with suppress(CampaignNotOpenError):
                process.claim(EARLY, campaign.campaign_id, "too-early")
        time.sleep(max(0, campaign.offer.opens_at - self.clock.now()) / 1_000)

        def claims(claimer: int) -> Iterator[Try]:
            for turn in range(claimer, tries, CLAIMERS):
                caller = Caller(derive_id("U", campaign.campaign_id, str(turn)), Role.CUSTOMER, "S")
                before = self.client.calls()
                answer = "waiting"
                while answer == "waiting":
                    sent_at = time.perf_counter()
                    try:
                        processes[claimer % PROCESSES].claim(caller, campaign.campaign_id, "the-only-key")
                        answer = "granted"
                    except SoldOutError:
                        answer = "sold_out"
                    except WaitingRoomError:
                        time.sleep(0.05)
                    yield Try(sent_at, time.perf_counter(), answer, self.client.calls() - before)

        began, told = _at_once(lambda claimer: list(claims(claimer)))
        return began, [each for one in told for each in one]

    def _bare(self, requests: Sequence[dict[str, Any]]) -> float:
        """Send the transactions that claims are; how long it took, seconds."""

        def send(claimer: int) -> float:
            for turn in range(claimer, len(requests), CLAIMERS):
                self.client.transact_write_items(**requests[turn])
            return time.perf_counter()

        began, ended = _at_once(send)
        return float(max(ended) - began)

    def _request(self, campaign: Campaign, turn: int, now: int) -> dict[str, Any]:
        table = self.tables[Table.COUPONS]
        account, shard = derive_id("U", campaign.campaign_id, str(turn)), turn % campaign.shards
        coupon_id = derive_id("C", account)
        text = {
            "pk": f"USER#{account}", "sk": f"COUPON#{coupon_id}", "campaign_id": campaign.campaign_id,
            "name": "sale", "state": "AVAILABLE", "discount": "FIXED", "products": "",
            "claim_shard": f"{campaign.campaign_id}#{shard:02d}", "claim_key": f"{now:015d}#{coupon_id}",
        }  # fmt: skip
        numbers = ("value", "threshold", "cap", "valid_from", "valid_until", "claimed_at")
        item = (
            {name: {"S": value} for name, value in text.items()}
            | {name: {"N": str(now)} for name in numbers}
            | {"stackable": {"BOOL": False}, "returns": {"BOOL": True}}
        )
        coupon = {
            "TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(#0)",
            "ExpressionAttributeNames": {"#0": "pk"},
        }  # fmt: skip
        group = {"pk": {"S": f"USER#{account}"}, "sk": {"S": f"CLAIMED#{campaign.limit_group}"}}
        limit = {
            "TableName": table, "Key": group, "UpdateExpression": "ADD #0 :0",
            "ConditionExpression": "(attribute_not_exists(#0) OR #0 <= :1)",
            "ExpressionAttributeNames": {"#0": "claimed"},
            "ExpressionAttributeValues": {":0": {"N": "1"}, ":1": {"N": "0"}},
        }  # fmt: skip
        place = {"pk": {"S": f"CAMPAIGN#{campaign.campaign_id}#{shard:02d}"}, "sk": {"S": "#STOCK"}}
        stock = {
            "TableName": table, "Key": place, "UpdateExpression": "ADD #0 :0, #1 :1",
            "ConditionExpression": "(#2 = :2 AND #0 >= :1)",
            "ExpressionAttributeNames": {"#0": "left", "#1": "claimed", "#2": "version"},
            "ExpressionAttributeValues": {
                ":0": {"N": "-1"}, ":1": {"N": "1"}, ":2": {"N": str(campaign.version)},
            },
        }  # fmt: skip
        writes = [{"Put": coupon}, {"Update": limit}, {"Update": stock}]
        return {"TransactItems": writes, "ClientRequestToken": derive_id("B", account)}

    def _coupons(self, campaign: Campaign) -> Iterator[int]:
        """How many coupons name each shard."""
        for number in range(campaign.shards):
            query = Query(Table.COUPONS, f"{campaign.campaign_id}#{number:02d}", index=CLAIMS)
            yield sum(1 for _ in self.store.scan_pages(query))


def unsold_while_refused(tries: Iterable[Try], left: int) -> int:
    """How many units there were, for certain, when somebody was first told that all are claimed: those that
    were granted to a claim sent later, and those that are left in the end. Stock never grows in a run."""
    found = list(tries)
    refused = min((one.told_at for one in found if one.answer == "sold_out"), default=None)
    if refused is None:
        return 0
    return left + sum(one.answer == "granted" and one.sent_at > refused for one in found)


def _at_once(act: Callable[[int], Any]) -> tuple[float, list[Any]]:
    """Let all claimers begin together; when that was (`perf_counter`), and what each returned."""
    began: list[float] = []
    start = Barrier(CLAIMERS, action=lambda: began.append(time.perf_counter()))

    def begins(claimer: int) -> Any:
        start.wait()
        return act(claimer)

    with ThreadPoolExecutor(CLAIMERS) as pool:
        told = list(pool.map(begins, range(CLAIMERS)))
    return began[0], told


def _client(endpoint: str) -> Any:
    return boto3.session.Session().client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=CLAIMERS),
    )


def measure(runs: int, progress: Callable[[str], object]) -> tuple[list[Sale], Sale]:
    """The runs, and one with five claims for each of 200 units."""
    with embedded_aws() as endpoint:
        place = Place(endpoint)
        place.run(2 * CLAIMERS, 2 * CLAIMERS)  # connections, and what is made at a first call
        sales = []
        for number in range(1, runs + 1):
            sale = place.run(UNITS, TRIES)
            sales.append(sale)
            progress(
                f"{number:2d}/{runs}: {sale.granted} of {sale.units} units to {sale.tries} tries, "
                f"{sale.rate:.0f}/s; bare {sale.bare_rate:.0f}/s; ratio {sale.ratio:.3f}"
            )
        return sales, place.run(SMALL_UNITS, SMALL_TRIES)


def main() -> int:
    sales, small = measure(RUNS, lambda line: print(line, flush=True))
    every = [*sales, small]
    ratios = [sale.ratio for sale in sales]
    median = round(statistics.median(ratios), 3)
    oversold = sum(sale.oversold for sale in every)
    unsold = sum(sale.unsold_while_refused for sale in every)
    calls = [used for sale in sales for used in sale.calls]
    found = {
        "runs": len(sales),
        "claimers": CLAIMERS,
        "processes": PROCESSES,
        "units": UNITS,
        "tries": TRIES,
        "ratio_median": median,
        "ratio_min": round(min(ratios), 3),
        "claims_per_second": round(statistics.median(sale.rate for sale in sales), 1),
        "bare_per_second": round(statistics.median(sale.bare_rate for sale in sales), 1),
        "calls_per_claim": statistics.median_low(calls),
        "calls_per_claim_mean": round(statistics.mean(calls), 3),
        "oversold": oversold,
        "unsold_while_refused": unsold,
        "waiting_room": sum(sale.waiting for sale in every),
        "small": {
            "units": small.units,
            "tries": small.tries,
            "granted": small.granted,
            "sold_out": small.sold_out,
            "oversold": small.oversold,
        },
    }
    print(json.dumps(found))
    return 1 if oversold or unsold or median < LEAST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
