"""Bill accounts and plans in a copy of one's data, and in its end (ID6)."""

import json

import pytest
from unit.bill_accounts.house import METER, BillHouse, holds
from unit.privacy.people import traces

from octane.billers.names import Biller
from octane.bills.accounts import list_accounts
from octane.bills.asking import owed_key
from octane.bills.binding import bind_account
from octane.bills.holding import hold, paid
from octane.bills.planning import PlanRequest, make_plan
from octane.bills.plans import Plan
from octane.identity.step_ups import Operation
from octane.kernel.vault import Field
from octane.rights.copies import make_exports
from octane.rights.erasing import WAIT_MS, erase_people
from octane.rights.erasure import request_erasure
from octane.rights.exports import file_key, request_export
from octane.store.items import Table
from octane.store.writes import Exists, Update
from privacy_demo.planted import Person, an_order, passed, settle_in

OTHER = "1100223344999"


@pytest.fixture
def house() -> BillHouse:
    house = BillHouse()
    object.__setattr__(house.store, "engine", house.engine)
    return house


def lived(house: BillHouse, no: int, number: str) -> tuple[Person, Plan]:
    """Somebody with an account, a plan and a bill that was paid."""
    person = settle_in(house, no)
    account = bind_account(house, person.caller, Biller.ELECTRICITY, number, f"家{no}", "bind-0001")
    plan = make_plan(house, person.caller, PlanRequest(account.bill_account_id, "E202610", 3), "plan-0001")
    held = holds(account, f"T{no}", "E202609")
    house.store.commit(*hold(held, None, house.clock.now()))
    house.store.commit(*paid(held, house.clock.now()))
    return person, plan


def test_a_copy_has_the_numbers_in_the_clear_and_the_plans(house: BillHouse) -> None:
    person, plan = lived(house, 1, METER)
    lived(house, 2, OTHER)
    step_up = passed(house, person, Operation.EXPORT_DATA)
    asked = request_export(house, person.caller, step_up, "export-1")
    assert make_exports(house, 60) == 1
    written = house.work.get(file_key(person.user_id, asked.export_id, "data.json"))
    assert written is not None
    text = written.decode()
    items = {item["sk"]: item for item in json.loads(text)["bills"]}
    (account,) = [item for name, item in items.items() if name == f"ACCOUNT#{plan.bill_account_id}"]
    assert (account["account_no"], account["label"]) == (METER, "家1")
    assert items[f"PLAN#{plan.plan_id}"]["amounts"] == [4_983, 4_983, 4_983]
    assert items[f"ACCOUNT#{plan.bill_account_id}#PAID"]["order_id"] == "T1"
    tag = house.vault.blind_index(Field.BILL_ACCOUNT, f"ELECTRICITY {METER}")
    assert [word for word in (OTHER, "家2", "v1.", tag) if word in text] == []


def test_an_erasure_leaves_nothing_and_the_neighbour_keeps_all(house: BillHouse) -> None:
    person, plan = lived(house, 1, METER)
    neighbour, _ = lived(house, 2, OTHER)
    assert traces(house, (METER, "家1"))
    before = traces(house, (OTHER, "家2"))
    request_erasure(house, person.caller, passed(house, person, Operation.ERASE_ACCOUNT))
    house.clock.at += WAIT_MS
    assert erase_people(house, 60) == 1
    assert traces(house, (METER, "家1", person.user_id + "#")) == []
    assert traces(house, (OTHER, "家2")) == before
    assert house.store.get(owed_key(plan.biller, plan.account_tag)) is None
    left = [item["pk"] for item in house.engine.items(Table.BILLS)]
    assert f"USER#{person.user_id}" not in left
    assert len(list_accounts(house.store, neighbour.user_id)) == 1


def test_an_order_of_bills_is_forgotten_like_one_of_a_card(house: BillHouse) -> None:
    person, plan = lived(house, 1, METER)
    order_id = an_order(house, person)
    sealed = house.vault.seal(Field.BILL_ACCOUNT, person.user_id, METER)
    fields = {
        "account_no": sealed,
        "account_masked": "*********4556",
        "account_tag": plan.account_tag,
        "bill_account_id": plan.bill_account_id,
    }
    (order,) = [item for item in house.engine.items(Table.ORDERS) if item["sk"] == "#ORDER"]
    key = owed_key(plan.biller, plan.account_tag)._replace(table=Table.ORDERS, pk=order_id, sk="#ORDER")
    assert order["pk"] == order_id
    house.store.commit(Update(key, when=Exists(), assign=fields))
    request_erasure(house, person.caller, passed(house, person, Operation.ERASE_ACCOUNT))
    house.clock.at += WAIT_MS
    assert erase_people(house, 60) == 1
    forgotten = house.read(key)
    assert set(fields) & set(forgotten) == set()
    assert forgotten["amount"] == 10_000
    assert traces(house, (METER, plan.account_tag)) == []
