"""A channel's quota and 64 payers at once, each a process of its own, on the embedded AWS (PY5)."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from octane.channels.port import ChannelName
from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.kernel.money import Fen
from octane.routing.defaults import default_draft, default_rules
from octane.routing.publishing import publish
from octane.routing.quota import QuotaExhaustedError, Reservation, read_used, releasing
from octane.routing.router import Router
from octane.store.store import Store
from octane.store.writes import Absent, Put, Update
from world.engines import CountedNonces, HandClock, at, on_dynamodb

PAYERS, ROOM, SHARDS = 64, 40, 7
AMOUNT = Fen(100)
NOON = 1_795_320_000_000
DAY = "20261122"
WECHAT = ChannelName.WECHAT


class Crowd:
    """Payers on the same tables. `took` is what each that paid has reserved, by payer."""

    def __init__(self, endpoint: str) -> None:
        self._engine = on_dynamodb(endpoint)
        self.store = self._process()
        self.took: dict[int, Reservation] = {}
        plan = {"from_day": DAY, "limit_fen": ROOM * AMOUNT, "shards": SHARDS}
        draft = json.dumps(default_draft() | {"quotas": {WECHAT.value: [plan]}})
        publication = publish(default_rules(), draft, "tests", Instant(NOON))
        self.store.commit(*publication.writes)
        found = publication.rules.quota(WECHAT, DAY)
        assert found is not None
        self.plan = found

    def _process(self) -> Store:
        return Store(self._engine, CountedNonces(), pause=lambda attempt: None)

    def pays(self, number: int) -> bool:
        """Reserve in the transaction that stores the attempt, in a process that knows nothing yet."""
        store = self._process()

        def commit(_: Reservation | None, updates: tuple[Update, ...]) -> None:
            store.commit(Put(at(f"crowd-{number}"), {"fen": AMOUNT}, when=Absent()), *updates)

        try:
            reservation = Router(store, HandClock(NOON)).commit_reserved(WECHAT, f"A{number}", AMOUNT, commit)
        except (QuotaExhaustedError, UnavailableError):
            return False
        assert reservation is not None
        self.took[number] = reservation
        return True

    def at_once(self, numbers: range) -> int:
        barrier = Barrier(len(numbers))

        def runs(number: int) -> bool:
            barrier.wait()
            return self.pays(number)

        with ThreadPoolExecutor(len(numbers)) as pool:
            return sum(pool.map(runs, numbers))

    def must_add_up(self) -> int:
        """Return what the shards hold: what was reserved, what the attempts say, and never over the limit."""
        used = read_used(self.store, self.plan, WECHAT, DAY)
        attempts = sum(self.store.get(at(f"crowd-{number}")) is not None for number in range(2 * PAYERS))
        assert sum(used) == sum(taken.amount for taken in self.took.values()) <= ROOM * AMOUNT
        assert attempts == len(self.took)
        return sum(used)


def test_64_payers_at_once_never_pass_the_quota(endpoint: str) -> None:
    crowd = Crowd(endpoint)
    paid = crowd.at_once(range(PAYERS))
    assert 0 < paid <= ROOM
    assert crowd.must_add_up() == paid * AMOUNT
    # whom the crowd pushed aside finds the room that is left, and not a fen more
    later = sum(crowd.pays(number) for number in range(PAYERS, 2 * PAYERS))
    assert paid + later == ROOM
    assert crowd.must_add_up() == ROOM * AMOUNT


def test_what_64_payers_give_back_and_take_at_once_adds_up(endpoint: str) -> None:
    """Half of the room is given back while others pay."""
    crowd = Crowd(endpoint)
    for number in range(ROOM):
        assert crowd.pays(number)
    gone = [crowd.took.pop(number) for number in range(ROOM // 2)]

    def gives_back(reservation: Reservation) -> None:
        while True:
            try:
                crowd.store.commit(*releasing(reservation, Instant(NOON)))
            except UnavailableError:  # a transaction conflict, as often as the store tries
                continue
            return

    with ThreadPoolExecutor(2) as pool:
        returning = pool.submit(lambda: [gives_back(reservation) for reservation in gone])
        paid = crowd.at_once(range(PAYERS, 2 * PAYERS))
        returning.result()
    assert paid <= len(gone)
    used = sum(read_used(crowd.store, crowd.plan, WECHAT, DAY))
    assert used == (ROOM - len(gone) + paid) * AMOUNT
