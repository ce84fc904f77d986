"""32 threads and one stock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from octane.kernel.errors import StateError
from octane.store.engine import Engine
from octane.store.items import Query, Table
from octane.store.store import Store, StoreUnavailableError
from octane.store.writes import AtLeast, Update
from world.engines import CountedNonces, at, put, stored, whole

THREADS, STOCK = 32, 20


class SoldOutError(StateError):
    code = "SOLD_OUT"


def sold(engine: Engine, attempt: Callable[[Store, int], object]) -> int:
    """Run the attempt in 32 threads at once; return how many succeeded. A busy table counts as not sold."""
    store = Store(engine, CountedNonces(), pause=lambda attempt: None)

    def buys(number: int) -> bool:
        try:
            attempt(store, number)
        except (SoldOutError, StoreUnavailableError):
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(buys, range(THREADS)))


def test_32_threads_never_oversell(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), stock=STOCK)
    claim = Update(at(pk), AtLeast("stock", 1), add={"stock": -1}, otherwise=SoldOutError())
    assert sold(engine, lambda store, _: store.take(claim)) == STOCK
    assert engine.get(at(pk)) == whole(at(pk), stock=0)


def test_32_transactions_sell_what_they_deliver(engine: Engine, pk: str) -> None:
    """Transactions that meet may cancel each other, but stock and receipts stay in step."""
    stored(engine, at(pk), stock=STOCK)

    def buy(store: Store, number: int) -> None:
        claim = Update(at(pk), AtLeast("stock", 1), add={"stock": -1}, otherwise=SoldOutError())
        store.commit(put(at(pk, f"receipt{number:02}")), claim)

    count_sold = sold(engine, buy)
    receipts = engine.query(Query(Table.ORDERS, pk, first="receipt")).items
    stock = engine.get(at(pk))
    assert stock is not None
    assert len(receipts) == count_sold <= STOCK
    assert stock["stock"] == STOCK - count_sold
