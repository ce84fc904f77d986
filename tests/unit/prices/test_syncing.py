"""Pulling prices: what is written, by whom, and what is left when something fails (ST2)."""

from itertools import count

import pytest
from unit.prices.house import BJ, GD, OPERATOR, House, reading

from octane.audit.acts import act_in
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE
from octane.kernel.errors import ForbiddenError, UnavailableError
from octane.kernel.provinces import Province
from octane.prices.model import Grade, Reading
from octane.prices.ports import Silent
from octane.prices.prices import PriceInvalidError, PricesSupersededError, get_prices, set_prices
from octane.prices.records import PRICES, find_version, publish, replaced, version_key
from octane.prices.syncing import Synced
from octane.store.engine import Throttled
from octane.store.items import Table
from octane.store.writes import ChangedMeanwhileError, Exists, Update

G92, G95 = Grade.G92, Grade.G95


class Died(Exception):
    pass


class Mortal:
    """An engine under a process that dies at its n-th call, before or after the call took effect."""

    def __init__(self, engine: object, at: int, *, after: bool) -> None:
        self._engine, self._left, self._after = engine, at, after

    def __getattr__(self, name: str) -> object:
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


def test_a_change_is_a_version_and_news(house: House):
    # Given prices that are known
    assert house.pull(b92=755, b95=804) == Synced(heard=1, changed=1, silent=1)
    house.messages.clear()
    # When one of them changes
    house.pull(b92=780, b95=804)
    # Then the version says what changed, and every shard is to be told of it
    version = find_version(house.store, BJ, 2)
    assert version == {G92: 780, G95: 804}
    kept = house.store.get(version_key(BJ, 2))
    assert kept is not None
    assert (kept["by"], kept["changes"]) == ("source", {"92": {"old": 755, "new": 780}})
    news = [message for message in house.messages if message["version"] == 2]
    assert sorted(message["shard"] for message in news) == list(range(16))
    assert {message["province"] for message in news} == {"BJ"}


def test_the_same_prices_again_are_no_version_but_younger(house: House):
    house.pull(b92=755)
    before = house.known()
    house.pull()
    after = house.known()
    assert after.version == before.version == 1
    assert after.prices[G92].as_of == before.prices[G92].as_of + 10 * MINUTE


def test_a_hole_leaves_the_last_good_price_and_its_age(house: House):
    house.pull(b92=755, b95=804)
    heard = house.clock.at
    house.pull(b95=810)
    (shown,) = get_prices(house, BJ)
    assert shown.prices.prices[G92] == (755, heard)
    assert shown.prices.prices[G95] == (810, house.clock.at)


def test_a_source_that_is_down_leaves_prices_that_grow_stale(house: House):
    house.pull(b92=755)
    house.beijing.tells = Silent("HTTP_503")
    for _ in range(6):
        house.pull()
    assert get_prices(house, BJ)[0].stale == frozenset()
    house.pull()
    (shown,) = get_prices(house, BJ)
    assert shown.stale == {G92}
    assert shown.prices.prices[G92].fen == 755
    assert "PriceSourceSilent" in house.names()


def test_when_the_time_is_over_what_was_heard_is_published_and_told(house: House):
    # Given a first source that takes all the time there is
    house.tells(b92=755)
    house.guangdong.tells = {GD: reading(b92=760)}

    def slow() -> None:
        house.clock.at += 41_000

    house.beijing.meanwhile = slow
    # When
    assert house.sync(seconds=40) == Synced(heard=1, changed=1, silent=1)
    # Then the other source rings, and nothing of the first is lost
    assert house.counted == [("PriceSourceSilent", {"source": "source", "why": "NO_TIME"})]
    assert [one.prices.province for one in get_prices(house)] == [BJ]
    assert len(house.messages) == 16


