"""Telling subscribers: each once, whatever comes twice, dies or is refused (ST2, OP1)."""

from itertools import count
from typing import Any

import pytest
from unit.prices.house import BJ, GD, House, person
from unit.prices.test_syncing import Died, Mortal

from octane.kernel.clock import Instant, later
from octane.notify.messages import LONGEST_WORD, MessageRefused, MessageUnknown, Refusal, Sent
from octane.prices.model import Change, Grade
from octane.prices.records import Telling, all_told, find_telling, open_tellings, reopened
from octane.prices.subscriptions import (
    WechatLoginRequiredError,
    forget_subscriptions,
    list_subscriptions,
    subscribe,
    subscriber_key,
    unsubscribe,
)
from octane.prices.telling import (
    MOST_UNKNOWN,
    PAGE,
    TOO_LATE_MS,
    NewsInvalidError,
    changes_text,
    tell,
    telling_in,
)
from octane.store.items import Key, Query, Table
from octane.store.writes import ChangedMeanwhileError, Exists, Is, Update

SHARD_THREE = Query(Table.STATIONS, "SUBSCRIBERS#BJ#03")


def changed(house: House, many: int) -> list[str]:
    """Many subscribers, and a price that has changed since; returns their openids."""
    house.pull(b92=755)
    house.deliver()
    callers = house.subscribed(many)
    house.pull(b92=780)
    return [caller.openid for caller in callers]


def one_shard(house: House, many: int) -> tuple[list[str], Telling]:
    """The same with all subscribers in one shard."""
    house.pull(b92=755)
    house.deliver()
    callers = [one for one in map(person, range(many * 40)) if sum(one.user_id.encode()) % 16 == 3][:many]
    assert len(callers) == many
    for caller in callers:
        subscribe(house, caller, BJ)
    house.pull(b92=780)
    house.messages.clear()
    return [caller.openid for caller in callers], Telling(BJ, 2, 3)


def until(house: House, seconds: int = 40) -> Instant:
    return later(house.clock.now(), seconds * 1_000)


def test_each_subscriber_is_told_once(house: House):
    openids = changed(house, 120)
    house.subscribed(1, first=500, province=GD)
    twice = [*house.messages, *house.messages]
    house.deliver()
    assert sorted(house.told()) == sorted(openids)
    house.messages = twice
    assert house.deliver() == 0
    assert list(open_tellings(house.store)) == []
    assert house.messenger.sent[0][1] == {
        "province": "北京",
        "changes": "92# 7.80 (+0.25)",
        "at": "2026-11-22 12:20",
    }
    house.pull()
    assert house.messages == []


def test_whoever_subscribes_afterwards_knows_already(house: House):
    changed(house, 1)
    house.subscribed(1, first=7)
    house.deliver()
    assert house.told() == ["openid-0"]


def test_whoever_left_is_not_told(house: House):
    changed(house, 2)
    unsubscribe(house, person(0), BJ)
    house.deliver()
    assert house.told() == ["openid-1"]


def test_two_workers_at_once_tell_nobody_twice(house: House):
    openids, telling = one_shard(house, 8)
    house.messenger.meanwhile = lambda: tell(house, telling, until(house))
    tell(house, telling, until(house))
    assert sorted(house.told()) == sorted(openids)


def test_time_is_up_and_the_rest_goes_on_where_it_was(house: House):
    openids, telling = one_shard(house, PAGE * 2 + 3)

    house.messenger.clock = house.clock
    sent = tell(house, telling, until(house, 35))
    assert PAGE <= sent < len(openids)
    assert house.messages == [telling.message]
    # the next worker begins behind the last finished page
    with house.meter.operation("second") as second:
        tell(house, telling, until(house, 1_000))
    assert sorted(house.told()) == sorted(openids)
    assert second.by_call["query"] <= 2


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_may_die_at_any_call(after: bool):
    for at in count(1):
        house = House()
        openids, telling = one_shard(house, 3)
        real = house.engine
        house.engine = Mortal(real, at, after=after)
        try:
            tell(house, telling, until(house))
            died = False
        except Died:
            died = True
        house.engine = real
        tell(house, telling, until(house))
        told = house.told()
        assert len(set(told)) == len(told)
        # who was claimed by the process that died is the one who may lack
        assert len(told) >= len(openids) - 1
        if not died:
            assert sorted(told) == sorted(openids)
            return


def test_an_unknown_outcome_is_not_sent_again(house: House):
    openids, telling = one_shard(house, 3)
    house.messenger.answers = [MessageUnknown("time-out")]
    tell(house, telling, until(house))
    house.messages = [telling.message]
    house.deliver()
    assert sorted(house.messenger.asked) == sorted(openids)
    assert len(house.told()) == 2
    assert "PriceMessageUnknown" in house.names()


