"""Sealed fields (SE1): what opens where, what a process keeps, what KMS is asked."""

import re

import pytest
from cryptography.exceptions import InvalidTag
from unit.privacy.house import House

from octane.kernel.vault import Field, is_sealed, masked_name, open_text
from octane.privacy.keys import HELD_MS, MOST_USES, KeyGoneError, key_at
from octane.store.items import Table
from octane.store.writes import Delete, Exists
from octane.wire.aead import SealBrokenError

PHONE = "13800138000"


def test_what_was_sealed_opens_for_its_own_field_and_owner(house: House) -> None:
    sealed = house.vault.seal(Field.PHONE, "U1", PHONE)
    assert re.fullmatch(r"v1\.[A-Z2-7]{12}\.[A-Za-z0-9_-]+", sealed)
    assert is_sealed(sealed)
    assert PHONE not in sealed
    assert house.vault.open(Field.PHONE, "U1", sealed) == PHONE
    assert house.process().vault.open(Field.PHONE, "U1", sealed) == PHONE
    assert house.vault.seal(Field.PHONE, "U1", PHONE) != sealed


@pytest.mark.parametrize(("field", "owner"), [(Field.CARD_NUMBER, "U1"), (Field.PHONE, "U2")])
def test_moved_to_another_field_or_owner_it_does_not_open(house: House, field: Field, owner: str) -> None:
    with pytest.raises(SealBrokenError):
        house.vault.open(field, owner, house.vault.seal(Field.PHONE, "U1", PHONE))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_text_that_was_altered_does_not_open(house: House, part: int) -> None:
    parts = house.vault.seal(Field.PHONE, "U1", PHONE).split(".")
    parts[part] = ("B" if parts[part][0] == "A" else "A") + parts[part][1:]
    with pytest.raises((SealBrokenError, KeyGoneError)):
        house.vault.open(Field.PHONE, "U1", ".".join(parts))


@pytest.mark.parametrize("text", ["", "v1", "v1..", "v1.KEY.", "v2.KEY.AAAA", "plain", "v1.KEY.!!!!"])
def test_what_is_no_sealed_text_is_refused(house: House, text: str) -> None:
    with pytest.raises(SealBrokenError):
        house.vault.open(Field.PHONE, "U1", text)


def test_plain_texts_of_before_are_read_as_they_are(house: House) -> None:
    sealed = house.vault.seal(Field.PHONE, "U1", PHONE)
    assert open_text(house.vault, Field.PHONE, "U1", PHONE) == PHONE
    assert open_text(house.vault, Field.PHONE, "U1", sealed) == PHONE


def test_a_blind_index_is_the_same_everywhere_and_another_for_each_field(house: House) -> None:
    index = house.vault.blind_index(Field.PHONE, PHONE)
    assert re.fullmatch("[A-Z2-7]{26}", index)
    assert house.process().vault.blind_index(Field.PHONE, PHONE) == index
    others = {house.vault.blind_index(field, PHONE) for field in Field}
    assert len(others) == len(Field)
    assert house.vault.blind_index(Field.PHONE, "13800138001") not in others


def test_kms_is_asked_once_by_a_cold_process_and_not_at_all_by_a_warm_one(house: House) -> None:
    sealed = house.vault.seal(Field.PHONE, "U1", PHONE)
    house.vault.blind_index(Field.PHONE, PHONE)
    cold = house.process()
    house.data_keys.calls.clear()
    assert cold.vault.open(Field.PHONE, "U1", sealed) == PHONE
    assert house.data_keys.calls == ["Decrypt"]
    cold.vault.seal(Field.PHONE, "U1", PHONE)
    cold.vault.blind_index(Field.PHONE, PHONE)
    assert house.data_keys.calls == ["Decrypt"] * 3
    for _ in range(100):
        cold.vault.open(Field.PHONE, "U1", cold.vault.seal(Field.PHONE, "U1", PHONE))
        cold.vault.blind_index(Field.CARD_NUMBER, PHONE)
    assert house.data_keys.calls == ["Decrypt"] * 3


def test_a_key_is_kept_for_some_minutes_and_some_uses(house: House) -> None:
    house.vault.seal(Field.PHONE, "U1", PHONE)
    house.data_keys.calls.clear()
    house.clock.at += HELD_MS
    house.vault.seal(Field.PHONE, "U1", PHONE)
    assert house.data_keys.calls == ["Decrypt"]
    for _ in range(MOST_USES):
        house.key_ring.sealing()
    assert house.data_keys.calls == ["Decrypt"] * 2


def test_two_processes_that_make_the_first_key_at_once_agree(house: House) -> None:
    other = house.process()
    made = other.key_ring.make

    def overtaken():
        house.vault.seal(Field.PHONE, "U1", PHONE)
        return made()

    other.key_ring.make = overtaken  # type: ignore[method-assign]
    sealed = other.vault.seal(Field.PHONE, "U2", PHONE)
    assert house.vault.open(Field.PHONE, "U2", sealed) == PHONE
    assert other.key_ring.sealing()[0] == house.key_ring.sealing()[0]


def test_a_wrapped_key_under_another_name_does_not_open(house: House) -> None:
    sealed = house.vault.seal(Field.PHONE, "U1", PHONE)
    key_id = sealed.split(".")[1]
    item = house.read(key_at(key_id))
    house.keep(Table.IDENTITY, "#KEYS", "KEY#OTHER", {"wrapped": item["wrapped"]})
    with pytest.raises(InvalidTag):
        house.process().vault.open(Field.PHONE, "U1", sealed.replace(key_id, "OTHER"))


def test_a_destroyed_key_opens_nothing(house: House) -> None:
    sealed = house.vault.seal(Field.PHONE, "U1", PHONE)
    house.store.commit(Delete(key_at(sealed.split(".")[1]), when=Exists()))
    with pytest.raises(KeyGoneError):
        house.process().vault.open(Field.PHONE, "U1", sealed)


@pytest.mark.parametrize(("name", "shown"), [("张三", "*三"), ("李小明", "**明"), ("王", "*"), ("", "")])
def test_a_name_is_masked_but_for_its_last_character(name: str, shown: str) -> None:
    assert masked_name(name) == shown
