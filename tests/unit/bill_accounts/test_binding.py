"""Accounts at billers (ID2, OR9, SE1): bound only when the biller knows them, sealed, shown masked."""

import pytest
from unit.bill_accounts.house import ANN, BOB, METER, BillHouse, holds

from octane.billers.accounts import BillAccountInvalidError
from octane.billers.names import Biller
from octane.billers.port import BillerRefused, Owed
from octane.bills.accounts import (
    BillAccountNotFoundError,
    account_key,
    account_of,
    get_account,
    list_accounts,
)
from octane.bills.asking import BillerAccountRefusedError, BillerSilentError
from octane.bills.binding import MOST, BillAccountsFullError, bind_account, unbind_account
from octane.bills.holding import hold, paid
from octane.kernel.clock import SECOND
from octane.kernel.errors import KeyReusedError, TooManyError
from octane.kernel.fulfilment import FulfilmentUnknown
from octane.kernel.vault import Field, is_sealed
from octane.privacy.rotation import DONE, SETTLE_MS, begin_rotation, continue_rotation
from octane.store.items import Table


def numbers(house: BillHouse, count: int) -> None:
    for no in range(count):
        house.clock.at += 3_600 * SECOND  # the limit of bindings is not what is looked at
        house.bind(number=f"{int(METER) + 1 + no}", key=f"bind-many-{no}")


def test_a_bound_number_is_sealed_and_shown_masked(house: BillHouse) -> None:
    account = house.bind(number="1100 2233 44556")
    assert is_sealed(account.account_no)
    assert house.vault.open(Field.BILL_ACCOUNT, ANN.user_id, account.account_no) == METER
    assert (account.account_masked, account.holder_masked) == ("*********4556", "*安")
    assert METER not in str(house.engine.items(Table.BILLS))
    assert house.power.asked == [METER]
    stored = house.read(account_key(ANN.account_id, account.bill_account_id))
    assert account_of(stored) == account
    assert account.tag == house.vault.blind_index(Field.BILL_ACCOUNT, f"ELECTRICITY {METER}")


def test_the_same_number_is_one_account_of_each_who_binds_it(house: BillHouse) -> None:
    first = house.bind()
    again = bind_account(house, ANN, Biller.ELECTRICITY, METER, "父母家", "bind-0002")
    assert again.bill_account_id == first.bill_account_id
    assert [listed.account.label for listed in list_accounts(house.store, ANN.account_id)] == ["父母家"]
    bobs = house.bind(BOB)
    assert (bobs.tag, bobs.bill_account_id != first.bill_account_id) == (first.tag, True)


def test_a_label_that_is_left_out_is_the_kind_of_bill(house: BillHouse) -> None:
    assert bind_account(house, ANN, Biller.PARKING, "京A12345", "", "bind-0001").label == "停车费"


@pytest.mark.parametrize(
    ("biller", "number"),
    [
        (Biller.ELECTRICITY, ""),
        (Biller.ELECTRICITY, "123"),
        (Biller.WATER, "9" * 21),
        (Biller.GAS, "+1100223344"),
        (Biller.GAS, "١١٠٠٢٢٣٣٤٤"),
        (Biller.ELECTRICITY, "1100223344556; DROP"),
        (Biller.PARKING, "京I12345"),
        (Biller.PARKING, "X" * 60),
        (Biller.PARKING, "美A12345"),
        (Biller.PROPERTY, "房" * 8),
        (Biller.PROPERTY, "9" * 1_000),
    ],
)
def test_an_impossible_number_is_refused_before_anybody_is_asked(
    house: BillHouse, biller: Biller, number: str
) -> None:
    with pytest.raises(BillAccountInvalidError):
        bind_account(house, ANN, biller, number, "家里", "bind-0001")
    assert house.companies[biller].asked == []
    assert house.engine.items(Table.BILLS) == []


def test_what_the_biller_does_not_know_is_not_bound(house: BillHouse) -> None:
    house.power.answer = BillerRefused("ACCOUNT_UNKNOWN")
    with pytest.raises(BillerAccountRefusedError):
        house.bind()
    assert house.engine.items(Table.BILLS) == []


def test_while_the_biller_is_silent_the_same_request_can_be_sent_again(house: BillHouse) -> None:
    house.power.answer = FulfilmentUnknown("time-out")
    with pytest.raises(BillerSilentError) as silent:
        house.bind()
    assert silent.value.retryable
    house.power.answer = Owed("", ())
    assert house.bind().account_masked == "*********4556"


