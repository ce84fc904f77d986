"""The simulated gateway: what it refuses, the bills it hands out, its control plane."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
from unit.alipay.simulated.desk import (
    BASE,
    DAY_MS,
    KEYS,
    NO,
    START,
    Clock,
    InProcess,
    paid,
    payment,
    refund,
    trade,
)

from octane.channels.alipay.bills import AlipayBills
from octane.channels.alipay.client import Alipay
from octane.channels.alipay.config import AlipayConfig
from octane.channels.port import (
    Prepared,
    Refused,
)
from octane.kernel.statement import BillNotReady, BillOriginal, LineKind, StatedTotal
from simulators.alipay.company import GATEWAY
from simulators.alipay.company import Alipay as Company
from simulators.alipay.signer import parameters_of
from simulators.protocol import Call, RefusedError


def raw(company: Company, transport: InProcess, **change: str) -> dict[str, Any]:
    """The last request again, with changed parameters."""
    parameters = {**parameters_of(transport.calls[-1]), **change}
    body = urlencode({name: value for name, value in parameters.items() if value}).encode()
    reply = transport.send("POST", BASE + GATEWAY, {}, body, 1.0)
    answer: dict[str, Any] = json.loads(reply.body)
    return next(value for name, value in answer.items() if name.endswith("_response"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sign": "AAAA"}, "isv.invalid-signature"),
        ({"sign": ""}, "isv.missing-sign"),
        ({"biz_content": '{"out_trade_no":"X"}'}, "isv.invalid-signature"),
        ({"app_id": "2021"}, "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
        ({"charset": "gbk"}, "isv.invalid-charset"),
        ({"timestamp": "2026-02-02 12:40:00"}, "isv.invalid-timestamp"),
        ({"timestamp": "now"}, "isv.invalid-timestamp"),
        ({"version": "2.0"}, "isv.invalid-format"),
        ({"app_cert_sn": "0" * 32, "alipay_root_cert_sn": "0" * 32}, "isv.app-cert-sn-not-match"),
    ],
)
def test_the_gateway_refuses_what_is_not_right(
    channel: Alipay, company: Company, transport: InProcess, change: dict[str, str], code: str
) -> None:
    channel.query(trade())
    answer = raw(company, transport, **change)
    assert (answer["code"], answer["sub_code"]) == ("40002", code)


def test_one_parameter_twice_is_refused(channel: Alipay, transport: InProcess) -> None:
    channel.query(trade())
    body = transport.calls[-1].body + b"&app_id=2021"
    reply = transport.send("POST", BASE + GATEWAY + "?charset=utf-8", {}, body, 1.0)
    assert b"isv.invalid-parameter" in reply.body


def test_a_sub_merchant(channel: Alipay, company: Company) -> None:
    below = trade()._replace(sub_merchant=KEYS.alipay.sub_merchant)
    assert isinstance(channel.prepare(payment()._replace(trade=below)), Prepared)
    [booked] = company.books()["trades"]
    assert booked["sub_merchant"] == KEYS.alipay.sub_merchant
    foreign = trade("ORDER2P01")._replace(sub_merchant="2088000000000000")
    assert isinstance(channel.prepare(payment()._replace(trade=foreign)), Refused)


def test_a_bill_agrees_with_the_books(
    channel: Alipay, company: Company, config: AlipayConfig, transport: InProcess, clock: Clock
) -> None:
    transaction = paid(channel, company).transaction_id
    clock.at += 60_000
    channel.refund(refund(transaction))
    bills = AlipayBills(config, transport, clock)
    day = date(2026, 2, 2)
    assert bills.fetch(day) is BillNotReady.NOT_READY
    clock.at = START + DAY_MS
    assert bills.fetch(date(2026, 2, 1)) is BillNotReady.EMPTY_DAY
    file = bills.fetch(day)
    assert isinstance(file, BillOriginal)
    bill = bills.parse(file.content, day)
    assert bill.stated == (StatedTotal(LineKind.PAYMENT, 1, 5_000), StatedTotal(LineKind.REFUND, 1, 2_000))
    taken, returned = bill.lines
    assert (taken.reference, taken.number, taken.amount, taken.fee) == (transaction, NO, 5_000, 30)
    assert taken.settled_at == START
    assert (returned.number, returned.amount, returned.settled_at) == ("ORDER1F01", 2_000, START + 60_000)
    assert returned.reference == f"{transaction}/ORDER1F01"


def test_a_bills_address_is_good_for_thirty_seconds(
    channel: Alipay, company: Company, config: AlipayConfig, transport: InProcess, clock: Clock
) -> None:
    paid(channel, company)
    company.command("POST /settings", {"early_bills": True})
    bills = AlipayBills(config, transport, clock)
    assert isinstance(bills.fetch(date(2026, 2, 2)), BillOriginal)
    address = transport.calls[-1].target
    clock.at += 29_999
    assert transport.send("GET", BASE + address, {}, None, 1.0).status == 200
    clock.at += 1
    assert transport.send("GET", BASE + address, {}, None, 1.0).status == 403


@pytest.mark.parametrize(
    ("command", "order"),
    [
        ("POST /cashier/pay", {}),
        ("POST /cashier/pay", {"qr_code": "a", "trade_no": "b"}),
        ("POST /cashier/pay", {"qr_code": "a", "amount_fen": 0}),
        ("POST /cashier/pay", {"qr_code": "a", "late": 1}),
        ("POST /cashier/pay", {"qr_code": "a", "other": 1}),
        ("GET /keys", {"mode": "other"}),
        ("POST /settings", {"refund_ms": -1}),
        ("POST /settings", {"early_bills": 1}),
        ("POST /settings", {"other": 1}),
    ],
)
def test_a_badly_put_command_is_refused(company: Company, command: str, order: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        company.command(command, order)


def test_what_nobody_knows_is_refused(company: Company) -> None:
    assert company.command("POST /other", {}) is None
    assert company.subject(Call("POST", "/other.do", {}, b"")) is None
    for command in ("POST /cashier/pay", "POST /cashier/scan", "POST /cashier/cancel"):
        with pytest.raises(RefusedError):
            company.command(command, {"qr_code": "nobody"})


def test_a_reset_forgets_the_books(channel: Alipay, company: Company) -> None:
    paid(channel, company)
    company.reset()
    assert company.books()["totals"]["trades"] == 0
