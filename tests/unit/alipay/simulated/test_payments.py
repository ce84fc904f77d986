"""Octane's client against the simulated Alipay, in process: money, faults, notices."""

from random import SystemRandom
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.alipay.simulated.desk import (
    BASE,
    KEYS,
    QR,
    START,
    Clock,
    InProcess,
    letter,
    misbehave,
    paid,
    payment,
    refund,
    trade,
)

from octane.channels.alipay.client import CODE_GRACE_MS, Alipay, CancelResult
from octane.channels.alipay.config import AlipayConfig
from octane.channels.port import (
    CloseResult,
    NoticeSignatureError,
    PaymentProof,
    Prepared,
    RefundReport,
    RefundState,
    Refused,
    TradeState,
    Unknown,
)
from simulators.alipay.company import RETRY_MS
from simulators.alipay.company import Alipay as Company
from simulators.alipay.keys import alipay_secret
from simulators.protocol import RefusedError


def test_a_mini_program_payment_from_prepare_to_notice(channel: Alipay, company: Company) -> None:
    prepared = channel.prepare(payment())
    assert channel.prepare(payment()) == prepared
    assert channel.query(trade()) is TradeState.NOT_PAID
    assert isinstance(prepared, Prepared)
    company.command("POST /cashier/pay", {"trade_no": prepared.reference})
    proof = channel.query(trade())
    assert isinstance(proof, PaymentProof)
    assert (proof.transaction_id, proof.amount, proof.payer_id, proof.paid_at) == (
        prepared.reference,
        5_000,
        "o-payer",
        START,
    )
    told = channel.read_payment_notice(*letter(company))
    assert told is not None
    assert (told.transaction_id, told.amount, told.paid_at) == (
        proof.transaction_id,
        proof.amount,
        proof.paid_at,
    )
    assert channel.close(trade()) is CloseResult.PAID


def test_a_qr_code_lives_before_its_trade(channel: Alipay, company: Company, clock: Clock) -> None:
    prepared = channel.prepare(QR)
    assert isinstance(prepared, Prepared)
    assert channel.query(trade()) is TradeState.NOT_PAID
    assert channel.close(trade()) == Unknown("CODE_MAY_BE_SCANNED")
    company.command("POST /cashier/scan", {"qr_code": prepared.reference})
    assert channel.query(trade()) is TradeState.NOT_PAID
    assert channel.close(trade()) is CloseResult.CLOSED
    assert channel.close(trade()) is CloseResult.CLOSED
    assert channel.query(trade()) is TradeState.CLOSED
    with pytest.raises(RefusedError):
        company.command("POST /cashier/pay", {"qr_code": prepared.reference})
    assert isinstance(channel.prepare(QR), Refused)


def test_an_unscanned_code_is_gone_after_its_time(channel: Alipay, company: Company, clock: Clock) -> None:
    prepared = channel.prepare(QR)
    assert isinstance(prepared, Prepared)
    clock.at = START + 900_000
    with pytest.raises(RefusedError):
        company.command("POST /cashier/pay", {"qr_code": prepared.reference})
    assert isinstance(channel.close(trade()), Unknown)
    clock.at += CODE_GRACE_MS
    assert channel.close(trade()) is CloseResult.NOT_FOUND
    assert channel.query(trade()) is TradeState.NOT_FOUND


def test_a_cancel_that_meets_a_payment_and_the_refund_that_follows(channel: Alipay, company: Company) -> None:
    prepared = channel.prepare(QR)
    assert isinstance(prepared, Prepared)
    assert channel.cancel(trade()) is CancelResult.NOT_FOUND
    company.command("POST /cashier/pay", {"qr_code": prepared.reference})
    late = letter(company)
    assert channel.cancel(trade()) is CancelResult.REFUNDED
    assert channel.query(trade()) is TradeState.CLOSED
    proof = channel.read_payment_notice(*late)
    assert proof is not None
    report = channel.refund(refund(proof.transaction_id, fen=5_000))
    assert isinstance(report, RefundReport)
    assert (report.state, report.amount) == (RefundState.SUCCEEDED, 5_000)
    assert company.books()["totals"]["refunded_fen"] == 5_000


def test_a_cancel_closes_an_open_trade(channel: Alipay, company: Company) -> None:
    channel.prepare(payment())
    assert channel.cancel(trade()) is CancelResult.CLOSED


def test_a_refund_happens_once_and_is_found(channel: Alipay, company: Company) -> None:
    transaction = paid(channel, company).transaction_id
    assert channel.query_refund(refund(transaction)) is RefundState.NOT_FOUND
    first = channel.refund(refund(transaction))
    assert isinstance(first, RefundReport)
    assert first.state is RefundState.SUCCEEDED
    again = channel.refund(refund(transaction))
    assert isinstance(again, RefundReport)
    assert again.state is RefundState.PROCESSING
    found = channel.query_refund(refund(transaction))
    assert isinstance(found, RefundReport)
    assert (found.state, found.amount, found.finished_at) == (RefundState.SUCCEEDED, 2_000, START)
    assert isinstance(channel.refund(refund(transaction, fen=1_999)), Unknown)
    assert isinstance(channel.refund(refund(transaction, "ORDER1F02", 3_001)), Refused)
    assert company.books()["totals"]["refunded_fen"] == 2_000
    assert channel.query(trade()) == channel.query(trade())
    company.take_notices()


def test_a_refund_notice_tells_of_no_payment(channel: Alipay, company: Company) -> None:
    transaction = paid(channel, company).transaction_id
    company.take_notices()
    channel.refund(refund(transaction))
    headers, body = letter(company)
    assert channel.read_payment_notice(headers, body) is None
    assert channel.read_refund_notice(headers, body) is None


