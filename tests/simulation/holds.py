"""Balances that carry a constraint, under faults: many hold from one small account, each settles once."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from octane.kernel.errors import OctaneError
from octane.kernel.money import Fen
from octane.ledger.balances import (
    HoldSettledError,
    HoldState,
    InsufficientBalanceError,
    credit,
    hold,
    hold_key,
    settle_hold,
    shards_for,
)
from octane.store.items import Table
from octane.store.store import Store
from simulation.people import Person
from simulation.violations import must
from simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARDS, BUYERS = 2, 6
EACH, CREDITED = Fen(30), Fen(70)


def open_sale(world: World, account: str) -> None:
    for shard in range(SHARDS):
        world.engine.write(credit(account, shard, CREDITED))


def buy(buyer: Person, account: str, hold_id: str, outcome: HoldState) -> None:
    """Hold and settle, as a customer who sends again until there is an answer."""
    store = buyer.deps.store
    try:
        shard = buyer.request("hold", hold_id, lambda: take(store, account, hold_id))
        buyer.wait(0, 3_000)
        for _ in range(buyer.random.randint(1, 2)):
            buyer.request("settle", hold_id, lambda: settle(store, account, shard, hold_id, outcome))
    except OctaneError as error:
        buyer.world.note(f"no sale: {error.code}")


def take(store: Store, account: str, hold_id: str) -> int:
    """Hold in the first shard that has enough; the same id again answers the shard it is held in."""
    for shard in shards_for(hold_id, SHARDS):
        try:
            store.commit(*hold(account, shard, hold_id, EACH))
        except InsufficientBalanceError:
            continue
        except HoldSettledError:
            held = store.get(hold_key(account, hold_id)) or {}
            return int(str(held["shard"]))
        return shard
    raise InsufficientBalanceError


def settle(store: Store, account: str, shard: int, hold_id: str, outcome: HoldState) -> None:
    try:
        store.commit(*settle_hold(account, shard, hold_id, EACH, outcome))
    except HoldSettledError:
        return  # by an earlier send of the same request


def check_holds(world: World) -> None:
    """What was credited is available, held or spent, shard by shard; what is held is what the holds say."""
    items: list[Mapping[str, Any]] = [*world.engine.items(Table.LEDGER)]
    by_state: Counter[tuple[str, str]] = Counter()
    for item in items:
        if str(item["pk"]).startswith("HOLD#"):
            account = str(item["pk"]).split("#")[1]
            by_state[f"BALANCE#{account}#{item['shard']:02d}", str(item["state"])] += int(str(item["amount"]))
    for item in items:
        shard = str(item["pk"])
        if shard.startswith("BALANCE#"):
            held, posted = by_state[shard, "HELD"], by_state[shard, "POSTED"]
            must(item["held"] == held, "a balance equals its holds", f"{shard}: {item['held']}, holds {held}")
            if shard.startswith("BALANCE#WALLET:"):
                continue  # `keepers.Wallets` knows what is in it
            left = int(str(item["available"])) + held + posted
            must(left == CREDITED, "a balance equals its holds", f"{shard}: {item}, posted {posted}")
