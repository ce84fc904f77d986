"""Fuel cards with sealed numbers (SE1): their ids stay, and nothing is opened to show one."""

import pytest
from unit.privacy.house import House

from octane.cards.cards import bind_card, get_card, list_cards
from octane.kernel.errors import KeyReusedError
from octane.kernel.ids import derive_id
from octane.kernel.vault import Field, is_sealed
from octane.privacy.rotation import DONE, SETTLE_MS, begin_rotation, continue_rotation
from octane.store.items import Key, Table

NUMBER, PHONE = "1000111100001234567", "13800138000"


def bind(house: House, key: str = "key-0001", name: str = "张三", number: str = NUMBER) -> str:
    return bind_card(house, "U1", PHONE, number, name, key).card_id


def of_before(house: House) -> Key:
    """A card as it was bound before fields were sealed."""
    item = {
        "number": NUMBER,
        "issuer": "SINOPEC",
        "holder_name": "张三",
        "holder_phone": PHONE,
        "bound_at": 1,
    }
    return house.keep(Table.IDENTITY, "U1", f"CARD#{derive_id('C', 'U1', NUMBER)}", item)


def test_number_name_and_phone_are_sealed_for_the_account(house: House) -> None:
    card = get_card(house.store, "U1", bind(house))
    for field, sealed, plain in (
        (Field.CARD_NUMBER, card.number, NUMBER),
        (Field.REAL_NAME, card.holder_name, "张三"),
        (Field.PHONE, card.holder_phone, PHONE),
    ):
        assert is_sealed(sealed)
        assert house.vault.open(field, "U1", sealed) == plain
    assert (card.number_masked, card.holder_masked) == ("100011*********4567", "*三")
    assert not [word for word in (NUMBER, PHONE, "张三") if word in str(house.engine.items(Table.IDENTITY))]


def test_the_same_number_is_the_same_card_whoever_renews_it(house: House) -> None:
    first = bind(house)
    assert bind(house, "key-0002", "李四") == first
    assert [card.holder_masked for card in list_cards(house.store, "U1")] == ["*四"]
    assert bind_card(house, "U2", PHONE, NUMBER, "张三", "key-0001").card_id != first


def test_a_card_of_before_keeps_its_id_and_is_read(house: House) -> None:
    old = of_before(house)
    (card,) = list_cards(house.store, "U1")
    assert (card.number, card.number_masked, card.holder_masked) == (NUMBER, "100011*********4567", "*三")
    assert f"CARD#{bind(house)}" == old.sk
    assert len(list_cards(house.store, "U1")) == 1


def test_a_card_that_the_rotation_sealed_keeps_its_id_too(house: House) -> None:
    old = of_before(house)
    begin_rotation(house)
    house.clock.at += SETTLE_MS
    continue_rotation(house, 60)
    done = continue_rotation(house, 60)
    assert done is not None
    assert done.state == DONE
    (card,) = list_cards(house.store, "U1")
    assert house.vault.open(Field.CARD_NUMBER, "U1", card.number) == NUMBER
    assert card.tag == derive_id("N", house.vault.blind_index(Field.CARD_NUMBER, NUMBER))
    assert f"CARD#{bind(house)}" == old.sk


def test_a_key_answers_for_its_own_body_only(house: House) -> None:
    assert bind(house) == bind(house)
    with pytest.raises(KeyReusedError):
        bind(house, name="李四")
    with pytest.raises(KeyReusedError):
        bind(house, number="9012345678901234")


def test_a_listing_asks_no_key(house: House) -> None:
    bind(house)
    cold = house.process()
    house.data_keys.calls.clear()
    list_cards(cold.store, "U1")
    assert house.data_keys.calls == []