def test_a_silent_provider_is_left_alone(house: House):
    _, telling = one_shard(house, MOST_UNKNOWN + 5)
    house.messenger.answers = [MessageUnknown("time-out")] * 50
    tell(house, telling, until(house))
    assert len(house.messenger.asked) == MOST_UNKNOWN
    assert ("PriceMessageRefused", {"why": "SILENT", "code": ""}) in house.counted
    assert telling.shard in {one.shard for one in open_tellings(house.store)}


@pytest.mark.parametrize("reason", [Refusal.NOT_WANTED, Refusal.NO_SUCH_PERSON])
def test_a_refusal_of_the_person_ends_the_subscription(house: House, reason):
    _, telling = one_shard(house, 2)
    house.messenger.answers = [MessageRefused(reason, "43101")]
    tell(house, telling, until(house))
    gone, stays = house.messenger.asked
    subscribers = {str(item["openid"]) for item in house.store.scan_pages(SHARD_THREE)}
    assert subscribers == {stays} - {gone}


def test_a_permission_renewed_meanwhile_stays(house: House):
    _, telling = one_shard(house, 1)
    (item,) = house.store.scan_pages(SHARD_THREE)
    caller = next(one for one in map(person, range(40)) if one.user_id == item["sk"])

    def renew() -> None:
        house.clock.at += 1
        subscribe(house, caller, BJ)

    house.messenger.meanwhile = renew
    house.messenger.answers = [MessageRefused(Refusal.NOT_WANTED, "43101")]
    tell(house, telling, until(house))
    assert len(list(house.store.scan_pages(SHARD_THREE))) == 1


@pytest.mark.parametrize("reason", [Refusal.LATER, Refusal.MESSAGE_WRONG])
def test_what_was_certainly_not_sent_is_sent_later(house: House, reason):
    openids, telling = one_shard(house, 4)
    house.messenger.answers = [MessageRefused(reason, "x")]
    assert tell(house, telling, until(house)) == 0
    assert (len(house.messenger.asked), house.told()) == (1, [])
    house.pull()  # the next run finds what is still to be told
    house.deliver()
    assert sorted(house.told()) == sorted(openids)


@pytest.mark.parametrize("after", [0, PAGE], ids=["first page", "second page"])
def test_who_was_let_go_behind_another_workers_back_is_told_later(house: House, after: int):
    openids, telling = one_shard(house, PAGE + 3)
    house.messenger.answers = [*(Sent() for _ in range(after)), MessageRefused(Refusal.LATER, "45009")]
    # Given a worker who goes through the shard, and closes it, while the first waits for an answer
    phones = house.messenger
    send = phones.send

    def slow(*words: Any) -> Any:
        if len(phones.asked) == after:
            phones.send = send  # type: ignore[method-assign]
            answer = phones.answers.pop(0)
            phones.asked.append(words[0])
            tell(house, telling, until(house))
            return answer
        return send(*words)

    phones.send = slow  # type: ignore[method-assign]
    tell(house, telling, until(house))
    assert len(house.told()) == len(openids) - 1
    house.pull()
    house.deliver()
    assert sorted(house.told()) == sorted(openids)


@pytest.mark.parametrize("seconds", [1_000, PAGE], ids=["to the end", "to the second page"])
def test_a_worker_who_passed_over_somebody_keeps_no_place_and_closes_nothing(house: House, seconds: int):
    openids, asked = one_shard(house, PAGE + 2)
    telling = find_telling(house.store, asked)
    assert telling is not None
    # Given somebody whom another worker has claimed, and lets go while this one tells the next
    claimed = house.store.query(SHARD_THREE).items[0]
    key = Key(Table.STATIONS, str(claimed["pk"]), str(claimed["sk"]))
    house.store.commit(Update(key, when=Exists(), assign={"told": 2}))
    let_go = Update(key, when=Is("told", 2), assign={"told": 1})
    house.messenger.meanwhile = lambda: house.store.commit(let_go, reopened(telling, house.clock.now()))
    house.messenger.clock = house.clock
    assert PAGE <= tell(house, asked, until(house, seconds)) < len(openids)
    house.pull()
    house.deliver(1_000)
    assert sorted(house.told()) == sorted(openids)


