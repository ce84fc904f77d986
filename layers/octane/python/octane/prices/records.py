"""Prices as they are kept, in the table of stations.

| key                                   | item                                                              |
|---------------------------------------|-------------------------------------------------------------------|
| `PRICES#CURRENT` / `#PRICES`          | all provinces as they are now: what is read                       |
| `PRICE#<province>` / `#CURRENT`       | one province: what is written first, on condition of its revision |
| `PRICE#<province>` / `VERSION#000012` | all its prices after a change, who changed what; never altered    |
| `TELLINGS` / `<province>#000012#07`   | subscribers of this shard are still to be told of this version    |

The first item is what other rooms read too, which may not import this one:

    {"revisions": …, "provinces": {"BJ": {"version": 12, "as_of": …,
        "prices": {"92": {"fen": 755, "as_of": …}}, "suspects": {"95": 990}}}}

`fen` is per litre, `as_of` when it was last heard (epoch ms), a province's the newest of its prices';
suspects are held back, not in force. It is written from the second ones and follows them at once; a process
that dies in between leaves it to the next pull. Its `revisions` is the sum of theirs, so that an older state
never overwrites a newer one.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from octane.kernel.clock import Instant
from octane.kernel.provinces import Province
from octane.prices.model import Fens, Grade, Price, ProvincePrices, Suspect, changes_between, fens_of
from octane.store.items import Item, Key, Query, Table, Value
from octane.store.store import Store
from octane.store.writes import (
    Absent,
    AtMost,
    ChangedMeanwhileError,
    Delete,
    Exists,
    Is,
    Put,
    Update,
    Write,
    any_of,
)

PRICES = Key(Table.STATIONS, "PRICES#CURRENT", "#PRICES")
TELLINGS = "TELLINGS"
SHARDS = 16
"""Of the subscribers of a province."""
Part: TypeAlias = dict[str, Value]


class Telling(NamedTuple):
    """Who is still to be told of a version: the subscribers of one shard, from behind `cursor` on."""

    province: Province
    version: int
    shard: int
    at: Instant = Instant(0)
    """When the price changed."""
    cursor: str = ""
    """The last subscriber of a finished page."""
    let_go: int = 0
    """When somebody was last claimed and not told: whoever passed over them must not close the shard."""

    @property
    def key(self) -> Key:
        return Key(Table.STATIONS, TELLINGS, f"{self.province.value}#{self.version:06d}#{self.shard:02d}")

    @property
    def message(self) -> dict[str, str | int]:
        """`PriceChanged`, for the queue."""
        return {"province": self.province.value, "version": self.version, "shard": self.shard}


def current_key(province: Province) -> Key:
    return Key(Table.STATIONS, f"PRICE#{province.value}", "#CURRENT")


def version_key(province: Province, version: int) -> Key:
    return Key(Table.STATIONS, f"PRICE#{province.value}", f"VERSION#{version:06d}")


def find_province(store: Store, province: Province) -> ProvincePrices:
    item = store.get(current_key(province))
    return ProvincePrices(province, {}, {}) if item is None else _province_in(province, item)


def find_provinces(store: Store, provinces: Iterable[Province] = Province) -> dict[Province, ProvincePrices]:
    """As many provinces as are asked for. One AWS call."""
    found = {str(item["pk"]): item for item in store.batch_get([current_key(one) for one in provinces])}
    return {
        one: _province_in(one, found[current_key(one).pk])
        if current_key(one).pk in found
        else ProvincePrices(one, {}, {})
        for one in provinces
    }


def replaced(
    before: ProvincePrices, after: ProvincePrices, by: str, at: Instant, *, is_told: bool = True
) -> tuple[Write, ...]:
    """Write a province's next state; with a new version also that, and, if anybody is told at all, that its
    subscribers are to be told.

    Each write raises `ChangedMeanwhileError` when somebody else was first: two pulls at once make one
    version.
    """
    key = current_key(after.province)
    when = Is("revision", before.revision) if before.revision else Absent()
    item: Item = {
        "version": after.version,
        "revision": after.revision,
        "prices": _parts(after.prices),
        "suspects": {grade.value: dict(one._asdict()) for grade, one in after.suspects.items()},
    }
    current = Put(key, item, when=when)
    if after.version == before.version:
        return (current,)
    changes = changes_between(fens_of(before.prices), fens_of(after.prices))
    version: Item = {
        "at": at,
        "by": by,
        "fens": {grade.value: price.fen for grade, price in after.prices.items()},
        "changes": {grade.value: dict(change._asdict()) for grade, change in changes.items()},
    }
    shards = range(SHARDS if is_told else 0)
    tellings = (Telling(after.province, after.version, shard) for shard in shards)
    return (
        current,
        Put(version_key(after.province, after.version), version, when=Absent()),
        *(Put(telling.key, {"at": at, "cursor": "", "let_go": 0}, when=Absent()) for telling in tellings),
    )


def find_version(store: Store, province: Province, version: int) -> Fens | None:
    """All prices after that change."""
    item = store.get(version_key(province, version))
    if item is None:
        return None
    return {Grade(name): _whole(fen) for name, fen in _part(item["fens"]).items()}


def publish(store: Store) -> None:
    """Write the one item that everybody reads from those of the provinces. Two AWS calls."""
    known = find_provinces(store)
    revisions = sum(one.revision for one in known.values())
    provinces: Part = {
        one.province.value: {
            "version": one.version,
            "as_of": one.as_of,
            "prices": _parts(one.prices),
            "suspects": {grade.value: suspect.fen for grade, suspect in one.suspects.items()},
        }
        for one in known.values()
        if one.prices
    }
    item: Item = {"revisions": revisions, "provinces": provinces}
    try:
        store.commit(Put(PRICES, item, when=any_of(Absent(), AtMost("revisions", revisions))))
    except ChangedMeanwhileError:
        return  # a newer state is there


def prices_in(item: Item | None) -> dict[Province, ProvincePrices]:
    """What the one item says; of a suspect only the price."""
    found = {} if item is None else _part(item["provinces"])
    return {Province(name): _published(Province(name), _part(one)) for name, one in found.items()}


def find_telling(store: Store, telling: Telling) -> Telling | None:
    item = store.get(telling.key)
    return None if item is None else _telling_in(item)


def open_tellings(store: Store) -> Iterable[Telling]:
    """What is still to be told of any province."""
    return map(_telling_in, store.scan_pages(Query(Table.STATIONS, TELLINGS)))


def told(telling: Telling) -> Write:
    """Nobody of the shard is to be told of this version any more."""
    return Delete(telling.key, when=any_of(Absent(), Exists()))


def all_told(telling: Telling) -> Write:
    """The same for a worker who went through the shard, unless somebody was let go meanwhile."""
    return Delete(telling.key, when=any_of(Absent(), Is("let_go", telling.let_go)))


def reopened(telling: Telling, now: Instant) -> Write:
    """Somebody was let go: the shard is to be gone through again, though another worker have closed it."""
    again: Item = {"at": telling.at, "cursor": "", "let_go": now}
    return Update(telling.key, when=any_of(Absent(), Exists()), assign=again)


def _telling_in(item: Item) -> Telling:
    province, version, shard = str(item["sk"]).split("#")
    at, cursor, let_go = Instant(_whole(item["at"])), str(item["cursor"]), _whole(item["let_go"])
    return Telling(Province(province), int(version), int(shard), at, cursor, let_go)


def _parts(prices: Mapping[Grade, Price]) -> Part:
    return {grade.value: dict(price._asdict()) for grade, price in prices.items()}


def _province_in(province: Province, item: Item) -> ProvincePrices:
    suspects = {
        Grade(name): Suspect(_whole(one["fen"]), _whole(one["seen"]), Instant(_whole(one["at"])))
        for name, one in ((name, _part(value)) for name, value in _part(item["suspects"]).items())
    }
    version, revision = _whole(item["version"]), _whole(item["revision"])
    return ProvincePrices(province, _prices_in(item["prices"]), suspects, version, revision)


def _published(province: Province, part: Part) -> ProvincePrices:
    suspects = {
        Grade(name): Suspect(_whole(fen), 0, Instant(0)) for name, fen in _part(part["suspects"]).items()
    }
    return ProvincePrices(province, _prices_in(part["prices"]), suspects, _whole(part["version"]))


def _prices_in(value: Value) -> dict[Grade, Price]:
    return {
        Grade(name): Price(_whole(_part(one)["fen"]), Instant(_whole(_part(one)["as_of"])))
        for name, one in _part(value).items()
    }


def _part(value: Value) -> Part:
    if not isinstance(value, dict):
        raise TypeError(type(value))
    return value


def _whole(value: Value) -> int:
    return int(str(value))
