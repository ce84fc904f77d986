"""Bills are in the payment of one open order each (OR9), in every order of holding, letting go and paying."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.bill_accounts.house import ANN, BOB, BillHouse, holds, pays

from octane.bills.holding import BillInPaymentError, HeldBills, held_key, hold, let_go, paid
from octane.bills.planning import cancel_plan
from octane.bills.plans import PlanBusyError, PlanState
from octane.kernel.errors import OctaneError
from octane.store.writes import ChangedMeanwhileError

ORDERS = ("T1", "T2")


def holder(house: BillHouse, held: HeldBills, bill_no: str = "E202610") -> str:
    item = house.store.get(held_key(held.biller, held.account_tag, bill_no))
    return "" if item is None else str(item["order_id"])


def test_of_two_orders_one_holds_the_bill(house: BillHouse) -> None:
    account = house.bind()
    house.store.commit(*hold(holds(account, "T1", "B1", "B2"), None, house.clock.now()))
    for bills in (("B1",), ("B2", "B3")):
        with pytest.raises(BillInPaymentError):
            house.store.commit(*hold(holds(account, "T2", *bills), None, house.clock.now()))
    assert holder(house, holds(account), "B3") == ""  # all of an order's bills, or none
    house.store.commit(*hold(holds(account, "T2", "B3"), None, house.clock.now()))


def test_another_customer_with_the_same_number_meets_the_same_hold(house: BillHouse) -> None:
    account, bobs = house.bind(), house.bind(BOB)
    house.store.commit(*hold(holds(account, "T1"), None, house.clock.now()))
    with pytest.raises(BillInPaymentError):
        house.store.commit(*hold(holds(bobs, "T2"), None, house.clock.now()))


def test_the_same_order_placed_again_holds_what_it_holds(house: BillHouse) -> None:
    plan = house.again(house.plan())
    for _ in range(2):
        house.store.commit(*hold(pays(plan), plan, house.clock.now()))
    assert house.again(plan).order_id == "T1"


@pytest.mark.parametrize("end", [let_go, lambda held: paid(held, 1)], ids=["let go", "paid"])
def test_a_late_end_takes_nothing_from_the_order_that_came_next(house: BillHouse, end: object) -> None:
    account = house.bind()
    first, second = holds(account, "T1"), holds(account, "T2")
    house.store.commit(*hold(first, None, house.clock.now()))
    house.store.commit(*let_go(first))
    house.store.commit(*let_go(first))  # nothing is held any more: nothing happens
    house.store.commit(*hold(second, None, house.clock.now()))
    with pytest.raises(ChangedMeanwhileError):
        house.store.commit(*end(first))  # type: ignore[operator]
    assert holder(house, second) == "T2"


def test_a_plan_has_one_open_order_and_moves_on_with_its_success(house: BillHouse) -> None:
    plan = house.again(house.plan())
    first, second = pays(plan, "T1"), pays(plan, "T2")._replace(parts=())
    house.store.commit(*hold(first, plan, house.clock.now()))
    for read in (plan, house.again(plan)):
        with pytest.raises(PlanBusyError):
            house.store.commit(*hold(second, read, house.clock.now()))
    house.store.commit(*paid(first, house.clock.now()))
    now = house.again(plan)
    assert (now.paid, now.order_id, now.last_order_id) == (1, "", "T1")


def test_parts_that_were_read_before_another_order_paid_are_refused(house: BillHouse) -> None:
    plan = house.again(house.plan())
    house.store.commit(*hold(pays(plan, "T1"), plan, house.clock.now()))
    house.store.commit(*paid(pays(plan, "T1"), house.clock.now()))
    with pytest.raises(PlanBusyError):
        house.store.commit(*hold(pays(plan, "T2"), plan, house.clock.now()))


def test_a_refused_instalment_is_shown_until_one_is_paid(house: BillHouse) -> None:
    plan = house.again(house.plan())
    house.store.commit(*hold(pays(plan, "T1"), plan, house.clock.now()))
    house.store.commit(*let_go(pays(plan, "T1"), "BILL_NOT_OWED"))
    refused = house.again(plan)
    assert (refused.paid, refused.order_id, refused.last_order_id) == (0, "", "T1")
    assert refused.failure == "BILL_NOT_OWED"
    house.store.commit(*hold(pays(plan, "T2"), refused, house.clock.now()))
    house.store.commit(*paid(pays(plan, "T2"), house.clock.now()))
    assert (house.again(plan).failure, house.again(plan).paid) == ("", 1)


def test_a_cancelled_plan_takes_no_order(house: BillHouse) -> None:
    plan = house.again(house.plan())
    cancel_plan(house.store, ANN.account_id, plan.plan_id)
    with pytest.raises(PlanBusyError):
        house.store.commit(*hold(pays(plan), plan, house.clock.now()))


def test_an_end_that_is_repeated_does_not_pay_twice(house: BillHouse) -> None:
    plan = house.again(house.plan())
    house.store.commit(*hold(pays(plan), plan, house.clock.now()))
    house.store.commit(*paid(pays(plan), house.clock.now()))
    for again in (paid(pays(plan), house.clock.now()), let_go(pays(plan))):
        with pytest.raises(ChangedMeanwhileError):
            house.store.commit(*again)
    assert house.again(plan).paid == 1


STEPS = st.tuples(
    st.sampled_from(("hold", "let_go", "paid", "cancel")), st.sampled_from(ORDERS), st.integers(1, 3)
)


@given(steps=st.lists(STEPS, max_size=12))
@settings(max_examples=200, deadline=None)
def test_in_every_order_a_plan_is_paid_by_whoever_held_it(steps: list[tuple[str, str, int]]) -> None:
    """Against a model: one holder or none, and what is paid are the instalments of those who held it then."""
    house = BillHouse()
    plan = house.plan()
    holding: dict[str, int] = {}
    count, is_over = 0, False
    for step, order_id, instalments in steps:
        read = house.again(plan)
        held = pays(plan, order_id, holding.get(order_id, instalments))
        fits = not holding and read.state is PlanState.ACTIVE and instalments <= read.left
        try:
            match step:
                case "hold" if instalments <= read.left:
                    house.store.commit(*hold(held, read, house.clock.now()))
                    assert fits or holding == {order_id: held.instalments}
                    holding[order_id] = held.instalments
                case "let_go":
                    house.store.commit(*let_go(held, "CANCELLED"))
                    holding.pop(order_id)
                case "paid":
                    house.store.commit(*paid(held, house.clock.now()))
                    count += holding.pop(order_id)
                case "cancel":
                    cancel_plan(house.store, ANN.account_id, plan.plan_id)
                    assert not holding
                    is_over = True
        except OctaneError:
            assert step != "hold" or not fits
            assert step not in {"let_go", "paid"} or order_id not in holding
        now = house.again(plan)
        assert now.paid == count <= len(plan.instalments)
        assert now.is_cancelled == is_over
        assert now.order_id == next(iter(holding), "")
        assert holder(house, held) == now.order_id