def test_one_province_that_fails_keeps_no_other(house: House):
    house.beijing.provinces = (BJ, GD, Province.HAINAN)
    house.guangdong.provinces = ()
    house.beijing.tells = {
        BJ: reading(b92=1),
        Province.HAINAN: Reading({G92: 888}, {G95: "x"}),
    }
    assert house.sync() == Synced(heard=2, changed=1)
    assert {one.prices.province for one in get_prices(house)} == {Province.HAINAN}
    assert [name for name, detail in house.counted if detail["province"] == "GD"] == ["PriceMissing"]
    assert house.names().count("PriceOdd") == 2


def test_a_province_that_cannot_be_written_keeps_no_other(house: House, monkeypatch):
    house.beijing.provinces, house.guangdong.provinces = (BJ, GD), ()
    house.beijing.tells = {BJ: reading(b92=755), GD: reading(b92=760)}
    real = house.engine.transact

    def busy(writes, token):
        if writes[0].key.pk == "PRICE#BJ":
            raise Throttled
        real(writes, token)

    monkeypatch.setattr(house.engine, "transact", busy)
    assert house.sync().changed == 1
    assert house.known(GD).version == 1
    assert house.known(BJ).version == 0
    assert "PriceSyncFailed" in house.names()


def test_provinces_that_cannot_be_read_keep_no_other(house: House, monkeypatch):
    house.beijing.tells, house.guangdong.tells = {BJ: reading(b92=755)}, {GD: reading(b92=760)}
    real = house.engine.batch_get

    def busy(keys):
        if [key.pk for key in keys] == ["PRICE#BJ"]:
            raise Throttled
        return real(keys)

    monkeypatch.setattr(house.engine, "batch_get", busy)
    assert house.sync().changed == 1
    assert (house.known(GD).version, house.known(BJ).version) == (1, 0)
    assert "PriceSyncFailed" in house.names()


def test_two_runs_at_once_make_one_version(house: House):
    house.pull(b92=755)
    house.tells(b92=780)
    # Given a run that has read what is known, and another one that overtakes it before it writes
    real, store = house.engine.transact, house.engine

    def overtaken(writes, token):
        store.transact = real
        assert house.sync().changed == 1
        real(writes, token)

    store.transact = overtaken
    assert house.sync().changed == 0
    assert house.known().version == 2
    assert find_version(house.store, BJ, 3) is None


def test_a_run_that_was_overtaken_does_not_bring_back_what_was(house: House):
    house.pull(b92=755)
    # Given a run that found nothing new, and staff who set a price before it writes that
    real, engine = house.engine.write, house.engine

    def overtaken(write):
        engine.write = real
        set_prices(house, OPERATOR, BJ, {G92: 780}, 1, "Announced.")
        return real(write)

    engine.write = overtaken
    house.pull(b92=755)
    assert (house.known().version, house.fen()) == (2, 780)


def test_a_version_is_never_altered(house: House):
    house.pull(b92=755)
    known = house.known()
    again = known._replace(version=0, revision=known.revision)
    with pytest.raises(ChangedMeanwhileError):
        house.store.commit(
            *replaced(again, known._replace(revision=known.revision + 1), "x", house.clock.now())
        )


def test_an_older_state_never_overwrites_what_is_read(house: House):
    house.pull(b92=755)
    # Given what is read is already of a later state
    house.store.commit(Update(PRICES, when=Exists(), assign={"revisions": 99}))
    before = house.store.get(PRICES)
    publish(house.store)
    assert house.store.get(PRICES) == before


@pytest.mark.parametrize("after", [False, True])
def test_a_run_may_die_at_any_call_and_the_next_goes_on(after: bool):
    for at in count(1):
        house = House()
        house.pull(b92=755)
        house.messages.clear()
        real = house.engine
        house.engine = Mortal(real, at, after=after)
        try:
            house.pull(b92=780)
            died = False
        except Died:
            died = True
        house.engine = real
        house.pull(b92=780)
        assert house.known().version == 2
        (shown,) = get_prices(house, BJ)
        assert shown.prices.prices[G92].fen == 780
        shards = {message["shard"] for message in house.messages if message["version"] == 2}
        assert shards == set(range(16))
        if not died:
            assert at > 5
            return


