"""Erasure (ID6): refused while money is open, then complete, wherever it dies; the books stay whole."""

from itertools import count

import pytest
from unit.privacy.house import House
from unit.privacy.people import traces
from unit.privacy.test_rotation import Died, Mortal

from octane.identity.enterprises import LastOwnerError
from octane.identity.logins import Login, Provider, owner_of
from octane.identity.step_ups import Operation, StepUpRequiredError
from octane.identity.users import user_key
from octane.kernel.errors import ForbiddenError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from octane.ledger.entries import entry_of
from octane.ledger.journal import append, read_day
from octane.orders.records import load_with_steps
from octane.orders.states import TERMINAL, OrderState, RefundStatus
from octane.privacy.consent import set_consent
from octane.privacy.purposes import Purpose
from octane.rights.erasing import WAIT_MS, erase_people
from octane.rights.erasure import (
    DUE_MS,
    Erasure,
    OrdersOpenError,
    StaffAccountError,
    WalletNotEmptyError,
    find_erasure,
    request_erasure,
)
from octane.rights.holdings import exports_of
from octane.store.chain import day_of
from octane.store.items import Table
from octane.store.writes import Exists, Update
from privacy_demo.planted import Person, a_refund, an_enterprise, an_order, bound, passed, settle_in


def ask(house: House, person: Person) -> Erasure:
    return request_erasure(house, person.caller, passed(house, person, Operation.ERASE_ACCOUNT))


def run(house: House) -> int:
    house.clock.at += WAIT_MS
    return erase_people(house, 60)


def lived(house: House, no: int = 1) -> Person:
    """Somebody who did all there is to do."""
    person = settle_in(house, no)
    an_order(house, person, no)
    set_consent(house, person.caller, Purpose.FACE, True, 1)
    house.work.put(f"{exports_of(person.user_id)}X1/data.json", person.phone.encode())
    return person


def test_nothing_planted_is_left_and_the_neighbour_keeps_all(house: House) -> None:
    person, neighbour = lived(house, 1), lived(house, 2)
    assert len(traces(house, person.planted)) > 8
    before = traces(house, neighbour.planted)
    ask(house, person)
    assert run(house) == 1
    assert traces(house, person.planted) == []
    assert traces(house, neighbour.planted) == before
    left = {table for table in Table for item in house.engine.items(table) if item["pk"] == person.user_id}
    assert left == {Table.AUDIT}


def test_the_books_stay_whole_and_readable(house: House) -> None:
    person = lived(house)
    entries = [entry_of(item) for item in house.engine.items(Table.LEDGER)]
    append(house.work, entries)
    ask(house, person)
    run(house)
    assert [entry_of(item) for item in house.engine.items(Table.LEDGER)] == entries
    assert list(read_day(house.work, day_of(entries[0].booked_at))) == entries
    dossier = load_with_steps(house.store, entries[0].subject)
    assert (dossier.order.amount, dossier.order.card_number, dossier.order.user_id) == (
        10_000,
        "",
        person.user_id,
    )
    assert dossier.attempts[0].payer_id == ""


def test_a_later_login_opens_another_account(house: House) -> None:
    person = lived(house)
    ask(house, person)
    run(house)
    login = Login(Provider.WECHAT, person.openid)
    assert owner_of(login, house.store.get(login.key)) != person.user_id
    assert house.store.get(user_key(person.user_id)) is None


@pytest.mark.parametrize("state", sorted(set(OrderState) - TERMINAL))
def test_refused_while_an_order_is_under_way(house: House, state: OrderState) -> None:
    person = settle_in(house)
    an_order(house, person, state=state)
    with pytest.raises(OrdersOpenError):
        ask(house, person)
    assert find_erasure(house.store, person.user_id) is None


def test_refused_while_the_wallet_holds_something(house: House) -> None:
    person = settle_in(house)
    house.store.commit(credit(wallet(person.user_id), 0, Fen(1)))
    with pytest.raises(WalletNotEmptyError):
        ask(house, person)


