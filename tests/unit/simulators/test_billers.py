"""The billers' books: all parts or none, one payment a number, nothing owed twice or lost."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.billers.books import Order
from simulators.billers.company import Billers
from simulators.billers.names import BILLERS, PAID, REFUSED, RUNNING
from simulators.protocol import Json, RefusedError

START = 1_795_000_000_000
ACCOUNT = "20260012345"


class Clock:
    at = START

    def now(self) -> int:
        return self.at


def opened() -> tuple[Billers, Clock]:
    clock = Clock()
    company = Billers(dict.fromkeys(BILLERS, "key"), clock.now, Random(3))  # noqa: S311 - no secret
    bills = [
        {"bill_no": "B1", "owed": 5_000, "period": "2026-10"},
        {"bill_no": "B2", "owed": 7_000, "period": "2026-11", "partial": True, "minimum": 1_000},
    ]
    ordered(company, "POST /accounts", biller="WATER", account_no=ACCOUNT, bills=bills)
    return company, clock


def ordered(company: Billers, name: str, **order: Any) -> Json:
    answer = company.command(name, order)
    assert answer is not None
    return answer


def order_of(number: int, *parts: tuple[str, int]) -> Order:
    return Order("WATER", f"ORDER{number:05d}", ACCOUNT, parts)


ACTIONS = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.lists(
            st.tuples(st.sampled_from(["B1", "B2", "B3"]), st.sampled_from([1, 1_000, 2_000, 5_000, 7_000])),
            min_size=1,
            max_size=3,
        ),
        st.sampled_from(["", "BILLER_REFUSED", "SYSTEM"]),
        st.sampled_from(["", "PAYMENT_REVOKED"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(actions=ACTIONS)
@settings(max_examples=150)
def test_what_was_billed_is_owed_running_or_paid(actions: list[Any]) -> None:
    company, clock = opened()
    books = company.payments
    told: dict[str, tuple[str, str]] = {}
    for number, parts, refuse, fail, late in actions:
        order = order_of(number, *parts)
        try:
            payment = books.pay(order, refuse=refuse, fail=fail)
            assert payment.order == order
        except RefusedError as refused:
            assert refused.code
        if late:
            clock.at += 1_000
            books.settle()
        # Then every fen that was billed is owed, on its way, or paid
        totals = books.totals()
        owed = sum(bill.owed for bill in books.account("WATER", ACCOUNT).bills.values())
        assert owed + totals["running_fen"] + totals["paid_fen"] == 12_000
        assert all(bill.owed >= 0 for bill in books.account("WATER", ACCOUNT).bills.values())
        # Then what has ended has ended for good
        for payment in books.payments.values():
            known = told.setdefault(payment.order.order_no, (payment.state, payment.payment_no))
            assert known[1] == payment.payment_no
            assert known[0] in (RUNNING, payment.state)
            told[payment.order.order_no] = (payment.state, payment.payment_no)


def test_a_refusal_is_kept_and_a_fault_is_not() -> None:
    books = opened()[0].payments
    for code in ("SYSTEM", "BILLER_REFUSED"):
        with pytest.raises(RefusedError, match=code):
            books.pay(order_of(1, ("B1", 5_000)), refuse=code)
        assert [each.state for each in books.payments.values()] == ([] if code == "SYSTEM" else [REFUSED])
    again = books.pay(order_of(1, ("B1", 5_000)))
    assert (again.state, again.code) == (REFUSED, "BILLER_REFUSED")


def test_the_control_plane_ends_what_runs_once() -> None:
    company, _ = opened()
    company.payments.pay(order_of(1, ("B1", 5_000)), stay=True)
    assert company.settle() is None
    ended = ordered(company, "POST /payments/end", order_no="ORDER00001", state=REFUSED)
    assert (ended["state"], ended["refusal"]) == (REFUSED, "PAYMENT_REVOKED")
    for number in ("ORDER00001", "ORDER00009"):
        with pytest.raises(RefusedError):
            ordered(company, "POST /payments/end", order_no=number, state=PAID)
    with pytest.raises(ValueError):
        ordered(company, "POST /payments/end", order_no="ORDER00001", state=RUNNING)


def test_outcomes_are_told_at_the_billers_own_address() -> None:
    company, clock = opened()
    ordered(company, "POST /settings", callback_url="http://127.0.0.1:1/callbacks/billers", settle_ms=50)
    company.payments.pay(order_of(1, ("B1", 5_000)))
    assert company.settle() == START + 50
    assert company.take_notices() == []
    clock.at += 50
    assert company.settle() is None
    [notice] = company.take_notices()
    assert (notice.url, notice.event) == ("http://127.0.0.1:1/callbacks/billers/water", "PAYMENT.PAID")
    assert {"WATER", "ORDER00001", ACCOUNT, "B1"} <= notice.keys
    assert (company.accepted(204, b""), company.accepted(401, b"")) == (True, False)


@pytest.mark.parametrize(
    "order",
    [{"settle_ms": "1"}, {"settle_ms": True}, {"callback_url": 1}, {"early_bills": 1}, {"else": 1}],
    ids=str,
)
def test_settings_are_of_their_kind(order: Json) -> None:
    with pytest.raises(ValueError):
        opened()[0].command("POST /settings", order)


@pytest.mark.parametrize(
    "order",
    [
        {"biller": "MOON", "account_no": "1"},
        {"biller": "WATER", "account_no": "1", "bills": [{"bill_no": "B", "owed": 1, "period": "", "x": 1}]},
    ],
    ids=str,
)
def test_accounts_are_of_a_biller_and_bills_of_their_kind(order: Json) -> None:
    with pytest.raises(ValueError):
        opened()[0].command("POST /accounts", order)


def test_reset_forgets_payments_and_keeps_settings() -> None:
    company, _ = opened()
    ordered(company, "POST /settings", early_bills=True, settle_ms=7)
    company.payments.pay(order_of(1, ("B1", 5_000)))
    company.reset()
    assert company.books()["totals"]["payments"] == 0
    assert (company.payments.settle_ms, company.offices["GAS"].early) == (7, True)
    assert company.payments.account("WATER", ACCOUNT).bills.keys() != {"B1", "B2"}


@pytest.mark.parametrize("biller", BILLERS)
def test_the_same_number_always_owes_the_same(biller: str) -> None:
    number = "京A12345" if biller == "PARKING" else "2026001234567"
    first, second = (opened()[0].payments.account(biller, number) for _ in range(2))
    assert first == second
    assert all(bill.owed > 0 for bill in first.bills.values())
    assert not opened()[0].payments.account(biller, f"{number[:-2]}88").bills