def test_a_jump_waits_for_staff_or_two_more_pulls(house: House):
    house.pull(b92=755)
    house.pull(b92=900)
    assert house.fen() == 755
    assert get_prices(house, BJ)[0].prices.suspects[G92].fen == 900
    assert ("PriceSuspect", {"province": "BJ", "grade": "92", "told": "900"}) in house.counted
    house.pull()
    assert house.fen() == 755
    house.pull()
    assert house.fen() == 900
    assert house.names().count("PriceSuspect") == 1


def test_staff_approve_what_was_held_back(house: House):
    house.pull(b92=755, b95=804)
    house.pull(b92=900, b95=804)
    shown = set_prices(house, OPERATOR, BJ, {G92: 900}, 1, "Announced by the commission.")
    assert shown.prices.version == 2
    assert get_prices(house, BJ)[0].prices.prices[G92].fen == 900
    assert get_prices(house, BJ)[0].prices.suspects == {}
    (act,) = (act_in(item) for item in house.engine.items(Table.AUDIT))
    assert (act.action, act.subject, act.actor) == ("set_prices", "PRICE#BJ", OPERATOR.user_id)
    assert any(message["version"] == 2 for message in house.messages)
    # and the next pull, which says the same, changes nothing
    house.pull()
    assert house.known().version == 2


def test_a_price_that_is_set_is_set_though_it_cannot_be_published_yet(house: House, monkeypatch):
    house.pull(b92=755)

    def full(_messages: object) -> None:
        raise UnavailableError

    monkeypatch.setattr(house, "send", full)
    shown = set_prices(house, OPERATOR, BJ, {G92: 760}, 1, "Announced.")
    assert (shown.prices.version, house.fen()) == (2, 760)
    assert ("PricePublishFailed", {"province": "BJ", "why": "UNAVAILABLE"}) in house.counted
    monkeypatch.undo()
    house.messages.clear()
    house.pull(b92=760)
    assert {message["version"] for message in house.messages} >= {2}


@pytest.mark.parametrize("fens", [{}, {G92: 299}, {G92: 2_001}, {G92: -755}, {G92: 755, G95: 0}])
def test_what_staff_may_not_set(house: House, fens):
    house.pull(b92=755)
    with pytest.raises(PriceInvalidError):
        set_prices(house, OPERATOR, BJ, fens, 1, "x")
    assert house.known().revision == 1


def test_staff_decide_on_what_they_saw(house: House):
    house.pull(b92=755)
    house.pull(b92=760)
    with pytest.raises(PricesSupersededError):
        set_prices(house, OPERATOR, BJ, {G92: 900}, 1, "x")
    with pytest.raises(ForbiddenError):
        set_prices(house, Caller("U", Role.CUSTOMER, "s"), BJ, {G92: 900}, 2, "x")


def test_a_pull_between_staffs_look_and_write_is_met_by_the_condition(house: House):
    house.pull(b92=755)
    real, engine = house.engine.transact, house.engine

    def overtaken(writes, token):
        engine.transact = real
        house.pull(b92=760)
        real(writes, token)

    engine.transact = overtaken
    with pytest.raises(ChangedMeanwhileError):
        set_prices(house, OPERATOR, BJ, {G92: 900}, 1, "x")
    assert house.fen() == 760
    assert list(house.engine.items(Table.AUDIT)) == []


def test_what_it_costs(house: House):
    house.pull(b92=755)
    with house.meter.operation("read") as read:
        get_prices(house, BJ)
    assert read.calls == 1
    with house.meter.operation("idle") as idle:
        house.pull()
    # known, written; known of all, written; what is to be told; twice for nobody of Guangdong
    assert idle.calls <= 6


def test_tables_that_cannot_be_reached_fail_the_run(house: House, monkeypatch):
    def busy(keys):
        raise Throttled

    house.tells(b92=755)
    monkeypatch.setattr(house.engine, "batch_get", busy)
    with pytest.raises(UnavailableError):
        house.sync()
    assert house.store.get(version_key(BJ, 1)) is None
