"""The life of an account, a plan and its reminders on DynamoDB's own words, as moto has them."""

from unit.bill_accounts.house import ANN, BillHouse, pays

from octane.bills.accounts import list_accounts
from octane.bills.asking import FRESH_MS
from octane.bills.binding import unbind_account
from octane.bills.holding import hold, let_go, paid
from octane.bills.moments import moments
from octane.bills.owed import owed_by
from octane.bills.planning import cancel_plan, list_plans
from octane.bills.plans import PlanState
from octane.bills.reminders import remind_instalments
from octane.identity.users import User, open_account
from world.engines import on_moto


def test_a_plan_from_binding_to_its_end(house: BillHouse) -> None:
    with on_moto() as engine:
        object.__setattr__(house.store, "engine", engine)
        house.store.commit(open_account(User(ANN.user_id, ANN.role, house.clock.now(), ANN.openid)))
        plan = house.again(house.plan())
        house.clock.at += FRESH_MS
        assert len(owed_by(house, ANN.account_id, plan.bill_account_id).owed.bills) == 2
        house.store.commit(*hold(pays(plan), plan, house.clock.now()))
        assert owed_by(house, ANN.account_id, plan.bill_account_id).in_payment == {"E202610": "T1"}
        house.store.commit(*let_go(pays(plan), "REFUSED"))
        house.store.commit(*hold(pays(plan, "T2"), house.again(plan), house.clock.now()))
        house.store.commit(*paid(pays(plan, "T2"), house.clock.now()))
        house.clock.at = int(moments(plan)[3].at)
        assert remind_instalments(house, 240) == 1  # of the second: the first's are moved over
        assert remind_instalments(house, 240) == 0
        assert house.again(plan).due_at == moments(plan)[4].at
        cancel_plan(house.store, ANN.account_id, plan.plan_id)
        (kept,) = list_plans(house.store, ANN.account_id).plans
        assert (kept.state, kept.paid, kept.due_at) == (PlanState.CANCELLED, 1, None)
        (listed,) = list_accounts(house.store, ANN.account_id)
        assert listed.last_paid is not None
        unbind_account(house.store, ANN.account_id, plan.bill_account_id)
        assert list_accounts(house.store, ANN.account_id) == []
