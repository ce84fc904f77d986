"""Values and single writes."""

from typing import Any

import pytest

from octane.store.engine import ConditionFailed, Engine
from octane.store.items import Table
from octane.store.writes import Absent, AtLeast, Delete, Exists, Is, Missing, Put, Update, all_of
from world.engines import MISTAKES, at, put, stored, whole


def test_a_missing_item_reads_as_none(engine: Engine, pk: str) -> None:
    assert engine.get(at(pk)) is None


@pytest.mark.parametrize(
    "value",
    ["", "油卡 ⛽ é", 0, -1, 10**15, -(10**37) - 1, 10**38 - 1, 10**100, True, False, None, b"", b"\x00\xff",
     [], {}, [1, "a", None, True, [b"x", {"deep": {"er": [0]}}]], {"键": {"值": 1}}],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_went_in(engine: Engine, pk: str, value: Any) -> None:
    stored(engine, at(pk), value=value)
    found = engine.get(at(pk))
    assert found == whole(at(pk), value=value)
    assert type(found["value"]) is type(value)


@pytest.mark.parametrize(
    "value", [1.0, 10**38 + 1, 10**126, {1}, (1,), object()], ids=lambda v: type(v).__name__
)
def test_a_value_that_no_table_holds_is_a_mistake(engine: Engine, pk: str, value: Any) -> None:
    with pytest.raises(MISTAKES):
        engine.write(put(at(pk), value=value))
    assert engine.get(at(pk)) is None


def test_attribute_names_may_be_reserved_or_odd(engine: Engine, pk: str) -> None:
    odd: dict[str, Any] = {"state": "a", "2026-11-22": 1, "a.b": 2, "余额": 3, "name": "n"}
    engine.write(Put(at(pk), odd, all_of(Absent(), Missing("a.b"))))
    engine.write(
        Update(at(pk), all_of(Is("a.b", 2), Is("余额", 3)), assign={"state": "b"}, add={"2026-11-22": 1})
    )
    assert engine.get(at(pk)) == whole(at(pk), **{**odd, "state": "b", "2026-11-22": 2})


def test_an_empty_key_is_a_mistake(engine: Engine, pk: str) -> None:
    for key in (at(""), at(pk, "")):
        with pytest.raises(MISTAKES):
            engine.write(put(key))
        with pytest.raises(MISTAKES):
            engine.get(key)


def test_an_item_over_400_kb_is_a_mistake(engine: Engine, pk: str) -> None:
    stored(engine, at(pk, "fits"), text="x" * 400_000)
    with pytest.raises(MISTAKES):
        engine.write(put(at(pk, "big"), text="x" * 409_600))
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk, "fits"), Exists(), assign={"more": "x" * 10_000}))


def test_an_item_is_a_copy_in_and_out(engine: Engine, pk: str) -> None:
    parts: list[Any] = [{"a": 1}]
    stored(engine, at(pk), parts=parts)
    parts[0]["a"] = 2
    found: Any = engine.get(at(pk))
    assert found["parts"] == [{"a": 1}]
    found["parts"][0]["a"] = 3
    again = engine.get(at(pk))
    assert again is not None
    assert again["parts"] == [{"a": 1}]


def test_put_replaces_the_whole_item_under_the_key_of_the_write(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), a=1, b=2)
    engine.write(Put(at(pk), {"pk": "elsewhere", "c": 3}, Exists()))
    assert engine.get(at(pk)) == whole(at(pk), c=3)


def test_update_returns_the_new_image(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), state="PENDING", stock=7, note="x", version=1)
    write = Update(
        at(pk), AtLeast("stock", 2), {"state": "PAYING"}, {"stock": -2, "used": 2}, ("note", "absent")
    )
    assert engine.write(write) == whole(at(pk), state="PAYING", stock=5, used=2, version=1)


def test_update_makes_a_missing_item_and_adds_from_nought(engine: Engine, pk: str) -> None:
    after = engine.write(Update(at(pk), Absent(), assign={"a": [1]}, add={"n": -5}))
    assert after == whole(at(pk), a=[1], n=-5) == engine.get(at(pk))


def test_update_that_only_removes_makes_no_item(engine: Engine, pk: str) -> None:
    assert engine.write(Update(at(pk), Missing("a"), remove=("a",))) is None
    assert engine.get(at(pk)) is None


def test_add_reaches_big_numbers_exactly(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), n=10**37)
    assert engine.write(Update(at(pk), Exists(), add={"n": 1})) == whole(at(pk), n=10**37 + 1)


@pytest.mark.parametrize(
    "change",
    [{}, {"assign": {"pk": "x"}}, {"add": {"sk": 1}}, {"remove": ("pk",)}, {"add": {"text": 1}},
     {"assign": {"a": 1}, "add": {"a": 1}}, {"assign": {"a": 1}, "remove": ("a",)}, {"add": {"a": True}},
     {"remove": ("a", "a")}],
    ids=repr,
)  # fmt: skip
def test_update_that_makes_no_sense_is_a_mistake(engine: Engine, pk: str, change: Any) -> None:
    stored(engine, at(pk), text="x")
    with pytest.raises(MISTAKES):
        engine.write(Update(at(pk), Exists(), **change))
    with pytest.raises(MISTAKES):
        engine.transact((put(at(pk, "B")), Update(at(pk), Exists(), **change)), "")
    assert engine.get(at(pk)) == whole(at(pk), text="x")
    assert engine.get(at(pk, "B")) is None


def test_delete_takes_the_item_and_is_no_news_twice(engine: Engine, pk: str) -> None:
    stored(engine, at(pk), a=1)
    assert engine.write(Delete(at(pk), Is("a", 1))) is None
    assert engine.get(at(pk)) is None
    engine.write(Delete(at(pk), Missing("a")))
    with pytest.raises(ConditionFailed):
        engine.write(Delete(at(pk), Exists()))


def test_batch_get_keeps_the_order_of_the_keys_and_leaves_out_what_is_missing(
    engine: Engine, pk: str
) -> None:
    for sk in "ABC":
        stored(engine, at(pk, sk), n=sk)
    found = engine.batch_get([at(pk, "C"), at(pk, "X"), at(pk, "A"), at(pk, "B")])
    assert [item["n"] for item in found] == ["C", "A", "B"]


def test_batch_get_reads_several_tables_at_once(engine: Engine, pk: str) -> None:
    keys = [at(pk, "A", Table.RISK), at(pk, "A"), at(pk, "B", Table.RISK), at(pk, "C")]
    for number, key in enumerate(keys[:3]):
        stored(engine, key, n=number)
    assert [item["n"] for item in engine.batch_get(keys)] == [0, 1, 2]


def test_batch_get_takes_100_keys_each_once(engine: Engine, pk: str) -> None:
    keys = [at(pk, f"{n:03}") for n in range(101)]
    engine.transact(tuple(put(key) for key in keys[:100]), "")
    assert [item["sk"] for item in engine.batch_get(keys[:100])] == [key.sk for key in keys[:100]]
    for wrong in (keys, [keys[0], keys[0]], [at("", "A")]):
        with pytest.raises(MISTAKES):
            engine.batch_get(wrong)
