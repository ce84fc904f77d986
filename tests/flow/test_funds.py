"""Withdrawals as finance makes them: who may, who must be another, how much there is, what a replay is."""

from datetime import timedelta

import pytest

from flow.books import assert_refused, nothing_written
from flow.customers import Customer, new_staff
from octane.funds.check import check_funds
from octane.funds.model import BankAccount
from octane.funds.statement import parse_statement
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.kernel.clock import in_beijing
from simulators.bank.books import CustodyBooks
from simulators.bank.statement import write_statement
from world.shop import Answer, Shop

LIMIT = 5_000_000


def fund(shop: Shop, hot: int) -> None:
    """The hot account has so much, by yesterday's checked statement."""
    yesterday = in_beijing(shop.clock.now()).date() - timedelta(days=1)
    books = CustodyBooks(lambda: shop.clock.now() - 86_400_000)
    books.move("HOT", hot, "OTHER")
    statements = [
        parse_statement(
            write_statement(account, yesterday, books.day(account, yesterday)), account, yesterday
        )
        for account in BankAccount
    ]
    assert check_funds(shop.wiring, yesterday, statements, []).holds


@pytest.fixture
def bea(shop: Shop) -> Customer:
    fund(shop, 20_000_000)
    return new_staff(shop, Role.FINANCE)


@pytest.fixture
def carl(shop: Shop) -> Customer:
    return new_staff(shop, Role.FINANCE)


@pytest.fixture
def diana(shop: Shop) -> Customer:
    return new_staff(shop, Role.FINANCE_DIRECTOR)


def request(person: Customer, amount: int = 1_000, key: str | None = None) -> Answer:
    """Ask for a withdrawal, as whoever has proven that it is them."""
    return ask(person, amount, key, step_up=person.passed(Operation.WITHDRAW, "", amount))


def ask(
    person: Customer, amount: object = 1_000, key: str | None = None, step_up: str = "", **more: object
) -> Answer:
    body = {"amount_fen": amount, "purpose": "rent of July", **more}
    return person.post("/withdrawals", body, key, step_up)


def approve(person: Customer, withdrawal_id: str) -> Answer:
    return person.post(f"/withdrawals/{withdrawal_id}/approval")


def refuse(person: Customer, withdrawal_id: str, reason: str = "not now") -> Answer:
    return person.post(f"/withdrawals/{withdrawal_id}/refusal", {"reason": reason})


def made(answer: Answer) -> str:
    assert answer.status == 201, answer
    return str(answer.body["withdrawal_id"])


def hot(person: Customer) -> tuple[int, int]:
    """Available and held."""
    account = person.get("/funds").body["accounts"][0]
    assert account["account"] == "HOT"
    return account["available_fen"], account["held_fen"]


def test_two_people_make_a_withdrawal(shop: Shop, bea: Customer, carl: Customer) -> None:
    # Given
    asked = request(bea)
    assert (asked.body["state"], asked.body["requested_by"]) == ("REQUESTED", bea.user_id)
    assert hot(bea) == (19_999_000, 1_000)

    # When
    approved = approve(carl, made(asked))

    # Then
    assert (approved.status, approved.body["state"]) == (200, "APPROVED")
    assert [one["approved_by"] for one in approved.body["approvals"]] == [carl.user_id]
    funds = bea.get("/funds").body
    (instruction,) = funds["open_instructions"]
    assert (instruction["number"], instruction["amount_fen"]) == (made(asked), 1_000)
    assert (funds["in_transit_fen"], funds["accounts"][0]["closing_fen"]) == (-1_000, 20_000_000)


def test_a_large_one_needs_the_director(shop: Shop, bea: Customer, carl: Customer, diana: Customer) -> None:
    # Given
    asked = request(bea, LIMIT + 1)
    assert asked.body["approvals_needed"] == 2

    # When / Then
    withdrawal = made(asked)
    assert approve(carl, withdrawal).body["state"] == "CHECKED"
    other = new_staff(shop, Role.FINANCE)
    with nothing_written(shop):
        assert_refused(approve(other, withdrawal), 403, "DIRECTOR_REQUIRED")
        assert_refused(approve(carl, withdrawal), 409, "WITHDRAWAL_APPROVED_ALREADY")
        assert_refused(approve(bea, withdrawal), 403, "WITHDRAWAL_OWN")
    assert approve(diana, withdrawal).body["state"] == "APPROVED"
    with nothing_written(shop):
        assert_refused(approve(other, withdrawal), 409, "WITHDRAWAL_STATE")
        assert_refused(refuse(bea, withdrawal), 409, "WITHDRAWAL_STATE")


def test_a_refused_one_is_over(shop: Shop, bea: Customer, carl: Customer) -> None:
    withdrawal = made(request(bea))
    refused = refuse(carl, withdrawal)
    assert (refused.status, refused.body["state"], refused.body["reason"]) == (200, "REFUSED", "not now")
    assert hot(bea) == (20_000_000, 0)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.OPERATOR, Role.SUPPORT])