def test_a_replay_asks_nobody_and_another_body_is_refused(house: BillHouse) -> None:
    first = house.bind()
    house.power.answer = FulfilmentUnknown("silent")
    house.clock.at += SECOND
    assert house.bind() == first
    for other in (
        lambda: bind_account(house, ANN, Biller.ELECTRICITY, METER, "另一个", "bind-0001"),
        lambda: house.bind(number="1100223344557"),
        lambda: bind_account(house, ANN, Biller.WATER, METER, "家里", "bind-0001"),
    ):
        with pytest.raises(KeyReusedError):
            other()
    assert len(house.power.asked) == 1
    assert len(list_accounts(house.store, ANN.account_id)) == 1


def test_a_replay_after_the_account_was_let_go_binds_nothing(house: BillHouse) -> None:
    unbind_account(house.store, ANN.account_id, house.bind().bill_account_id)
    with pytest.raises(BillAccountNotFoundError):
        house.bind()
    assert list_accounts(house.store, ANN.account_id) == []


def test_twenty_are_bound_and_no_more_until_one_is_let_go(house: BillHouse) -> None:
    first = house.bind()
    numbers(house, MOST - 1)
    with pytest.raises(BillAccountsFullError):
        house.bind(number="9900223344556", key="bind-more")
    assert len(list_accounts(house.store, ANN.account_id)) == MOST
    house.bind(key="bind-again")  # what is bound can be bound again
    unbind_account(house.store, ANN.account_id, first.bill_account_id)
    house.bind(number="9900223344556", key="bind-more")
    assert len(list_accounts(house.store, ANN.account_id)) == MOST


def test_guesses_of_strangers_numbers_are_counted(house: BillHouse) -> None:
    house.power.answer = BillerRefused("ACCOUNT_UNKNOWN")
    for no in range(10):
        with pytest.raises(BillerAccountRefusedError):
            house.bind(number=f"99002233445{no:02d}", key=f"bind-guess-{no}")
    with pytest.raises(TooManyError):
        house.bind(number="9900223344599", key="bind-guess-more")
    assert len(house.power.asked) == 10


def test_what_is_anothers_does_not_exist(house: BillHouse) -> None:
    account = house.bind()
    with pytest.raises(BillAccountNotFoundError):
        get_account(house.store, BOB.account_id, account.bill_account_id)
    with pytest.raises(BillAccountNotFoundError):
        unbind_account(house.store, BOB.account_id, account.bill_account_id)
    assert get_account(house.store, ANN.account_id, account.bill_account_id) == account


def test_an_account_that_is_let_go_is_gone_once(house: BillHouse) -> None:
    account = house.bind()
    unbind_account(house.store, ANN.account_id, account.bill_account_id)
    with pytest.raises(BillAccountNotFoundError):
        unbind_account(house.store, ANN.account_id, account.bill_account_id)
    left = {str(item["sk"]).partition("#")[0] for item in house.engine.items(Table.BILLS)}
    assert left == {"", "KEY"}  # the count, and the replay's record


def test_the_listing_shows_what_was_last_paid_and_is_one_call(house: BillHouse) -> None:
    account = house.bind()
    held = holds(account)
    house.store.commit(*hold(held, None, house.clock.now()))
    house.clock.at += SECOND
    house.store.commit(*paid(held, house.clock.now()))
    house.counted.calls.clear()
    (listed,) = list_accounts(house.store, ANN.account_id)
    assert house.counted.calls == ["query"]
    assert listed.account == account
    assert listed.last_paid == ("T1", 100, house.clock.now())


def test_binding_is_four_calls_and_a_replay_three(house: BillHouse) -> None:
    house.vault.seal(Field.BILL_ACCOUNT, "U", "warm")
    house.vault.blind_index(Field.BILL_ACCOUNT, "warm")
    house.counted.calls.clear()
    house.bind()
    assert house.counted.calls == ["get", "write", "get", "transact"]  # record, limit, account, all
    house.counted.calls.clear()
    house.bind()
    assert house.counted.calls == ["get", "get", "get"]


def test_rotation_reaches_bill_accounts(house: BillHouse) -> None:
    object.__setattr__(house.store, "engine", house.engine)  # the rotation scans
    account = house.bind()
    old = account.account_no.split(".")[1]
    begin_rotation(house)
    house.clock.at += SETTLE_MS
    done = continue_rotation(house, 60)
    if done is None or done.state != DONE:
        house.clock.at += SETTLE_MS
        done = continue_rotation(house, 60)
    assert done is not None
    assert done.state == DONE
    sealed = get_account(house.store, ANN.account_id, account.bill_account_id).account_no
    assert sealed.split(".")[1] != old
    assert house.vault.open(Field.BILL_ACCOUNT, ANN.account_id, sealed) == METER
