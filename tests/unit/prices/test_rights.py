"""Subscriptions are a person's data: in their copy, and gone with them (ID6)."""

import json

from unit.privacy.house import House
from unit.privacy.people import traces
from unit.privacy.test_erasure import ask, run
from unit.privacy.test_exports import ask as ask_for_copy

from octane.kernel.provinces import Province
from octane.kernel.settings import Settings
from octane.prices.subscriptions import list_subscriptions, subscribe
from octane.rights.copies import make_exports
from octane.rights.exports import file_key
from privacy_demo.planted import settle_in


def lives() -> House:
    house = House()
    house.settings = Settings()  # type: ignore[attr-defined]
    return house


def test_a_copy_has_the_subscriptions() -> None:
    house = lives()
    person, other = settle_in(house, 1), settle_in(house, 2)
    subscribe(house, person.caller, Province.BEIJING)  # type: ignore[arg-type]
    subscribe(house, other.caller, Province.GUANGDONG)  # type: ignore[arg-type]
    asked = ask_for_copy(house, person)
    make_exports(house, 60)
    copy = json.loads(house.work.get(file_key(person.user_id, asked.export_id, "data.json")) or b"")
    (kept,) = copy["price_subscriptions"]
    assert kept["sk"].startswith("SUBSCRIBERS#BJ#")
    assert kept["openid"] == person.openid
    assert "#GD#" not in json.dumps(copy)


def test_an_erasure_ends_them() -> None:
    house = lives()
    person, neighbour = settle_in(house, 1), settle_in(house, 2)
    for one in (person, neighbour):
        for province in (Province.BEIJING, Province.TIBET):
            subscribe(house, one.caller, province)  # type: ignore[arg-type]
    ask(house, person)
    assert run(house) == 1
    assert list_subscriptions(house.store, person.user_id) == ()
    assert traces(house, person.planted) == []
    assert len(list_subscriptions(house.store, neighbour.user_id)) == 2
