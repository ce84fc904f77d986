"""Routing as staff and tests set it: rules to publish, other processes, decisions as they are stored."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flow.customers import Customer
from flow.tills import TILLS, Till
from octane.kernel.clock import later
from octane.orders.routes import decision_key
from octane.routing.defaults import default_draft
from octane.routing.quota import beijing_day
from octane.rulebook.documents import table_of
from octane.store.items import Table
from world.shop import Answer, Shop
from world.wired import ShopWiring

HOUR = 3_600
FEES = {"WECHAT": 3_000, "ALIPAY": 6_000, "UNIONPAY": 9_000}
"""So far apart that a few failures do not change the order."""


def draft(fees: dict[str, int] = FEES, **changes: Any) -> dict[str, Any]:
    """Rules without exploration: the cheapest channel, and nothing by chance."""
    rows = [
        {"channel": f'"{channel}"', "enabled": "true", "fee_ppm": str(fee)} for channel, fee in fees.items()
    ]
    table = table_of(rows, ["channel"], ["enabled", "fee_ppm"])
    return {**default_draft(), "exploration_ppm": 0, "table": table, **changes}


def publish(shop: Shop, operator: Customer, **changes: Any) -> int:
    """Put a draft in force; return its version. What this process knew before is too old then."""
    based_on = operator.get("/routing/rules").body["version"]
    answer = operator.post("/routing/rules", {"rules": draft(**changes), "based_on": based_on})
    assert answer.status == 201, answer
    shop.clock.move(seconds=6)
    return int(answer.body["version"])


def quota(shop: Shop, channel: str, limit: int, shards: int = 1) -> dict[str, Any]:
    """A plan that counts today."""
    day = beijing_day(shop.clock.now())
    return {"quotas": {channel: [{"from_day": day, "limit_fen": limit, "shards": shards}]}}


def away_from_midnight(shop: Shop) -> None:
    """Where a test moves the clock by less than an hour, the day in Beijing stays what it is."""
    now = shop.clock.now()
    if beijing_day(now) != beijing_day(later(now, HOUR * 1_000)):
        shop.clock.move(seconds=HOUR)


def decision(shop: Shop, number: str) -> dict[str, Any]:
    """The stored decision of an attempt."""
    item = shop.wiring.store.get(decision_key(number[:26], int(number[-2:])))
    assert item is not None
    found: dict[str, Any] = json.loads(str(item["decision"]))
    return found


def route(person: Customer, order: str, platform: str = "H5", key: str | None = None, **more: Any) -> Answer:
    return person.choose(order, key, platform=platform, **more)


def decisions(shop: Shop) -> list[str]:
    """Every stored decision, as text."""
    items = shop.wiring.engine.items(Table.ORDERS)
    return [str(item["decision"]) for item in items if str(item["sk"]).startswith("ROUTE#")]


def heard(shop: Shop) -> list[str]:
    """The channels that hold a trade or a code, in the order of `TILLS`."""
    books = [(till, till.company(shop).get("/books")) for till in TILLS]
    return [till.channel.value for till, book in books if book["trades"] or book.get("codes")]


def another_process(shop: Shop, **settings: str) -> ShopWiring:
    """A wiring of its own over the same tables, as another instance of a function has it."""
    fresh = ShopWiring({**shop.wiring._environment, **settings}, shop.secrets, shop.clock)
    fresh.engine, fresh.lists, fresh.meter = shop.wiring.engine, shop.wiring.lists, shop.wiring.meter
    for name in ("signals", "queues", "sockets", "switches", "_data_keys"):
        fresh.__dict__[name] = shop.wiring.__dict__[name]
    return fresh


@contextmanager
def unreachable(shop: Shop, *tills: Till) -> Iterator[None]:
    """No connection to these channels opens: nobody listens where they should be."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        before = dict(shop.wiring.__dict__)
        for till in tills:
            name = till.channel.lower()
            away = another_process(shop, **{f"OCTANE_{till.channel}_URL": nowhere})
            shop.wiring.__dict__[name] = getattr(away, name)
        try:
            yield
        finally:
            for till in tills:
                name = till.channel.lower()
                shop.wiring.__dict__.pop(name)
                shop.wiring.__dict__ |= {name: before[name]} if name in before else {}
