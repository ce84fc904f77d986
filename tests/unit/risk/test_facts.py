"""Facts come from what was counted: windows that slide, accounts that fan in, habits, places (RK2)."""

import pytest
from unit.risk.conftest import House, person

from octane.kernel.caller import Caller
from octane.kernel.clock import MINUTE
from octane.privacy.consent import set_consent
from octane.privacy.purposes import Purpose, current_version
from octane.risk.decisions import find_decision
from octane.risk.facts import Facts
from octane.risk.seen import ACCOUNT_BUCKETS, ip_keys, ip_tag, outdated, person_key
from octane.risk.sight import read_place
from octane.store.items import Table
from world.values import accept_item

HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
CARD = "N" + "C" * 25
PHONE_1, PHONE_2 = "device-0001", "device-0002"


def facts(house: House, caller: Caller, amount: int = 10_000, **given: str) -> Facts:
    placed = house.place(caller, amount, **given)
    found = find_decision(house.store, placed.order.order_id)
    assert found is not None
    return found.facts


def test_windows_slide(house: House) -> None:
    ann = house.moves_in(person("ann"))._replace(device=PHONE_1, ip="203.0.113.7")
    for _ in range(3):
        house.place(ann)
    found = facts(house, ann)
    assert (found.person_1m, found.person_10m, found.person_1h, found.person_24h) == (3, 3, 3, 3)
    assert (found.device_1h, found.device_24h) == (3, 3)
    assert (found.ip_1m, found.ip_10m, found.ip_1h) == (3, 3, 3)
    house.clock.at += 2 * MINUTE
    assert facts(house, ann).person_1m == 0
    house.clock.at += 10 * MINUTE
    found = facts(house, ann)
    assert (found.person_10m, found.person_1h) == (1, 5)
    house.clock.at += 71 * MINUTE
    found = facts(house, ann)
    assert (found.person_1h, found.device_1h, found.person_24h) == (0, 0, 6)
    house.clock.at += 25 * HOUR
    assert facts(house, ann).person_24h == 0


def test_a_window_never_misses_what_is_in_it(house: House) -> None:
    """An order 59 seconds, 9:59 or 23:59 ago counts, wherever the buckets begin."""
    for start in range(0, 60_000, 7_000):
        for ago, window in ((59_000, "person_1m"), (599_000, "person_10m"), (DAY - MINUTE, "person_24h")):
            ann = house.moves_in(person(f"A{start // 1000}{window[-2:]}".replace("0", "Z").replace("1", "Y")))
            house.clock.at = house.clock.at // MINUTE * MINUTE + start
            house.place(ann)
            house.clock.at += ago
            assert getattr(facts(house, ann), window) >= 1, (start, window)


def test_no_item_grows_beyond_a_write_unit(house: House) -> None:
    """A person who orders every seven minutes for two days, each time from another device."""
    people = [house.moves_in(person(f"p{chr(65 + number)}"), CARD) for number in range(4)]
    house.settings = house.settings._replace(orders_per_hour=1_000)
    for number in range(400):
        caller = people[number % 4]._replace(device=f"device-{number % 30:04d}", ip="203.0.113.7")
        house.clock.at += 7 * MINUTE
        try:
            house.place(caller, 100, place="31.2,121.5")
        except Exception as error:
            assert getattr(error, "code", "") == "STEP_UP_REQUIRED", error
    for item in house.engine.items(Table.RISK):
        assert accept_item(item).size <= 1_024, item


def test_accounts_fan_in_on_a_device_an_address_and_a_card(house: House) -> None:
    crowd = [house.moves_in(person(f"c{chr(65 + number)}"), CARD) for number in range(4)]
    crowd = [caller._replace(device=PHONE_1, ip="203.0.113.7") for caller in crowd]
    for number, caller in enumerate(crowd):
        found = facts(house, caller)
        seen = (found.device_accounts, found.ip_accounts, found.card_accounts)
        assert seen == (number, number, number)
    house.clock.at += 31 * DAY
    found = facts(house, crowd[0])
    assert (found.device_accounts, found.ip_accounts, found.card_accounts) == (0, 0, 0)