def test_a_shard_that_was_reopened_twice_is_closed_by_nobody_who_saw_it_before(house: House):
    _, asked = one_shard(house, 1)
    now = house.clock.now()
    telling = find_telling(house.store, asked)
    assert telling is not None
    # Given two workers who have seen the shard as it was let go once
    house.store.commit(reopened(telling, now))
    seen = find_telling(house.store, asked)
    assert seen is not None
    # When one closes it, somebody is let go again, and the other one comes to its end
    house.store.commit(all_told(seen))
    house.store.commit(reopened(telling, later(now, 1)))
    with pytest.raises(ChangedMeanwhileError):
        house.store.commit(all_told(seen))
    # Then it is still to be told
    assert find_telling(house.store, asked) is not None


def test_without_a_template_nobody_is_told_and_nothing_is_queued(house: House):
    house.tells_prices = False
    changed(house, 3)
    assert house.messages == []
    assert list(open_tellings(house.store)) == []
    # and whoever is set up later begins with the whole difference
    house.tells_prices = True
    house.pull(b92=790)
    house.deliver()
    assert [words["changes"] for _, words in house.messenger.sent] == ["92# 7.90 (+0.35)"] * 3


def test_a_superseded_version_is_told_with_the_next_one(house: House):
    openids = changed(house, 3)
    house.messages.clear()
    house.pull(b92=780, b95=804)
    house.deliver()
    assert sorted(house.told()) == sorted(openids)
    assert {words["changes"] for _, words in house.messenger.sent} == {"92# 7.80 95# 8.04"}
    assert list(open_tellings(house.store)) == []


def test_news_that_is_overtaken_tells_nothing(house: House):
    changed(house, 3)
    late = list(house.messages)
    house.pull(b92=790)
    house.messages = late
    assert house.deliver() == 0
    house.pull()
    house.deliver()
    assert [words["changes"] for _, words in house.messenger.sent] == ["92# 7.90 (+0.35)"] * 3


def test_a_price_that_went_back_is_no_news(house: House):
    changed(house, 3)
    house.messages.clear()
    house.pull(b92=755)
    house.deliver()
    assert house.told() == []


def test_what_is_a_day_old_is_no_news(house: House):
    changed(house, 3)
    house.clock.at += TOO_LATE_MS + 1
    house.deliver()
    assert house.told() == []
    assert "PriceTellingLate" in house.names()
    assert list(open_tellings(house.store)) == []


@pytest.mark.parametrize(
    "message",
    [{}, {"province": "XX", "version": 1, "shard": 0}, {"province": "BJ", "version": "1", "shard": 0},
     {"province": "BJ", "version": 1, "shard": None}],
)  # fmt: skip
def test_messages_that_are_none(message):
    with pytest.raises(NewsInvalidError):
        telling_in(message)


def test_news_of_a_version_that_is_not_there(house: House):
    assert tell(house, Telling(BJ, 7, 0), until(house)) == 0


def test_subscribing_needs_the_login_that_messages_go_to(house: House):
    with pytest.raises(WechatLoginRequiredError):
        subscribe(house, person(1)._replace(openid=""), BJ)


def test_subscribing_again_renews_and_keeps_what_is_known(house: House):
    house.pull(b92=755)
    first = subscribe(house, person(1), BJ)
    house.pull(b92=780)
    again = subscribe(house, person(1)._replace(openid="openid-new"), BJ)
    assert again == first
    house.deliver()
    assert house.told() == ["openid-new"]


def test_what_a_person_has(house: House):
    for province in (BJ, GD):
        subscribe(house, person(1), province)
    subscribe(house, person(2), BJ)
    with house.meter.operation("list") as read:
        assert {one.province for one in list_subscriptions(house.store, person(1).user_id)} == {BJ, GD}
    assert read.calls == 1
    unsubscribe(house, person(1), BJ)
    unsubscribe(house, person(1), BJ)
    forget_subscriptions(house.store, person(1).user_id)
    assert list_subscriptions(house.store, person(1).user_id) == ()
    assert house.store.get(subscriber_key(BJ, person(2).user_id)) is not None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({Grade.G92: Change(755, 780)}, "92# 7.80 (+0.25)"),
        ({Grade.G92: Change(755, 730)}, "92# 7.30 (-0.25)"),
        ({Grade.DIESEL: Change(None, 718)}, "0# 7.18"),
        ({Grade.G92: Change(755, 780), Grade.G95: Change(804, 830)}, "92# 7.80 95# 8.30"),
        ({Grade.G92: Change(755, 1780), Grade.G95: Change(804, 1830)}, "92# 17.80 95# 18.30"),
        ({grade: Change(755, 780) for grade in Grade}, "92# 7.80 95# 7.80"),
    ],
)
def test_how_changes_are_put(changes, text):
    assert changes_text(changes) == text
    assert len(text) <= LONGEST_WORD
