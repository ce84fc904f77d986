"""Our client against the simulated company, in process: two readings of one protocol must agree."""

from datetime import UTC, date, datetime
from random import SystemRandom
from urllib.parse import urlsplit

import pytest

from octane.channels.port import (
    CloseResult,
    PaymentProof,
    Prepared,
    RefundReport,
    RefundState,
    Refused,
    TradeState,
    Unknown,
)
from octane.channels.unionpay.bills import UnionPayBills
from octane.channels.unionpay.client import UnionPay
from octane.channels.unionpay.config import UnionPayConfig
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.statement import BillNotReady, LineKind
from octane.wire.http import NoAnswerError, Response
from simulators.keys import new_keys
from simulators.misbehaviour import ANSWERING, Effect, parse_rule
from simulators.protocol import Call
from simulators.unionpay.authority import unionpay_secret
from simulators.unionpay.company import UnionPay as Company

NO, REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01", "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
MINUTE = 60_000
CUT = Instant(1_795_014_000_000)
"""2026-11-18 23:00 in Beijing."""


class InProcess:
    """A transport into the company, faults included."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def send(self, method, url, headers, body, timeout_s):
        call = Call(method, urlsplit(url).path, {name.lower(): text for name, text in headers.items()}, body)
        subject = self.company.subject(call)
        assert subject is not None
        faults = self.company.rules.take(subject.operation, subject.keys, ANSWERING)
        if Effect.DROP_BEFORE in faults:
            raise NoAnswerError("cut")
        reply = self.company.handle(call, subject, faults)
        if Effect.DROP_AFTER in faults:
            raise NoAnswerError("cut")
        return Response(reply.status, reply.headers, reply.body)


@pytest.fixture(scope="module")
def world_keys():
    return new_keys(datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def company(world_keys, clock):
    return Company(world_keys, lambda: clock.at, SystemRandom())


@pytest.fixture
def our_config(world_keys):
    return UnionPayConfig.from_secret(
        unionpay_secret(world_keys.unionpay),
        "http://127.0.0.1:1",
        "http://127.0.0.1:1",
        "http://127.0.0.1/p",
        "http://127.0.0.1/r",
    )


@pytest.fixture
def ours(our_config, company, clock):
    return UnionPay(our_config, InProcess(company), clock)


@pytest.fixture
def misbehave(company):
    def add(operation, effect, **more):
        company.rules.add(parse_rule({"operation": operation, "effect": effect, **more}))

    return add


def pay(company, ours, payment):
    prepared = ours.prepare(payment)
    assert isinstance(prepared, Prepared)
    company.command("POST /cashier/pay", {"tn": prepared.reference})
    [notice] = company.take_notices()
    proof = ours.read_payment_notice({}, company.letter(notice, {}).body)
    assert isinstance(proof, PaymentProof)
    return proof


def test_notice_and_query_prove_the_same_payment(company, ours, payment, trade, clock):
    assert ours.query(trade) is TradeState.NOT_PAID
    clock.at = Instant(clock.at + 31_000)
    proof = pay(company, ours, payment)
    assert (proof.amount, proof.paid_at, proof.nonce) == (10_000, clock.at, proof.transaction_id)
    asked = ours.query(trade)
    assert isinstance(asked, PaymentProof)
    assert (asked.transaction_id, asked.amount, asked.paid_at, asked.payer_id) == (
        *(proof.transaction_id, proof.amount),
        *(proof.paid_at, proof.payer_id),
    )
    assert ours.close(trade) is CloseResult.PAID


def test_a_lost_answer_leaves_the_attempt_unknown_until_time_and_query_prove_it(
    ours, payment, trade, clock, misbehave
):
    misbehave("prepare", "drop_after", count=1)
    assert isinstance(ours.prepare(payment), Unknown)
    assert isinstance(ours.prepare(payment), Unknown)
    assert isinstance(ours.close(trade), Unknown)
    clock.at = Instant(trade.expires_at + MINUTE)
    assert ours.close(trade) is CloseResult.CLOSED
    assert ours.query(trade) is TradeState.CLOSED


@pytest.mark.parametrize("habit", ["05", "34"])
def test_an_unpaid_tn_is_never_given_up_early(company, ours, payment, trade, clock, habit):
    """Whatever UnionPay says of a tn that nobody has paid, it may be paid until its time is over."""
    company.command("POST /settings", {"unpaid": habit})
    tn = ours.prepare(payment).reference
    clock.at = Instant(trade.expires_at - 1)
    assert ours.query(trade) is TradeState.NOT_PAID
    assert isinstance(ours.close(trade), Unknown)
    company.command("POST /cashier/pay", {"tn": tn})
    assert ours.close(trade) is CloseResult.PAID


def test_a_refused_card_does_not_end_the_trade(company, ours, payment, trade, clock):
    tn = ours.prepare(payment).reference
    company.command("POST /cashier/fail", {"tn": tn, "code": "64"})
    assert ours.query(trade) is TradeState.NOT_PAID
    clock.at = Instant(trade.expires_at + MINUTE)
    assert ours.query(trade) is TradeState.CLOSED
    assert ours.close(trade) is CloseResult.CLOSED


def test_a_late_success_is_proven_after_the_close(company, ours, payment, trade, clock):
    tn = ours.prepare(payment).reference
    clock.at = Instant(trade.expires_at + MINUTE)
    assert ours.close(trade) is CloseResult.CLOSED
    company.command("POST /cashier/pay", {"tn": tn, "late": True, "amount_fen": 9_999})
    assert ours.query(trade).amount == 9_999


def finish(company, ours, request, clock):
    clock.at = Instant(clock.at + 300)
    company.settle()
    [notice] = company.take_notices()
    told = ours.read_refund_notice({}, company.letter(notice, {}).body)
    asked = ours.query_refund(request)
    assert isinstance(asked, RefundReport)
    assert (told.refund_no, told.state, told.amount, told.channel_refund_id, told.finished_at) == (
        *(asked.refund_no, asked.state, asked.amount),
        *(asked.channel_refund_id, asked.finished_at),
    )
    return asked


def test_a_partial_refund(company, ours, payment, refund, clock):
    proof = pay(company, ours, payment)
    request = refund._replace(transaction_id=proof.transaction_id, paid_at=proof.paid_at)
    assert ours.query_refund(request) is RefundState.NOT_FOUND
    assert ours.refund(request).state is RefundState.PROCESSING
    assert ours.refund(request).state is RefundState.PROCESSING
    assert ours.query_refund(request).state is RefundState.PROCESSING
    done = finish(company, ours, request, clock)
    assert (done.state, done.amount, done.out_trade_no) == (RefundState.SUCCEEDED, 2_500, NO)
    assert company.books()["totals"]["refunded_fen"] == 2_500


def test_a_lost_void_is_never_followed_by_a_refund(company, ours, payment, refund, clock, misbehave):
    """Given a void whose answer is lost, when the day is cut, then money has gone back once."""
    proof = pay(company, ours, payment)
    request = refund._replace(transaction_id=proof.transaction_id, paid_at=proof.paid_at, amount=Fen(10_000))
    misbehave("void", "drop_after", count=1)
    assert isinstance(ours.refund(request), Unknown)
    clock.at = Instant(CUT + 1)
    assert ours.refund(request).state is RefundState.PROCESSING
    assert ours.query_refund(request).state is RefundState.SUCCEEDED
    assert company.books()["totals"]["refunded_fen"] == 10_000
    assert [told["txnType"] for told in company.books()["refunds"]] == ["31"]


def test_a_void_that_never_arrived_becomes_a_refund(company, ours, payment, refund, clock, misbehave):
    proof = pay(company, ours, payment)
    request = refund._replace(transaction_id=proof.transaction_id, paid_at=proof.paid_at, amount=Fen(10_000))
    misbehave("void", "drop_before", count=1)
    assert isinstance(ours.refund(request), Unknown)
    clock.at = Instant(CUT + 1)
    ours.refund(request)
    clock.at = Instant(clock.at + 300)
    assert ours.query_refund(request).state is RefundState.SUCCEEDED
    assert [told["txnType"] for told in company.books()["refunds"]] == ["04"]


def test_a_refund_that_fails(company, ours, payment, refund, clock, misbehave):
    proof = pay(company, ours, payment)
    request = refund._replace(transaction_id=proof.transaction_id)
    misbehave("refund", "fail", code="64", count=1)
    ours.refund(request)
    clock.at = Instant(clock.at + 300)
    assert ours.query_refund(request).state is RefundState.CLOSED


def test_more_than_was_captured(company, ours, payment, refund):
    proof = pay(company, ours, payment)
    request = refund._replace(transaction_id=proof.transaction_id)
    assert isinstance(ours.refund(request._replace(amount=Fen(10_001), total=Fen(20_000))), Refused)


@pytest.mark.parametrize("effect", ["wrong_signature", "status", "drop_before"])
def test_misbehaving_answers_are_never_believed(ours, payment, trade, misbehave, effect):
    misbehave("*", effect)
    assert isinstance(ours.prepare(payment), Unknown)
    assert isinstance(ours.query(trade), Unknown)
    assert isinstance(ours.close(trade), Unknown)


def test_a_sub_merchants_payment(company, ours, payment, refund, world_keys, clock):
    trade = payment.trade._replace(sub_merchant=world_keys.unionpay.sub_mer_id)
    proof = pay(company, ours, payment._replace(trade=trade))
    assert ours.query(trade).transaction_id == proof.transaction_id
    assert isinstance(ours.query(trade._replace(sub_merchant="898310099999999")), Unknown)
    request = refund._replace(trade=trade, transaction_id=proof.transaction_id)
    assert ours.refund(request).state is RefundState.PROCESSING
    assert finish(company, ours, request, clock).state is RefundState.SUCCEEDED


def test_the_clearing_file_has_what_the_books_have(company, ours, our_config, payment, refund, clock):
    proof = pay(company, ours, payment)
    request = refund._replace(transaction_id=proof.transaction_id)
    ours.refund(request)
    clock.at = CUT
    company.settle()
    bills = UnionPayBills(our_config, InProcess(company), clock)
    first, second, third = (date(2026, 11, day) for day in (18, 19, 20))
    [line] = bills.parse(bills.fetch(first).content, first).lines
    assert (line.kind, line.number, line.reference) == (LineKind.PAYMENT, NO, proof.transaction_id)
    assert (line.amount, line.settled_at) == (10_000, proof.paid_at)
    assert line.fee > 0
    clock.at = Instant(CUT + 24 * 60 * MINUTE)
    [line] = bills.parse(bills.fetch(second).content, second).lines
    assert (line.kind, line.number) == (LineKind.REFUND, REFUND_NO)
    assert (line.amount, line.fee) == (2_500, 0)
    assert bills.fetch(third) is BillNotReady.NOT_READY
