"""Rotation (SE1): all that was sealed comes under the new key, wherever a run dies; then the old key ends."""

from collections.abc import Callable
from itertools import count

import pytest
from unit.privacy.house import House

from octane.kernel.vault import Field
from octane.privacy import rotation
from octane.privacy.fields import TABLES, is_current, texts_in
from octane.privacy.keys import PARTITION, KeyGoneError, key_at
from octane.privacy.rotation import DONE, SETTLE_MS, Rotation, begin_rotation, continue_rotation
from octane.privacy.vault import key_of
from octane.store.engine import AnswerLost
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import Delete, Exists, Put, Update, Write

CARD = "1000111100001234567"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "PAGE", 3)


def crowd(house: House, people: int = 7) -> list[Key]:
    cards = [house.keep_card(f"U{no}", f"{int(CARD) + no}") for no in range(people)]
    for no in range(people):
        sealed = house.vault.seal(Field.CARD_NUMBER, f"U{no}", f"{int(CARD) + no}")
        house.keep(Table.ORDERS, f"T{no}", "#ORDER", {"user_id": f"U{no}", "card_number": sealed})
        house.keep(Table.ORDERS, f"T{no}", "STEP#000001", {"user_id": f"U{no}", "because": "a key"})
    return cards


def finished(house: House) -> Rotation:
    done = continue_rotation(house, 60)
    assert done is not None
    if done.state != DONE:
        house.clock.at += SETTLE_MS
        done = continue_rotation(house, 60)
    assert done is not None
    return done


def old_rows(house: House, key_id: str) -> int:
    """Of every key but this one, those that are destroyed too."""
    items = [(table, item) for table in TABLES for item in house.engine.items(table)]
    used = {key_of(text) for _, item in items for value in item.values() for text in texts_in(value)}
    old = frozenset(used - {"", key_id})
    return sum(not is_current(old, table, item) for table, item in items)


def keys(house: House) -> list[str]:
    return [
        str(item["sk"]) for item in house.store.scan_pages(Query(Table.IDENTITY, PARTITION, "KEY#", "KEY~"))
    ]


def test_a_rotation_leaves_no_row_of_the_old_key_and_then_destroys_it(house: House) -> None:
    cards = crowd(house)
    old = house.key_ring.sealing()[0]
    before = house.read(cards[0])["number"]
    begun = begin_rotation(house)
    assert old_rows(house, begun.key_id) == 14
    done = finished(house)
    assert (done.state, done.left, done.rewritten) == (DONE, 0, 14)
    assert old_rows(house, begun.key_id) == 0
    assert keys(house) == [key_at(begun.key_id).sk]
    for no, card in enumerate(cards):
        number = str(house.read(card)["number"])
        assert house.vault.open(Field.CARD_NUMBER, f"U{no}", number) == f"{int(CARD) + no}"
    with pytest.raises(KeyGoneError):
        house.process().vault.open(Field.CARD_NUMBER, "U0", str(before))
    assert old != begun.key_id


def test_the_old_key_outlives_every_process_that_may_hold_it(house: House) -> None:
    """A process that read the current key before the rotation seals under it until its time is over."""
    crowd(house)
    slow = house.process()
    slow.vault.seal(Field.PHONE, "U0", "13800138000")
    begin_rotation(house)
    waiting = continue_rotation(house, 60)
    assert waiting is not None
    assert (waiting.state, waiting.left) == (rotation.REWRITING, 0)
    assert continue_rotation(house, 60) == waiting
    late = slow.keep_card("U9", CARD)
    house.clock.at += SETTLE_MS
    done = continue_rotation(house, 60)
    assert done is not None
    assert done.state == DONE
    assert house.process().vault.open(Field.CARD_NUMBER, "U9", str(house.read(late)["number"])) == CARD


class Died(Exception):
    pass


class Mortal:
    """An engine under a process that dies at its n-th call, before or after the call took effect."""

    def __init__(self, house: House, at: int, after: bool) -> None:
        self._engine, self._left, self._after = house.engine, at, after

    def __getattr__(self, name: str) -> Callable[..., object]:
        call = getattr(self._engine, name)

        def mortal(*arguments: object) -> object:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Died
            answer = call(*arguments)
            if self._left == 0:
                raise Died
            return answer

        return mortal


