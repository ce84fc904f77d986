"""Two people for every withdrawal, a finance director for a large one, and never more than there is (LG5)."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from unit.funds.house import ANN, BOB, DAY, DIANA, EVE, HOT, LIMIT, House, opened, person

from octane.funds.records import Withdrawal, WithdrawalNotFoundError, withdrawal_item, withdrawal_of
from octane.funds.withdrawals import (
    ApprovedAlreadyError,
    DirectorRequiredError,
    OwnWithdrawalError,
    WithdrawalExpiredError,
    WithdrawalStateError,
    approve_withdrawal,
    expire_withdrawals,
    list_withdrawals,
    refuse_withdrawal,
    request_withdrawal,
)
from octane.kernel.caller import Caller, Role
from octane.kernel.errors import AmountInvalidError, ForbiddenError, KeyReusedError, OctaneError
from octane.ledger.balances import InsufficientBalanceError
from octane.store.cursors import CursorInvalidError

LARGE = LIMIT + 1
HOUR = 3_600_000


def request(house: House, amount: int = 1_000, by: Caller = ANN, key: str = "key-00000001") -> Withdrawal:
    return request_withdrawal(house, by, amount, "rent of July", key)


def test_another_person_approves_and_the_bank_is_instructed() -> None:
    # Given
    house = opened(hot=10_000)
    asked = request(house)
    assert (asked.state, house.balance(HOT)) == ("REQUESTED", (9_000, 1_000))

    # When
    approved = approve_withdrawal(house, BOB, asked.withdrawal_id)

    # Then
    assert (approved.state, [a.by for a in approved.approvals]) == ("APPROVED", ["bob"])
    (instruction,) = house.instructions()
    assert (instruction.number, instruction.amount) == (asked.withdrawal_id, 1_000)
    assert house.nets()["WITHDRAWALS"] == 1_000
    assert house.nets()["FUNDS_IN_TRANSIT"] == -1_000
    house.must_be_sound()


def test_the_limit_itself_needs_one_approval_and_one_fen_more_two() -> None:
    house = opened(hot=3 * LARGE)
    small, large = request(house, LIMIT), request(house, LARGE, key="key-00000002")
    assert approve_withdrawal(house, BOB, small.withdrawal_id).state == "APPROVED"
    assert approve_withdrawal(house, BOB, large.withdrawal_id).state == "CHECKED"
    assert [one.number for one in house.instructions()] == [small.withdrawal_id]
    assert approve_withdrawal(house, DIANA, large.withdrawal_id).state == "APPROVED"
    house.must_be_sound()


def test_whoever_requests_never_approves() -> None:
    house = opened(hot=3 * LARGE)
    own = request(house, 1_000, DIANA), request(house, LARGE, DIANA, "key-00000002")
    for withdrawal in own:
        with pytest.raises(OwnWithdrawalError):
            approve_withdrawal(house, DIANA, withdrawal.withdrawal_id)
    approve_withdrawal(house, BOB, own[1].withdrawal_id)
    with pytest.raises(OwnWithdrawalError):
        approve_withdrawal(house, DIANA, own[1].withdrawal_id)
    assert house.instructions() == []


def test_nobody_approves_twice() -> None:
    house = opened(hot=3 * LARGE)
    asked = request(house, LARGE)
    approve_withdrawal(house, DIANA, asked.withdrawal_id)
    with pytest.raises(ApprovedAlreadyError):
        approve_withdrawal(house, DIANA, asked.withdrawal_id)
    assert house.instructions() == []


def test_the_second_approval_of_a_large_one_is_a_directors() -> None:
    # Given one that a director has approved first
    house = opened(hot=3 * LARGE)
    asked = request(house, LARGE)
    approve_withdrawal(house, DIANA, asked.withdrawal_id)

    # When / Then
    with pytest.raises(DirectorRequiredError):
        approve_withdrawal(house, EVE, asked.withdrawal_id)
    second = person("dora", Role.FINANCE_DIRECTOR)
    assert approve_withdrawal(house, second, asked.withdrawal_id).state == "APPROVED"


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.OPERATOR, Role.SUPPORT])
def test_only_finance_has_to_do_with_it(role: Role) -> None:
    house = opened(hot=10_000)
    asked, stranger = request(house), person("mallory", role)
    mark = house.engine.mark()
    for act in (
        lambda: request(house, 1, stranger, "key-00000002"),
        lambda: approve_withdrawal(house, stranger, asked.withdrawal_id),
        lambda: refuse_withdrawal(house, stranger, asked.withdrawal_id, "no"),
        lambda: list_withdrawals(house, stranger),
    ):
        with pytest.raises(ForbiddenError):
            act()
    assert house.engine.mark() == mark


def test_a_refused_one_gives_its_money_free() -> None:
    house = opened(hot=10_000)
    asked = request(house)
    refused = refuse_withdrawal(house, BOB, asked.withdrawal_id, "not this month")
    assert (refused.state, refused.reason, house.balance(HOT)) == ("REFUSED", "not this month", (10_000, 0))
    for act in (
        lambda: approve_withdrawal(house, BOB, asked.withdrawal_id),
        lambda: refuse_withdrawal(house, BOB, asked.withdrawal_id, "again"),
    ):
        with pytest.raises(WithdrawalStateError):
            act()
    house.must_be_sound()


def test_an_approved_one_cannot_be_refused_or_approved_any_more() -> None:
    house = opened(hot=10_000)
    asked = request(house)
    approve_withdrawal(house, BOB, asked.withdrawal_id)
    with pytest.raises(WithdrawalStateError):
        refuse_withdrawal(house, EVE, asked.withdrawal_id, "too late")
    with pytest.raises(WithdrawalStateError):
        approve_withdrawal(house, EVE, asked.withdrawal_id)


def test_one_that_is_not_approved_in_time_expires() -> None:
    # Given two, the second an hour younger
    house = opened(hot=10_000)
    first = request(house)
    house.clock.at += HOUR
    second = request(house, 500, key="key-00000002")

    # When the first one's time is over
    house.clock.at = first.expires_at
    with pytest.raises(WithdrawalExpiredError):
        approve_withdrawal(house, BOB, first.withdrawal_id)
    assert house.balance(HOT) == (8_500, 1_500)
    assert expire_withdrawals(house) == 1

    # Then
    assert [w.state for w in house.withdrawals() if w.withdrawal_id == first.withdrawal_id] == ["EXPIRED"]
    assert house.balance(HOT) == (9_500, 500)
    assert expire_withdrawals(house) == 0
    assert approve_withdrawal(house, BOB, second.withdrawal_id).state == "APPROVED"
    house.must_be_sound()


def test_the_same_key_is_the_same_withdrawal() -> None:
    house = opened(hot=1_500)
    asked = request(house)
    assert request(house) == asked
    assert request(house, by=BOB, amount=500).withdrawal_id != asked.withdrawal_id
    with pytest.raises(KeyReusedError):
        request(house, 1_001)
    with pytest.raises(KeyReusedError):
        request_withdrawal(house, ANN, 1_000, "rent of August", "key-00000001")
    approved = approve_withdrawal(house, BOB, asked.withdrawal_id)
    assert request(house) == approved
    assert house.balance(HOT) == (0, 1_500)


@pytest.mark.parametrize("amount", [0, -1, 10**13 + 1])
def test_an_amount_that_is_none(amount: int) -> None:
    house = opened()
    with pytest.raises(AmountInvalidError):
        request(house, amount)
    assert house.withdrawals() == []


def test_nobody_takes_more_than_is_free() -> None:
    house = opened(hot=1_500)
    request(house)
    with pytest.raises(InsufficientBalanceError):
        request(house, 501, key="key-00000002")
    assert request(house, 500, key="key-00000003").state == "REQUESTED"
    assert len(house.withdrawals()) == 2
    house.must_be_sound()


def test_no_concurrency_takes_more_than_there_is() -> None:
    # Given money for seven of them
    house = opened(hot=7_999)

    def ask(number: int) -> str:
        try:
            return request(house, 1_000, person(f"p{number % 5}"), f"key-{number:08d}").withdrawal_id
        except InsufficientBalanceError:
            return ""

    # When forty ask at once, each twice
    with ThreadPoolExecutor(16) as pool:
        made = [asked for asked in pool.map(ask, [*range(40), *range(40)]) if asked]

    # Then
    assert len(set(made)) == len(house.withdrawals()) == 7
    assert house.balance(HOT) == (999, 7_000)
    house.must_be_sound()


def test_of_many_who_decide_at_once_one_decides() -> None:
    # Given large withdrawals
    house = opened(hot=50 * LARGE)
    asked = [request(house, LARGE, key=f"key-{number:08d}").withdrawal_id for number in range(10)]
    directors = [person(f"d{n}", Role.FINANCE_DIRECTOR) for n in range(3)]

    # When everybody approves, and some refuse, all at once
    def decide(step: int) -> None:
        withdrawal_id, who = asked[step % 10], (ANN, BOB, EVE, *directors, *directors)[step // 10 % 9]
        with suppress(OctaneError):
            if step % 7 == 0:
                refuse_withdrawal(house, who, withdrawal_id, "no")
            else:
                approve_withdrawal(house, who, withdrawal_id)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(decide, range(360)))

    # Then each ended one way, and the books say so
    assert {w.state for w in house.withdrawals()} <= {"APPROVED", "REFUSED"}
    assert len(house.instructions()) == len([w for w in house.withdrawals() if w.state == "APPROVED"])
    house.must_be_sound()


def test_each_change_is_a_step_that_stays() -> None:
    house = opened(hot=3 * LARGE)
    asked = request(house, LARGE)
    approve_withdrawal(house, BOB, asked.withdrawal_id)
    approve_withdrawal(house, DIANA, asked.withdrawal_id)
    steps = [item for item in house.items(f"WITHDRAWAL#{asked.withdrawal_id}") if item["sk"] != "#WITHDRAWAL"]
    assert [(step["sk"], step["state"], step["by"]) for step in steps] == [
        ("STEP#001", "REQUESTED", "ann"),
        ("STEP#002", "CHECKED", "bob"),
        ("STEP#003", "APPROVED", "diana"),
    ]


def test_listing() -> None:
    # Given five, of which one is approved
    house = opened()
    made = []
    for number in range(5):
        house.clock.at += 1_000
        made.append(request(house, 100 + number, key=f"key-{number:08d}").withdrawal_id)
    approve_withdrawal(house, BOB, made[1])

    # When
    first = list_withdrawals(house, BOB, limit=3)
    second = list_withdrawals(house, BOB, limit=3, cursor=first.next_cursor)

    # Then
    found = [w.withdrawal_id for w in (*first.withdrawals, *second.withdrawals)]
    assert found == made[::-1]
    assert second.next_cursor is None
    waiting = list_withdrawals(house, BOB, waiting=True).withdrawals
    assert [w.withdrawal_id for w in waiting] == [made[0], *made[2:]]


@pytest.mark.parametrize("cursor", ["x", "e30=", "eyJwayI6IlgiLCJzayI6IjEifQ==", "W10=", "é"])
def test_a_cursor_that_is_none_of_ours(cursor: str) -> None:
    with pytest.raises(CursorInvalidError):
        list_withdrawals(opened(), ANN, cursor=cursor)


def test_one_that_does_not_exist() -> None:
    with pytest.raises(WithdrawalNotFoundError):
        approve_withdrawal(opened(), ANN, "W" * 26)


def test_a_newer_releases_attributes_are_passed_over() -> None:
    house = opened()
    asked = approve_withdrawal(house, BOB, request(house).withdrawal_id)
    assert withdrawal_of({**withdrawal_item(asked), "pk": "x", "sk": "y", "new": 1}) == asked
    assert DAY.isoformat() == house.instructions()[0].day
