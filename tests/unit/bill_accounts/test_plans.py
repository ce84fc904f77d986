"""Plans to pay a bill in monthly parts (OR9): what they divide, who may make one, and one at a time."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.bill_accounts.house import ANN, BOB, LARGE, BillHouse, holds, pays

from octane.billers.port import BillPart, Owed
from octane.bills.accounts import BillAccountNotFoundError
from octane.bills.asking import FRESH_MS, BillerSilentError
from octane.bills.holding import BillInPaymentError, hold, let_go, paid
from octane.bills.planning import (
    BillNotInPartsError,
    BillNotOwedError,
    BillPlannedError,
    PlanRequest,
    cancel_plan,
    get_plan,
    list_plans,
    make_plan,
)
from octane.bills.plans import (
    InstalmentsInvalidError,
    Plan,
    PlanBusyError,
    PlanNotFoundError,
    PlanState,
    PlanStateError,
    due_parts,
    months_after,
    schedule,
)
from octane.kernel.errors import KeyReusedError
from octane.kernel.fulfilment import FulfilmentUnknown
from octane.kernel.money import Fen
from octane.store.cursors import CursorInvalidError


def amounts(plan: Plan) -> list[int]:
    return [each.amount for each in plan.instalments]


def pay(house: BillHouse, plan: Plan, order_id: str, instalments: int) -> None:
    held = pays(plan, order_id, instalments)
    house.store.commit(*hold(held, house.again(plan), house.clock.now()))
    house.store.commit(*paid(held, house.clock.now()))


def test_equal_parts_the_odd_fen_first_due_monthly(house: BillHouse) -> None:
    plan = house.plan(instalments=4)
    assert amounts(plan) == [3_738, 3_737, 3_737, 3_737]
    days = [each.due_on.isoformat() for each in plan.instalments]
    assert days == ["2026-11-22", "2026-12-22", "2027-01-22", "2027-02-22"]
    assert (plan.state, plan.left, plan.amount) == (PlanState.ACTIVE, 4, LARGE.owed)
    assert house.again(plan)._replace(due_at=None) == plan


@given(owed=st.integers(10_000, 10**13), count=st.integers(2, 12), day=st.dates(date(2024, 1, 1)))
def test_parts_are_all_that_is_owed_and_months_grow(owed: int, count: int, day: date) -> None:
    if day.year > 9_990:
        day = day.replace(year=2_026, day=1)
    parts = schedule(Fen(owed), count, day)
    assert sum(part.amount for part in parts) == owed
    assert {part.amount for part in parts[1:]} == {owed // count}
    assert 0 <= parts[0].amount - parts[1].amount < count
    months = [part.due_on.year * 12 + part.due_on.month for part in parts]
    assert months == list(range(months[0], months[0] + count))
    assert all(part.due_on.day == day.day or part.due_on.day < day.day for part in parts)


def test_a_31st_is_the_months_last_day_where_there_is_none() -> None:
    first = date(2027, 1, 31)
    days = [months_after(first, month) for month in (0, 1, 2, 3, 13)]
    assert days == [first, date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30), date(2028, 2, 29)]


@pytest.mark.parametrize("count", [-1, 0, 1, 13, 10**30, True])
def test_other_numbers_of_instalments_are_refused(house: BillHouse, count: int) -> None:
    with pytest.raises(InstalmentsInvalidError):
        house.plan(instalments=count)
    assert list_plans(house.store, ANN.account_id).plans == []


@pytest.mark.parametrize(
    ("bill", "refusal"),
    [
        (LARGE._replace(partial=False), BillNotInPartsError),
        (LARGE._replace(owed=Fen(9_999)), BillNotInPartsError),
        (LARGE._replace(minimum=Fen(4_984)), BillNotInPartsError),
        (LARGE._replace(bill_no="E202611"), BillNotOwedError),
    ],
    ids=["whole", "small", "parts under the minimum", "another bill"],
)
def test_a_bill_that_takes_no_parts_is_refused(
    house: BillHouse, bill: object, refusal: type[Exception]
) -> None:
    house.power.answer = Owed("", (bill,))  # type: ignore[arg-type]
    with pytest.raises(refusal):
        house.plan()
    assert list_plans(house.store, ANN.account_id).plans == []


def test_the_least_that_is_divided_is(house: BillHouse) -> None:
    house.power.answer = Owed("", (LARGE._replace(owed=Fen(10_000), minimum=Fen(3_333)),))
    assert amounts(house.plan()) == [3_334, 3_333, 3_333]


def test_nothing_is_planned_on_what_was_owed_once(house: BillHouse) -> None:
    house.bind()
    house.clock.at += FRESH_MS
    house.power.answer = FulfilmentUnknown("time-out")
    with pytest.raises(BillerSilentError):
        house.plan()


def test_a_bill_that_is_being_paid_is_not_planned(house: BillHouse) -> None:
    house.store.commit(*hold(holds(house.bind()), None, house.clock.now()))
    with pytest.raises(BillInPaymentError):
        house.plan()


def test_the_same_key_is_the_same_plan_and_another_body_is_refused(house: BillHouse) -> None:
    first = house.plan()
    house.power.answer = FulfilmentUnknown("silent")
    house.clock.at += FRESH_MS
    assert house.plan()._replace(due_at=None) == first
    with pytest.raises(KeyReusedError):
        house.plan(instalments=4)
    assert len(list_plans(house.store, ANN.account_id).plans) == 1


def test_a_bill_is_in_one_plan_until_that_is_over(house: BillHouse) -> None:
    first = house.plan()
    with pytest.raises(BillPlannedError):
        house.plan(key="plan-0002")
    cancel_plan(house.store, ANN.account_id, first.plan_id)
    second = house.plan(key="plan-0002")
    with pytest.raises(BillPlannedError):
        house.plan(key="plan-0003")
    pay(house, second, "T1", 3)
    assert house.again(second).state is PlanState.DONE
    assert house.plan(key="plan-0003").state is PlanState.ACTIVE
    assert house.plan(BOB).plan_id != second.plan_id  # each who bound the number has their own


def test_another_accounts_things_do_not_exist(house: BillHouse) -> None:
    plan = house.plan()
    request = PlanRequest(plan.bill_account_id, plan.bill_no, 3)
    with pytest.raises(BillAccountNotFoundError):
        make_plan(house, BOB, request, "plan-0001")
    for act in (get_plan, cancel_plan):
        with pytest.raises(PlanNotFoundError):
            act(house.store, BOB.account_id, plan.plan_id)
    assert list_plans(house.store, BOB.account_id).plans == []
    assert house.again(plan).state is PlanState.ACTIVE


def test_next_parts_are_one_part_of_the_bill(house: BillHouse) -> None:
    house.power.answer = Owed("", (LARGE._replace(owed=Fen(14_951)),))
    plan = house.again(house.plan())
    assert due_parts(plan, 1) == (BillPart("E202610", Fen(4_985)),)
    assert due_parts(plan, 3) == (BillPart("E202610", Fen(14_951)),)
    pay(house, plan, "T1", 1)
    later = house.again(plan)
    assert (later.paid, later.left) == (1, 2)
    assert due_parts(later, 2) == (BillPart("E202610", Fen(9_966)),)
    for count in (-1, 0, 3, True):
        with pytest.raises(InstalmentsInvalidError):
            due_parts(later, count)


def test_a_plan_in_a_wrong_state_has_no_next_parts(house: BillHouse) -> None:
    plan = house.again(house.plan())
    house.store.commit(*hold(pays(plan), plan, house.clock.now()))
    with pytest.raises(PlanBusyError):
        due_parts(house.again(plan), 1)
    house.store.commit(*let_go(pays(plan)))
    cancel_plan(house.store, ANN.account_id, plan.plan_id)
    cancelled = house.again(plan)
    assert (cancelled.state, cancelled.left, cancelled.due_at) == (PlanState.CANCELLED, 0, None)
    with pytest.raises(PlanStateError):
        due_parts(cancelled, 1)


def test_cancelling_waits_for_the_open_order_and_is_harmless_twice(house: BillHouse) -> None:
    plan = house.again(house.plan())
    held = pays(plan)
    house.store.commit(*hold(held, plan, house.clock.now()))
    with pytest.raises(PlanBusyError):
        cancel_plan(house.store, ANN.account_id, plan.plan_id)
    house.store.commit(*paid(held, house.clock.now()))
    cancel_plan(house.store, ANN.account_id, plan.plan_id)
    cancel_plan(house.store, ANN.account_id, plan.plan_id)
    assert (house.again(plan).state, house.again(plan).paid) == (PlanState.CANCELLED, 1)


def test_a_plan_that_is_paid_is_not_cancelled(house: BillHouse) -> None:
    plan = house.plan()
    pay(house, plan, "T1", 3)
    with pytest.raises(PlanStateError):
        cancel_plan(house.store, ANN.account_id, plan.plan_id)


def test_a_listing_goes_on_where_it_stopped(house: BillHouse) -> None:
    bills = tuple(LARGE._replace(bill_no=f"E{no}") for no in range(3))
    house.power.answer = Owed("", bills)
    account = house.bind()
    made = {
        make_plan(house, ANN, PlanRequest(account.bill_account_id, bill.bill_no, 2), f"plan-{no:04d}").plan_id
        for no, bill in enumerate(bills)
    }
    page = list_plans(house.store, ANN.account_id, 2)
    rest = list_plans(house.store, ANN.account_id, 2, page.next_cursor)
    assert {plan.plan_id for plan in (*page.plans, *rest.plans)} == made
    assert rest.next_cursor is None
    with pytest.raises(CursorInvalidError):
        list_plans(house.store, BOB.account_id, 2, page.next_cursor)