@pytest.mark.parametrize("after", [False, True])
def test_a_run_may_die_at_any_call(after: bool) -> None:
    for at in count(1):
        house = House()
        cards = crowd(house, 4)
        victim = house.process()
        object.__setattr__(victim, "store", house.store)
        victim.store = type(house.store)(Mortal(house, at, after), house.nonces, lambda _: None)  # type: ignore[arg-type]
        victim.key_ring._store = victim.store
        alive = True
        try:
            begin_rotation(victim)
            finished(victim)
        except Died:
            alive = False
        survivor = house.process()
        begun = begin_rotation(survivor)
        house.clock.at += SETTLE_MS
        assert finished(survivor).state == DONE
        assert old_rows(house, begun.key_id) == 0
        assert keys(house) == [key_at(begun.key_id).sk]
        for no, card in enumerate(cards):
            number = str(house.read(card)["number"])
            assert survivor.vault.open(Field.CARD_NUMBER, f"U{no}", number) == f"{int(CARD) + no}"
        if alive:
            assert at > 20
            return


@pytest.mark.parametrize("together", [1, 25])
def test_what_changes_under_its_hands_is_not_overwritten(
    house: House, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(rotation, "TOGETHER", together)
    cards = crowd(house, 3)
    begin_rotation(house)
    newer = house.process().vault.seal(Field.CARD_NUMBER, "U0", "9012345678901234")
    write_all = rotation._written

    def overtaken(store: Store, updates: list[Update]) -> int:
        """Somebody renews one card and deletes another, after they were read."""
        if cards[0] in [update.key for update in updates]:
            monkeypatch.setattr(rotation, "_written", write_all)
            store.commit(
                Update(cards[0], when=Exists(), assign={"number": newer}), Delete(cards[1], when=Exists())
            )
        return write_all(store, updates)

    monkeypatch.setattr(rotation, "_written", overtaken)
    assert finished(house).state == DONE
    numbers = [house.store.get(card) for card in cards]
    assert numbers[0] is not None
    assert numbers[1] is None
    assert house.vault.open(Field.CARD_NUMBER, "U0", str(numbers[0]["number"])) == "9012345678901234"


def test_an_answer_that_is_lost_costs_another_pass(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "TOGETHER", 1)
    crowd(house, 2)
    begin_rotation(house)
    write, lost = house.engine.write, []

    def losing(one: Write) -> Item | None:
        found = write(one)
        if isinstance(one, Update) and not lost:
            lost.append(one)
            raise AnswerLost
        return found

    monkeypatch.setattr(house.engine, "write", losing)
    done = finished(house)
    assert (done.state, done.left, len(lost)) == (DONE, 0, 1)


def test_a_second_run_at_the_same_time_does_no_harm(house: House) -> None:
    crowd(house)
    begin_rotation(house)
    other = house.process()
    half = continue_rotation(house, 0)
    assert half is not None
    stale = rotation.find_rotation(house.store)
    assert stale is not None
    house.clock.at += SETTLE_MS
    assert finished(other).state == DONE
    with pytest.raises(rotation.ChangedMeanwhileError):
        rotation._page(house, stale)


def test_a_run_works_for_its_seconds_and_the_next_goes_on(house: House) -> None:
    crowd(house)
    begin_rotation(house)
    scan = house.engine.scan

    def slow(one: object) -> object:
        house.clock.at += 40_000
        return scan(one)  # type: ignore[arg-type]

    house.engine.scan = slow  # type: ignore[method-assign, assignment]
    seen = []
    for _ in range(40):
        found = continue_rotation(house, 60)
        assert found is not None
        seen.append(found.scanned)
        if found.state == DONE:
            break
        house.clock.at += 60_000
    assert found.state == DONE
    assert seen[0] == 6
    assert len(seen) > 5


def test_what_cannot_be_opened_keeps_the_old_key_and_rings(house: House) -> None:
    """A text that was moved to another person's record: nobody knows what it was sealed for."""
    crowd(house, 2)
    stray = house.vault.seal(Field.PHONE, "somebody", "13800138000")
    strange = house.keep(Table.IDENTITY, "U5", "NOTE#1", {"text": stray})
    begin_rotation(house)
    assert finished(house).state == rotation.REWRITING
    house.clock.at += SETTLE_MS
    assert finished(house).state == rotation.REWRITING
    assert "RotationStuck" in house.signals.seen
    assert len(keys(house)) == 2
    house.store.commit(Delete(strange, when=Exists()))
    assert finished(house).state == DONE


@pytest.mark.parametrize("words", ["v1.a.b", "v1.AAAAAAAAAAAA.QUFBQUFBQUFBQUFBQUFBQUFBQUE"])
def test_words_that_only_look_sealed_keep_no_key(house: House, words: str) -> None:
    """A customer may call an account, or a request, whatever they like."""
    crowd(house, 2)
    house.keep(Table.BILLS, "USER#U1", "ACCOUNT#L1", {"label": words})
    house.keep(Table.ORDERS, "T9", "STEP#000001", {"user_id": "U1", "because": words})
    begin_rotation(house)
    assert finished(house).state == DONE
    assert len(keys(house)) == 1


def test_plain_fields_of_before_are_sealed_with_their_masks(house: House) -> None:
    card = house.keep(
        Table.IDENTITY,
        "U1",
        "CARD#C1",
        {"number": CARD, "holder_name": "张三", "holder_phone": "13800138000", "issuer": "SINOPEC"},
    )
    user = house.keep(Table.IDENTITY, "U1", "#USER", {"phone": "13800138000", "openid": "o1"})
    order = house.keep(
        Table.ORDERS,
        "T1",
        "#ORDER",
        {"user_id": "U1", "card_number": CARD, "holder_name": "张三", "holder_phone": "13800138000"},
    )
    begin_rotation(house)
    assert finished(house).state == DONE
    stored = str([house.read(key) for key in (card, user, order)])
    assert CARD not in stored
    assert "13800138000" not in stored
    assert "张三" not in stored
    assert house.read(card)["number_masked"] == house.read(order)["card_masked"] == "100011*********4567"
    assert house.read(card)["holder_masked"] == "*三"
    person = house.read(user)
    assert person["phone_masked"] == "138****8000"
    assert person["phone_index"] == house.vault.blind_index(Field.PHONE, "13800138000")
    assert house.vault.open(Field.PHONE, "U1", str(person["phone_sealed"])) == "13800138000"


def test_sealed_texts_deep_in_an_item_and_of_an_owner_in_its_sort_key(house: House) -> None:
    sealed = house.vault.seal(Field.REAL_NAME, "U7", "张三")
    nested = house.keep(Table.IDENTITY, "E1", "MEMBER#U7", {"who": {"names": [sealed, 7, None]}})
    begun = begin_rotation(house)
    assert finished(house).state == DONE
    who = house.read(nested)["who"]
    assert isinstance(who, dict)
    names = who["names"]
    assert isinstance(names, list)
    assert str(names[0]).startswith(f"v1.{begun.key_id}.")
    assert names[1:] == [7, None]


def test_begun_twice_it_is_one_rotation_and_ended_it_can_begin_again(house: House) -> None:
    crowd(house, 1)
    begun = begin_rotation(house)
    assert begin_rotation(house.process()) == begun
    first = finished(house)
    again = begin_rotation(house)
    assert again.key_id != first.key_id
    assert finished(house).state == DONE
    assert len(keys(house)) == 1


def test_with_nothing_under_way_a_run_does_nothing(house: House) -> None:
    assert continue_rotation(house, 60) is None
    assert house.engine.items(Table.IDENTITY) == []


def test_put_is_refused_for_a_stale_page(house: House) -> None:
    begin_rotation(house)
    with pytest.raises(rotation.ChangedMeanwhileError):
        house.store.commit(Put(rotation.ROTATION, {"version": 9}, when=rotation.Is("version", 8)))