def test_nobody_else_may(shop: Shop, bea: Customer, role: Role) -> None:
    withdrawal, stranger = made(request(bea)), new_staff(shop, role)
    with nothing_written(shop):
        for answer in (
            ask(stranger),
            approve(stranger, withdrawal),
            refuse(stranger, withdrawal),
            stranger.get("/withdrawals"),
            stranger.get("/funds"),
        ):
            assert_refused(answer, 403, "FORBIDDEN")


def test_nobody_without_a_token(shop: Shop) -> None:
    for method, path in (
        ("POST", "withdrawals"),
        ("POST", "withdrawals/W/approval"),
        ("POST", "withdrawals/W/refusal"),
        ("GET", "withdrawals"),
        ("GET", "funds"),
    ):
        assert shop.call(method, f"/api/v1/{path}", {} if method == "POST" else None).status == 401


def test_a_key_again(shop: Shop, bea: Customer) -> None:
    first = request(bea, key="withdraw-1")
    with nothing_written(shop):
        assert ask(bea, key="withdraw-1").body == first.body
        assert_refused(ask(bea, 1_001, key="withdraw-1"), 409, "IDEMPOTENCY_KEY_REUSED")
    assert hot(bea) == (19_999_000, 1_000)


def test_no_more_than_there_is(shop: Shop, bea: Customer) -> None:
    request(bea, 19_999_999)
    step_up = bea.passed(Operation.WITHDRAW, "", 2)
    with nothing_written(shop):
        assert_refused(ask(bea, 2, step_up=step_up), 409, "INSUFFICIENT_BALANCE")


@pytest.mark.parametrize("proven", [None, (Operation.WITHDRAW, 999), (Operation.LARGE_TOP_UP, 1_000)])
def test_none_without_a_proof_for_just_this(
    shop: Shop, bea: Customer, proven: tuple[Operation, int] | None
) -> None:
    step_up = bea.passed(proven[0], "", proven[1]) if proven else ""
    with nothing_written(shop):
        assert_refused(ask(bea, step_up=step_up), 403, "STEP_UP_REQUIRED")


def test_a_proof_serves_one_withdrawal(shop: Shop, bea: Customer, carl: Customer) -> None:
    step_up = bea.passed(Operation.WITHDRAW, "", 1_000)
    with nothing_written(shop):
        assert_refused(ask(carl, step_up=step_up), 403, "STEP_UP_REQUIRED")
    made(ask(bea, step_up=step_up))
    with nothing_written(shop):
        assert_refused(ask(bea, step_up=step_up), 403, "STEP_UP_REQUIRED")


@pytest.mark.parametrize(
    ("amount", "more", "code"),
    [
        (0, {}, "AMOUNT_INVALID"),
        (-5, {}, "AMOUNT_INVALID"),
        (10**14, {}, "AMOUNT_INVALID"),
        ("5", {}, "INVALID_REQUEST"),
        (1.5, {}, "INVALID_REQUEST"),
        (True, {}, "INVALID_REQUEST"),
        (5, {"purpose": ""}, "INVALID_REQUEST"),
        (5, {"purpose": "<b>"}, "INVALID_REQUEST"),
        (5, {"state": "APPROVED"}, "INVALID_REQUEST"),
        (5, {"requested_by": "me"}, "INVALID_REQUEST"),
    ],
)
def test_requests_that_are_none(
    shop: Shop, bea: Customer, amount: object, more: dict[str, object], code: str
) -> None:
    with nothing_written(shop):
        assert_refused(ask(bea, amount, **more), 400, code)


def test_one_that_does_not_exist(shop: Shop, bea: Customer) -> None:
    with nothing_written(shop):
        assert_refused(approve(bea, "W" * 26), 404, "WITHDRAWAL_NOT_FOUND")
        assert_refused(refuse(bea, "W" * 26), 404, "WITHDRAWAL_NOT_FOUND")


def test_what_waits_too_long_expires(shop: Shop, bea: Customer, carl: Customer) -> None:
    withdrawal = made(request(bea))
    shop.clock.move(seconds=24 * 3_600)
    assert_refused(approve(carl, withdrawal), 409, "WITHDRAWAL_EXPIRED")


def test_the_listing_turns_its_pages(shop: Shop, bea: Customer, carl: Customer) -> None:
    # Given
    withdrawals = [made(request(bea, 100 + number)) for number in range(3)]
    approve(carl, withdrawals[2])

    # When
    first = bea.get("/withdrawals?limit=2").body
    second = bea.get(f"/withdrawals?limit=2&cursor={first['next_cursor']}").body

    # Then
    found = [one["withdrawal_id"] for one in (*first["withdrawals"], *second["withdrawals"])]
    assert sorted(found) == sorted(withdrawals)
    waiting = bea.get("/withdrawals?waiting=true").body["withdrawals"]
    assert {one["withdrawal_id"] for one in waiting} == set(withdrawals[:2])
    assert_refused(bea.get("/withdrawals?cursor=x"), 400, "CURSOR_INVALID")