def test_refused_to_the_last_owner_and_granted_to_another(house: House) -> None:
    person = settle_in(house)
    an_enterprise(house, person)
    with pytest.raises(LastOwnerError):
        ask(house, person)


def test_refused_without_its_own_step_up(house: House) -> None:
    person, other = settle_in(house, 1), settle_in(house, 2)
    stranger = passed(house, other, Operation.ERASE_ACCOUNT)
    export = passed(house, person, Operation.EXPORT_DATA)
    for step_up in ("", stranger, export, "A" * 26):
        with pytest.raises(StepUpRequiredError):
            request_erasure(house, person.caller, step_up)
    assert house.read(user_key(person.user_id)).get("frozen") is None


def test_refused_to_staff_and_to_whoever_acts_for_an_enterprise(house: House) -> None:
    caller = settle_in(house).caller
    with pytest.raises(StaffAccountError):
        request_erasure(house, caller._replace(role="support"), "")  # type: ignore[arg-type]
    with pytest.raises(ForbiddenError):
        request_erasure(house, caller._replace(enterprise_id="E1"), "")


def test_asked_twice_it_is_one_promise_of_seven_days(house: House) -> None:
    person = settle_in(house)
    first = ask(house, person)
    house.clock.at += 60_000
    assert request_erasure(house, person.caller, "") == first
    assert first.due_by - first.requested_at == DUE_MS


def test_the_account_is_frozen_from_the_request_on(house: House) -> None:
    person = settle_in(house)
    ask(house, person)
    assert house.read(user_key(person.user_id))["frozen"] is True


def test_nothing_begins_while_a_token_may_be_alive(house: House) -> None:
    person = lived(house)
    ask(house, person)
    house.clock.at += WAIT_MS - 1
    assert erase_people(house, 60) == 0
    assert traces(house, person.planted)
    house.clock.at += 1
    assert erase_people(house, 60) == 1


@pytest.mark.parametrize("status", [RefundStatus.REQUESTED, RefundStatus.PROCESSING, RefundStatus.STUCK])
def test_it_waits_for_a_refund_that_is_owed_and_then_rings(house: House, status: RefundStatus) -> None:
    person = settle_in(house)
    order_id = an_order(house, person)
    a_refund(house, order_id, status)
    ask(house, person)
    assert run(house) == 0
    assert house.signals.seen == []
    house.clock.at += 24 * 3_600_000
    assert erase_people(house, 60) == 0
    assert house.signals.seen == ["ErasureLate"]


def test_whoever_has_no_phone_needs_no_step_up(house: House) -> None:
    person = settle_in(house)
    house.store.commit(
        Update(
            user_key(person.user_id), when=Exists(), remove=("phone_sealed", "phone_index", "phone_masked")
        )
    )
    assert request_erasure(house, person.caller, "").user_id == person.user_id


def test_a_run_may_die_at_any_call() -> None:
    for at in count(1):
        for after in (False, True):
            house = House()
            person = lived(house)
            ask(house, person)
            house.clock.at += WAIT_MS
            victim = house.process()
            victim.store = type(house.store)(Mortal(house, at, after), house.nonces, lambda _: None)  # type: ignore[arg-type]
            alive = True
            try:
                erase_people(victim, 60)
            except Died:
                alive = False
            erase_people(house, 60)
            assert traces(house, person.planted) == []
            assert find_erasure(house.store, person.user_id) is None
            acts = [item["action"] for item in house.engine.items(Table.AUDIT)]
            assert acts.count("erase_account") == 1
        if alive:
            assert at > 10
            return


def test_one_that_fails_keeps_nobody_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = lived(house, 1), lived(house, 2)
    ask(house, first)
    ask(house, second)
    house.store.commit(credit(wallet(min(first.user_id, second.user_id)), 0, Fen(1)))
    assert run(house) == 1
    assert house.signals.seen == ["ErasureFailed"]


def test_the_card_is_kept_nowhere_by_a_digest_that_can_be_tried(house: House) -> None:
    """Card ids once derived from the number: with 13 free digits they could be found by trying."""
    person = settle_in(house)
    card = bound(house, person)
    assert card.card_id != derive_id("C", person.user_id, person.card)
