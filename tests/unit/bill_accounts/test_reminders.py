"""Reminders of instalments (OR9): each once, to whoever made the plan, however runs die or meet."""

from datetime import datetime

import pytest
from unit.bill_accounts.house import ANN, BOB, BillHouse, pays

from octane.bills.holding import hold, let_go, paid
from octane.bills.moments import Reminder, moments
from octane.bills.planning import PlanRequest, cancel_plan, make_plan
from octane.bills.plans import Plan, plan_key
from octane.bills.reminders import remind_instalments
from octane.identity.users import User, open_account, user_key
from octane.kernel.caller import Member
from octane.kernel.clock import BEIJING, SECOND, Instant, in_beijing
from octane.notify.messages import MessageRefused, MessageUnknown, Refusal
from octane.store.engine import AnswerLost, Throttled
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, Delete, Exists, Put, Update, Write

HOUR = 3_600 * SECOND


@pytest.fixture
def plan(house: BillHouse) -> Plan:
    """Made on 2026-11-22 at noon: due that day, on 12-22 and 01-22."""
    house.store.commit(open_account(User(ANN.user_id, ANN.role, house.clock.now(), ANN.openid)))
    return house.plan()


def at(house: BillHouse, text: str) -> None:
    house.clock.at = int(datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()) * SECOND


def told(house: BillHouse) -> list[tuple[str, str]]:
    return [(words["part"], words["due"]) for _, words in house.messenger.sent]


def run(house: BillHouse) -> int:
    return remind_instalments(house, 240)


def pay(house: BillHouse, plan: Plan, instalments: int = 1) -> None:
    held = pays(plan, "T1", instalments)
    house.store.commit(*hold(held, house.again(plan), house.clock.now()))
    house.store.commit(*paid(held, house.clock.now()))


def test_an_hourly_run_tells_each_reminder_once(house: BillHouse, plan: Plan) -> None:
    days = []
    for _ in range(24 * 80):
        house.clock.at += HOUR
        days += [f"{in_beijing(house.clock.now()):%m-%d %H}"] * run(house)
    assert days == ["11-25 10", "12-19 10", "12-22 10", "12-25 10", "01-19 10", "01-22 10", "01-25 10"]
    assert house.again(plan).due_at is None
    openid, words = house.messenger.sent[1]
    assert openid == ANN.openid
    assert words == {
        "bill": "电费 *********4556",
        "amount": "49.83元",
        "due": "2026-12-22",
        "part": "第2期，共3期",
    }


def test_moments_of_a_plan_are_one_after_the_other(house: BillHouse, plan: Plan) -> None:
    found = moments(plan)
    assert [each.at for each in found] == sorted({each.at for each in found})
    assert [each.reminder for each in found[:3]] == list(Reminder)
    assert in_beijing(found[3].at).replace(tzinfo=None) == datetime(2026, 12, 19, 10)
    assert len(found) == 9


def test_what_is_paid_is_not_reminded_of(house: BillHouse, plan: Plan) -> None:
    pay(house, plan, 2)
    at(house, "2026-12-18T10:00")
    assert run(house) == 0
    assert house.again(plan).due_at == moments(plan)[6].at
    at(house, "2027-01-19T10:00")
    assert run(house) == 1
    assert told(house) == [("第3期，共3期", "2027-01-22")]
    pay(house, plan)
    at(house, "2027-02-01T10:00")
    assert run(house) == 0
    assert house.again(plan).due_at is None


def test_missed_runs_tell_the_last_reminder_of_each_instalment(house: BillHouse, plan: Plan) -> None:
    at(house, "2027-01-20T10:00")
    assert run(house) == 3
    assert told(house) == [
        ("第1期，共3期", "2026-11-22"),
        ("第2期，共3期", "2026-12-22"),
        ("第3期，共3期", "2027-01-22"),
    ]
    assert run(house) == 0


def test_a_cancelled_plan_is_silent(house: BillHouse, plan: Plan) -> None:
    cancel_plan(house.store, ANN.account_id, plan.plan_id)
    at(house, "2027-03-01T10:00")
    assert run(house) == 0
    assert house.messenger.sent == []


def test_while_an_order_pays_it_nobody_is_told(house: BillHouse, plan: Plan) -> None:
    house.store.commit(*hold(pays(plan), house.again(plan), house.clock.now()))
    at(house, "2026-11-25T10:00")
    assert run(house) == 0
    house.store.commit(*let_go(pays(plan), "EXPIRED"))
    assert run(house) == 1


@pytest.mark.parametrize(
    "answer",
    [MessageUnknown("time-out"), MessageRefused(Refusal.NOT_WANTED), MessageRefused(Refusal.MESSAGE_WRONG)],
    ids=["unknown", "not wanted", "wrong"],
)
def test_what_may_have_gone_or_never_will_is_not_sent_again(
    house: BillHouse, plan: Plan, answer: MessageUnknown | MessageRefused
) -> None:
    house.messenger.answer = answer
    at(house, "2026-11-25T10:00")
    assert (run(house), run(house)) == (0, 0)
    assert len(house.messenger.sent) == 1
    assert house.again(plan).due_at == moments(plan)[3].at