def test_a_slow_refund_is_found_when_it_is_done(channel: Alipay, company: Company) -> None:
    transaction = paid(channel, company).transaction_id
    misbehave(company, "refund", "stay")
    report = channel.refund(refund(transaction))
    assert isinstance(report, RefundReport)
    assert report.state is RefundState.PROCESSING
    assert channel.query_refund(refund(transaction)) is RefundState.NOT_FOUND
    company.command("POST /refunds/end", {"out_request_no": "ORDER1F01"})
    found = channel.query_refund(refund(transaction))
    assert isinstance(found, RefundReport)
    assert found.state is RefundState.SUCCEEDED


def test_an_unpaid_trade_is_not_refunded(channel: Alipay, company: Company) -> None:
    prepared = channel.prepare(payment())
    assert isinstance(prepared, Prepared)
    answer = channel.refund(refund(prepared.reference))
    assert isinstance(answer, Refused)
    assert answer.code == "ACQ.TRADE_STATUS_ERROR"


@pytest.mark.parametrize(
    ("effect", "more", "kind"),
    [
        ("drop_before", {}, Unknown),
        ("drop_after", {}, Unknown),
        ("status", {"status": 503}, Unknown),
        ("status", {"status": 502, "after": True}, Unknown),
        ("status", {"status": 429}, Unknown),
        ("wrong_signature", {}, Unknown),
        ("refuse", {}, Refused),
        ("refuse", {"code": "ACQ.TOTAL_FEE_EXCEED"}, Refused),
        ("refuse", {"code": "ACQ.SYSTEM_ERROR"}, Unknown),
        ("refuse", {"code": "isp.unknow-error"}, Unknown),
        ("refuse", {"code": "isv.invalid-signature"}, Refused),
    ],
)
def test_faults_of_a_prepare_and_the_same_call_again(
    channel: Alipay, company: Company, effect: str, more: dict[str, Any], kind: type
) -> None:
    misbehave(company, "create", effect, **more)
    assert isinstance(channel.prepare(payment()), kind)
    assert isinstance(channel.prepare(payment()), Prepared)
    assert company.books()["totals"]["trades"] == 1


def test_a_rule_may_name_a_trade(channel: Alipay, company: Company) -> None:
    misbehave(company, "create", "refuse", key="ORDER2P01")
    assert isinstance(channel.prepare(payment()), Prepared)
    assert isinstance(channel.prepare(payment(number="ORDER2P01")), Refused)


def test_a_letter_with_another_key_is_not_believed(channel: Alipay, company: Company) -> None:
    paid(channel, company)
    with pytest.raises(NoticeSignatureError):
        channel.read_payment_notice(*letter(company, "wrong_signature"))


def test_a_letter_may_tell_another_amount(channel: Alipay, company: Company) -> None:
    paid(channel, company)
    told = channel.read_payment_notice(*letter(company, "wrong_amount"))
    assert told is not None
    assert told.amount == 1


def test_a_notice_keeps_its_id_at_every_delivery(channel: Alipay, company: Company, clock: Clock) -> None:
    paid(channel, company)
    [notice] = company.take_notices()
    first = parse_qs(company.letter(notice, {}).body.decode())
    clock.at += 240_000
    second = parse_qs(company.letter(notice, {}).body.decode())
    assert first["notify_id"] == second["notify_id"]
    assert first["notify_time"] != second["notify_time"]


def test_the_seven_letters_end_a_delivery(company: Company) -> None:
    assert company.accepted(200, b"success")
    for status, body in ((200, b"SUCCESS"), (200, b"success\n"), (200, b""), (500, b"success")):
        assert not company.accepted(status, body)
    assert [wait // 60_000 for wait in RETRY_MS] == [4, 10, 10, 60, 120, 360, 900]


FAULTS = st.sampled_from(
    [
        {"effect": "drop_before"},
        {"effect": "drop_after"},
        {"effect": "status", "status": 503},
        {"effect": "status", "status": 500, "after": True},
        {"effect": "wrong_signature"},
        {"effect": "refuse", "code": "ACQ.SYSTEM_ERROR"},
        {"effect": "stay"},
        {"effect": "fail"},
    ]
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(faults=st.lists(st.tuples(st.sampled_from(["refund", "query_refund"]), FAULTS), max_size=6))
def test_a_refund_that_is_sent_until_it_is_done_moves_the_money_once(
    faults: list[tuple[str, dict[str, Any]]],
) -> None:
    clock = Clock()
    company = Company(KEYS, clock, SystemRandom())
    config = AlipayConfig.from_secret(alipay_secret(KEYS.alipay, "key"), BASE, "http://127.0.0.1/n")
    channel = Alipay(config, InProcess(company), clock)
    request = refund(paid(channel, company).transaction_id)
    for operation, fault in faults:
        misbehave(company, operation, **fault)
    report: RefundReport | RefundState | Refused | Unknown = Unknown("not asked")
    for _ in range(2 * len(faults) + 2):
        report = channel.refund(request)
        if isinstance(report, RefundReport) and report.state is RefundState.PROCESSING:
            for waiting in company.trades.all_refunds():
                if waiting.open:
                    company.command("POST /refunds/end", {"out_request_no": waiting.out_request_no})
            report = channel.query_refund(request)
        if isinstance(report, RefundReport) and report.state is RefundState.SUCCEEDED:
            break
    assert isinstance(report, RefundReport)
    assert report.state is RefundState.SUCCEEDED
    assert company.books()["totals"]["refunded_fen"] == request.amount
