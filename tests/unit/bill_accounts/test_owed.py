"""What an account owes (OR9): asked once a minute, marked when it is old, and which bills are being paid."""

import pytest
from unit.bill_accounts.house import ANN, BOB, LARGE, METER, WHOLE, BillHouse, Company, holds

from octane.billers.config import BillerUnavailableError
from octane.billers.names import Biller
from octane.billers.port import BillerRefused, Owed
from octane.bills.accounts import BillAccountNotFoundError
from octane.bills.asking import (
    FRESH_MS,
    KEPT_SECONDS,
    BillerAccountRefusedError,
    BillerSilentError,
    owed_key,
)
from octane.bills.binding import unbind_account
from octane.bills.holding import hold, let_go, paid
from octane.bills.owed import AccountOwes, owed_by
from octane.kernel.clock import SECOND
from octane.kernel.fulfilment import FulfilmentUnknown
from octane.store.engine import AnswerLost
from octane.store.writes import Write


def look(house: BillHouse, account_id: str, caller_id: str = ANN.account_id) -> AccountOwes:
    return owed_by(house, caller_id, account_id)


def test_all_that_the_biller_says_is_kept_and_shown_again(house: BillHouse) -> None:
    account = house.bind()
    for _ in range(2):
        owes = look(house, account.bill_account_id)
        assert owes.owed == Owed("*安", (LARGE, WHOLE))
        assert (owes.stale, owes.asked_at, owes.in_payment) == (False, house.clock.now(), {})
    assert house.power.asked == [METER]  # when it was bound


def test_within_the_minute_it_is_two_calls_and_nobody_is_asked(house: BillHouse) -> None:
    account = house.bind()
    house.clock.at += FRESH_MS - 1
    house.counted.calls.clear()
    assert not look(house, account.bill_account_id).stale
    assert house.counted.calls == ["get", "query"]
    assert len(house.power.asked) == 1


def test_after_the_minute_the_biller_is_asked_for_all_who_bound_it(house: BillHouse) -> None:
    account = house.bind()
    bobs = house.bind(BOB)
    house.clock.at += FRESH_MS
    house.power.asked.clear()
    house.power.answer = Owed("*安", (WHOLE,))
    assert look(house, account.bill_account_id).owed.bills == (WHOLE,)
    assert look(house, bobs.bill_account_id, BOB.account_id).owed.bills == (WHOLE,)
    assert len(house.power.asked) == 1


def test_a_silent_biller_leaves_what_it_said_last_marked_with_its_age(house: BillHouse) -> None:
    account = house.bind()
    asked_at = house.clock.now()
    house.clock.at += FRESH_MS
    house.power.answer = FulfilmentUnknown("time-out")
    owes = look(house, account.bill_account_id)
    assert (owes.stale, owes.asked_at, owes.owed.bills) == (True, asked_at, (LARGE, WHOLE))


def test_a_biller_that_is_not_connected_any_more_is_silent(
    house: BillHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Biller) -> Company:
        raise BillerUnavailableError

    account = house.bind()
    house.clock.at += FRESH_MS
    monkeypatch.setattr(house, "biller_of", gone)
    owes = look(house, account.bill_account_id)
    assert (owes.stale, owes.owed.bills) == (True, (LARGE, WHOLE))


def test_an_answer_is_shown_although_it_may_not_be_kept(
    house: BillHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: Write) -> None:
        raise AnswerLost

    account = house.bind()
    house.clock.at += FRESH_MS
    house.power.answer = Owed("*安", (WHOLE,))
    monkeypatch.setattr(house.counted, "write", lost)
    owes = look(house, account.bill_account_id)
    assert (owes.stale, owes.owed.bills) == (False, (WHOLE,))


@pytest.mark.parametrize("mark", [False, True], ids=["nothing", "only that something was paid"])
def test_a_silent_biller_of_which_nothing_is_known_is_said_to_be_silent(house: BillHouse, mark: bool) -> None:
    account, bobs = house.bind(), house.bind(BOB)
    unbind_account(house.store, BOB.account_id, bobs.bill_account_id)  # what was known goes with it
    if mark:
        house.store.commit(*paid(holds(account), house.clock.now()))
    house.power.answer = FulfilmentUnknown("time-out")
    with pytest.raises(BillerSilentError):
        look(house, account.bill_account_id)


def test_what_a_biller_said_is_gone_after_a_week(house: BillHouse) -> None:
    account = house.bind()
    key = owed_key(account.biller, account.tag)
    assert house.read(key)["ttl"] == house.clock.now() // SECOND + KEPT_SECONDS
    unbind_account(house.store, ANN.account_id, account.bill_account_id)
    house.store.commit(*paid(holds(account), house.clock.now()))
    assert house.read(key)["ttl"] == house.clock.now() // SECOND + KEPT_SECONDS


def test_a_closed_account_is_said_to_be_refused(house: BillHouse) -> None:
    account = house.bind()
    house.clock.at += FRESH_MS
    house.power.answer = BillerRefused("ACCOUNT_CLOSED")
    with pytest.raises(BillerAccountRefusedError):
        look(house, account.bill_account_id)


def test_a_bill_that_is_being_paid_is_marked_and_its_order_is_its_owners_only(house: BillHouse) -> None:
    account, bobs = house.bind(), house.bind(BOB)
    held = holds(account)
    house.store.commit(*hold(held, None, house.clock.now()))
    assert look(house, account.bill_account_id).in_payment == {"E202610": "T1"}
    assert look(house, bobs.bill_account_id, BOB.account_id).in_payment == {"E202610": ""}
    house.store.commit(*let_go(held, "CANCELLED"))
    assert look(house, account.bill_account_id).in_payment == {}


def test_what_was_just_paid_is_asked_for_again(house: BillHouse) -> None:
    account = house.bind()
    house.clock.at += SECOND
    house.store.commit(*paid(holds(account), house.clock.now()))
    house.power.answer = Owed("*安", (WHOLE,))
    assert look(house, account.bill_account_id).owed.bills == (LARGE, WHOLE)[1:]


def test_an_answer_from_before_a_payment_is_not_fresh(house: BillHouse) -> None:
    """The biller is asked, an order is paid, the answer is kept: it may not hold the payment."""
    account = house.bind()
    house.clock.at += FRESH_MS
    before = house.power.owed

    def paid_meanwhile(account_no: str) -> Owed | BillerRefused | FulfilmentUnknown:
        answer = before(account_no)
        house.store.commit(*paid(holds(account), house.clock.now()))
        return answer

    house.power.owed = paid_meanwhile  # type: ignore[method-assign]
    look(house, account.bill_account_id)
    house.power.owed = before  # type: ignore[method-assign]
    house.power.answer = Owed("*安", ())
    assert look(house, account.bill_account_id).owed.bills == ()


def test_what_anothers_account_owes_is_not_told(house: BillHouse) -> None:
    account = house.bind()
    house.power.asked.clear()
    for name in (account.bill_account_id, "L" * 26, "", "#BOUND", f"{account.bill_account_id}#PAID"):
        with pytest.raises(BillAccountNotFoundError):
            look(house, name, BOB.account_id)
    assert house.power.asked == []