def test_what_certainly_did_not_go_is_sent_by_the_next_run(house: BillHouse, plan: Plan) -> None:
    house.messenger.answer = MessageRefused(Refusal.LATER)
    at(house, "2027-01-25T10:00")  # the very last reminder is one of them
    assert run(house) == 0
    assert len(house.messenger.sent) == 1  # the messenger is not tried for what comes behind
    house.messenger.answer = MessageUnknown("then it went")
    run(house)
    assert told(house) == [
        ("第1期，共3期", "2026-11-22"),
        *(("第1期，共3期", "2026-11-22"), ("第2期，共3期", "2026-12-22"), ("第3期，共3期", "2027-01-22")),
    ]


def test_the_claim_is_kept_before_the_message_goes(house: BillHouse, plan: Plan) -> None:
    """A run that dies while it sends: the next one tells nobody twice."""
    at(house, "2026-11-25T10:00")
    send = house.messenger.send

    def dying(*args: object) -> None:
        send(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    house.messenger.send = dying  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        run(house)
    house.messenger.send = send  # type: ignore[method-assign]
    assert run(house) == 0
    assert len(house.messenger.sent) == 1


def test_a_claim_whose_answer_was_lost_sends_nothing(house: BillHouse, plan: Plan) -> None:
    at(house, "2026-11-25T10:00")
    write = house.counted.write

    def lost(one: Write) -> Item | None:
        write(one)
        raise AnswerLost

    house.counted.write = lost  # type: ignore[method-assign]
    assert run(house) == 0
    house.counted.write = write  # type: ignore[method-assign]
    assert run(house) == 0
    assert house.messenger.sent == []
    assert house.signals.seen[-1] == "ReminderFailed"


def test_two_runs_at_once_send_one_message(house: BillHouse, plan: Plan) -> None:
    at(house, "2026-11-25T10:00")
    write, runs = house.counted.write, []

    def overtaken(one: Write) -> Item | None:
        house.counted.write = write  # type: ignore[method-assign]
        runs.append(run(house))
        return write(one)

    house.counted.write = overtaken  # type: ignore[method-assign]
    assert (run(house), runs) == (0, [1])
    assert len(house.messenger.sent) == 1


def test_an_instalment_that_is_paid_at_that_moment_is_not_told(house: BillHouse, plan: Plan) -> None:
    at(house, "2026-11-25T10:00")
    write = house.counted.write

    def overtaken(one: Write) -> Item | None:
        house.counted.write = write  # type: ignore[method-assign]
        pay(house, plan)
        return write(one)

    house.counted.write = overtaken  # type: ignore[method-assign]
    assert run(house) == 0
    assert house.messenger.sent == []


@pytest.mark.parametrize("change", ["erased", "frozen", "no openid"])
def test_who_cannot_be_told_is_passed_over(house: BillHouse, plan: Plan, change: str) -> None:
    key = user_key(ANN.user_id)
    assign: Item = {"openid": ""} if change == "no openid" else {"frozen": True}
    house.store.commit(
        Delete(key, when=Exists()) if change == "erased" else Update(key, when=Exists(), assign=assign)
    )
    at(house, "2026-11-25T10:00")
    assert run(house) == 0
    assert house.messenger.sent == []
    assert house.again(plan).due_at == moments(plan)[3].at


@pytest.mark.parametrize("is_member", [True, False])
def test_an_enterprises_plan_is_told_to_whoever_made_it_while_they_are_in_it(
    house: BillHouse, plan: Plan, is_member: bool
) -> None:
    cancel_plan(house.store, ANN.account_id, plan.plan_id)
    clerk = ANN._replace(enterprise_id="E1", member=Member.OPERATOR)
    account = house.bind(clerk, key="bind-0009")
    make_plan(house, clerk, PlanRequest(account.bill_account_id, "E202610", 3), "plan-0009")
    if is_member:
        member: Item = {"member": "operator", "role": "operator", "state": "ACTIVE", "version": 1, "since": 1}
        house.store.commit(Put(Key(Table.IDENTITY, "E1", f"MEMBER#{ANN.user_id}"), member, when=Absent()))
    at(house, "2026-11-25T10:00")
    assert run(house) == is_member
    assert [openid for openid, _ in house.messenger.sent] == [ANN.openid] * is_member


def test_a_plan_that_cannot_be_read_now_keeps_no_other(house: BillHouse, plan: Plan) -> None:
    house.store.commit(open_account(User(BOB.user_id, BOB.role, house.clock.now(), BOB.openid)))
    bobs = house.plan(BOB)
    at(house, "2026-11-25T10:00")
    read = house.counted.get

    def busy(key: Key) -> Item | None:
        if key == plan_key(ANN.account_id, plan.plan_id):
            raise Throttled
        return read(key)

    house.counted.get = busy  # type: ignore[method-assign]
    assert run(house) == 1
    house.counted.get = read  # type: ignore[method-assign]
    assert run(house) == 1
    assert [openid for openid, _ in house.messenger.sent] == [BOB.openid, ANN.openid]
    assert house.again(bobs).due_at == house.again(plan).due_at


def test_a_run_ends_in_time(house: BillHouse, plan: Plan) -> None:
    at(house, "2026-11-25T10:00")
    assert remind_instalments(house, 0) == 0
    assert house.again(plan).due_at == moments(plan)[2].at
    assert run(house) == 1


def test_the_index_says_whom_to_look_at(house: BillHouse, plan: Plan) -> None:
    """A run that finds nobody due reads the index only."""
    house.clock.at = int(Instant(moments(plan)[2].at - 1))
    house.counted.calls.clear()
    assert run(house) == 0
    assert house.counted.calls == ["query"] * 4