def test_a_card_that_one_account_uses_costs_no_call_more(house: House) -> None:
    ann, bob = house.moves_in(person("ann"), CARD), house.moves_in(person("bob"), CARD)
    for caller, calls in ((ann, 2), (ann, 2), (bob, 4), (ann, 4), (bob, 4)):
        with house.meter.operation(f"place {house.keys}") as usage:
            house.place(caller)
        assert usage.calls == calls + (house.keys == 1), "the first one reads the rules, too"
    house.clock.at += 31 * DAY
    house.place(ann)
    with house.meter.operation("alone again") as usage:
        house.place(ann)
    assert usage.calls == 2


def test_orders_for_a_shared_card_are_counted_over_all_accounts(house: House) -> None:
    ann, bob = house.moves_in(person("ann"), CARD), house.moves_in(person("bob"), CARD)
    house.place(ann)
    assert facts(house, bob).card_24h == 0
    assert facts(house, ann).card_24h == 1
    assert facts(house, bob).card_24h == 2


def test_habits(house: House) -> None:
    ann = house.moves_in(person("ann"))
    for _ in range(10):
        house.place(ann, 5_000)
    found = facts(house, ann, 50_000)
    assert (found.orders_before, found.amount_percent, found.hour, found.hour_percent) == (10, 1_000, 12, 100)
    house.clock.at += 14 * HOUR
    found = facts(house, ann, 5_000)
    assert (found.hour, found.hour_percent) == (2, 0)


def test_a_device_is_new_until_it_was_used(house: House) -> None:
    ann = house.moves_in(person("ann"))
    assert facts(house, ann).device == "NONE"
    assert facts(house, ann._replace(device=PHONE_1)).device == "NEW"
    assert facts(house, ann._replace(device=PHONE_1)).device == "KNOWN"
    assert facts(house, ann._replace(device=PHONE_2)).device == "NEW"
    bob = house.moves_in(person("bob"), "N" + "D" * 25)._replace(device=PHONE_1)
    assert facts(house, bob).device == "KNOWN", "the first device that somebody orders from is theirs"


def test_a_place_far_away(house: House) -> None:
    ann = house.moves_in(person("ann"))
    set_consent(house, ann, Purpose.LOCATION, True, current_version(Purpose.LOCATION))
    assert facts(house, ann, place="31.2304,121.4737").distance_km == 0
    house.clock.at += 2 * HOUR
    found = facts(house, ann, place="39.9042,116.4074")
    assert found.distance_km == pytest.approx(1_067, abs=15)
    assert found.speed_kmh == pytest.approx(534, abs=8)
    assert facts(house, ann).distance_km == 0


NO_PLACES = ["", "x", "91,0", "0,181", "1,2,3", "nan,0", "1e3,0", "31.2;121.4", "∞,0", "31,２"]


@pytest.mark.parametrize("text", NO_PLACES)
def test_what_is_no_place_is_none(text: str) -> None:
    assert read_place(text) is None


def test_addresses() -> None:
    assert ip_tag("203.0.113.7") != ip_tag("203.0.113.8")
    assert ip_tag("2001:db8::1") == ip_tag("2001:db8:0:0:ffff::2") != ip_tag("2001:db8:0:1::1")
    assert ip_tag("") == ip_tag("203.0.113.7, 10.0.0.1") == ip_tag("unknown") == ""


def test_one_address_is_spread_over_four_items(house: House) -> None:
    for number in range(40):
        name = f"{chr(65 + number % 20)}{chr(65 + number // 20)}"
        caller = house.moves_in(person(name), f"N{name}".ljust(26, "A"))
        house.place(caller._replace(ip="203.0.113.7"))
    shards = [house.item(key) for key in ip_keys(ip_tag("203.0.113.7"))]
    assert all(shards)
    assert ACCOUNT_BUCKETS > 40 >= len({n for item in shards for n in item if n[0] == "u"}) > 20


def test_only_old_buckets_are_dropped(house: House) -> None:
    ann = house.moves_in(person("ann"))._replace(device=PHONE_1)
    house.place(ann, place="31.2,121.5")
    item = house.item(person_key(ann.user_id))
    assert outdated(item, house.clock.now()) == ()
    later = house.clock.at + 2 * DAY
    assert {name[0] for name in outdated(item, later)} == {"m", "t", "h"}  # type: ignore[arg-type]
    house.clock.at = later
    house.place(ann)
    kept = house.item(person_key(ann.user_id))
    assert {name for name in kept if name[:2] in {"dn", "df"}}.isdisjoint(item)
