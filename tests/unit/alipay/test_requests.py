"""What is sent: the gateway's parameters, the content of each method, and the signature over them."""

from dataclasses import replace

import pytest

from octane.channels.alipay.client import Alipay
from octane.channels.alipay.config import AlipayConfig, AlipayConfigError
from octane.channels.alipay.keys import AlipayKeysUnavailableError
from octane.channels.alipay.serials import certificate_sn, root_sn
from octane.channels.alipay.signing import request_message, signed
from octane.channels.port import PaymentMethod, Refused, Unknown
from octane.kernel.money import Fen
from octane.wire.http import NoAnswerError
from octane.wire.rsa import KeyUnreadableError, load_private_key, verify
from simulators.alipay.keys import alipay_secret

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"


@pytest.fixture
def sent(channel, transport):
    """Make one call that is never answered; return what was sent."""

    def make(call, argument, through=channel):
        transport.answers = [NoAnswerError("reset")]
        getattr(through, call)(argument)
        return transport.last

    return make


def test_a_signed_form_is_posted_to_the_gateway(sent, keys, payment):
    request = sent("prepare", payment)
    assert (request.method, request.url) == ("POST", "https://pay.test/gateway.do?charset=utf-8")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"
    parameters = request.parameters
    signature = parameters.pop("sign")
    assert parameters.pop("biz_content").startswith('{"out_trade_no":"')
    assert parameters == {
        "app_id": keys.app_id,
        "method": "alipay.trade.create",
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2026-11-18 19:06:40",
        "version": "1.0",
        "notify_url": "https://our.test/alipay",
    }
    message = "&".join(
        f"{name}={value}" for name, value in sorted(request.parameters.items()) if name != "sign"
    )
    assert verify(load_private_key(keys.app_private_key_pem).public_key(), message.encode(), signature)


def test_certificate_mode_names_both_certificates(sent, certified, keys, trade):
    parameters = sent("query", trade, certified).parameters
    assert parameters["app_cert_sn"] == certificate_sn(keys.app_certificate_pem)
    assert parameters["alipay_root_cert_sn"] == root_sn(keys.root_pem)


def test_a_mini_program_payment(sent, keys, payment):
    assert sent("prepare", payment).content == {
        "out_trade_no": NO,
        "total_amount": "88.88",
        "subject": "加油卡充值",
        "time_expire": "2026-11-18 19:21:40",
        "product_code": "JSAPI_PAY",
        "op_app_id": keys.app_id,
        "buyer_open_id": "074a1CcTG1Lelx",
    }


def test_a_qr_code_for_a_sub_merchant(sent, code_payment, trade):
    below = code_payment._replace(trade=trade._replace(sub_merchant="2088000000000001"), amount=Fen(5))
    request = sent("prepare", below)
    assert request.parameters["method"] == "alipay.trade.precreate"
    assert request.content == {
        "out_trade_no": NO,
        "total_amount": "0.05",
        "subject": "加油卡充值",
        "time_expire": "2026-11-18 19:21:40",
        "sub_merchant": {"merchant_id": "2088000000000001"},
    }


def test_a_repeated_prepare_has_the_same_content(sent, payment, clock):
    first = sent("prepare", payment).content
    clock.at += 60_000
    assert sent("prepare", payment).content == first


def test_a_subject_is_cut_and_freed_of_what_alipay_forbids(sent, payment):
    request = sent("prepare", payment._replace(description="a/b=c&d" + "油" * 300))
    assert request.content["subject"] == "a b c d" + "油" * 249


def test_a_payer_is_needed_in_the_mini_program(channel, transport, payment):
    assert channel.prepare(payment._replace(payer_id=None)) == Refused(
        "PAYER_MISSING", "the mini-program's payment needs the payer's open id"
    )
    assert transport.requests == []


@pytest.mark.parametrize(
    ("call", "method"),
    [
        ("query", "alipay.trade.query"),
        ("close", "alipay.trade.close"),
        ("cancel", "alipay.trade.cancel"),
    ],
)
def test_a_trade_is_named_by_our_number(sent, trade, call, method):
    request = sent(call, trade)
    assert request.parameters["method"] == method
    assert "notify_url" not in request.parameters
    assert request.content == {"out_trade_no": NO}


def test_a_refund_and_its_query(sent, refund):
    numbers = {"out_trade_no": NO, "trade_no": refund.transaction_id, "out_request_no": refund.refund_no}
    assert sent("refund", refund).content == {
        **numbers,
        "refund_amount": "25.00",
        "refund_reason": "退卡",
    }
    asked = sent("query_refund", refund).content
    assert asked.pop("query_options")[0] == "gmt_refund_pay"
    assert asked == numbers


def test_what_the_customers_app_gets(channel):
    parameters = channel.client_parameters
    assert parameters(PaymentMethod.ALIPAY_JSAPI, "2026", 1, "n") == {"tradeNO": "2026"}
    assert parameters(PaymentMethod.ALIPAY_NATIVE, "https://qr", 1, "n") == {"qr_code": "https://qr"}


def test_an_unreadable_key_of_ours_sends_nothing(config, clock, transport, payment, trade):
    channel = Alipay(replace(config, private_key_pem="no key"), transport, clock)
    assert channel.prepare(payment).code == "NOT_SENT"
    assert channel.query(trade).reason.startswith("NOT_SENT")
    assert transport.requests == []


@pytest.mark.parametrize("mode", ["key", "certificate"])
def test_an_unreadable_key_of_alipays_decides_nothing(
    keys, mode, clock, transport, platform, payment, notice
):
    broken = {"alipay_public_key_pem": "no key"} if mode == "key" else {"alipay_certificates": ["no pem"]}
    secret = {**alipay_secret(keys, mode), **broken}
    channel = Alipay(
        AlipayConfig.from_secret(secret, "https://pay.test", "https://our.test"), transport, clock
    )
    transport.answers = [platform.answer("trade_create")]
    assert channel.prepare(payment) == Unknown("KEYS_UNAVAILABLE")
    form = {"content-type": "application/x-www-form-urlencoded"}
    with pytest.raises(AlipayKeysUnavailableError):
        channel.read_payment_notice(form, platform.notice(notice))


@pytest.mark.parametrize(
    "change",
    [
        {"app_id": ""},
        {"seller_id": None},
        {"private_key_pem": ""},
        {"alipay_public_key_pem": ""},
        {"app_certificate_pem": "pem"},
        {"alipay_certificates": ["pem"]},
        {"alipay_certificates": "pem"},
        {"alipay_certificates": [1]},
        {"app_certificate_pem": "a", "alipay_certificates": ["b"], "alipay_root_pem": "c"},
    ],
)
def test_a_secret_that_is_half_of_one_is_refused(keys, change):
    secret = {**alipay_secret(keys, "key"), **change}
    with pytest.raises(AlipayConfigError):
        AlipayConfig.from_secret(secret, "https://pay.test", "https://our.test")


def test_the_gateways_address_may_be_given_whole(keys):
    secret = alipay_secret(keys, "certificate")
    config = AlipayConfig.from_secret(secret, "https://pay.test/gateway.do", "https://our.test")
    assert config.gateway_url == "https://pay.test/gateway.do"
    assert config.certified
    assert "PRIVATE" not in repr(config)


def test_several_roots_are_named_together(keys, other_keys):
    both = f"{keys.root_pem}\n{other_keys.root_pem}"
    assert root_sn(both) == f"{root_sn(keys.root_pem)}_{root_sn(other_keys.root_pem)}"
    for text in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"):
        with pytest.raises(KeyUnreadableError):
            root_sn(text)
        with pytest.raises(KeyUnreadableError):
            certificate_sn(text)


def test_what_is_empty_is_neither_signed_nor_sent(config):
    parameters = {"b": "2", "a": "", "c": "&=", "sign": "old"}
    assert request_message(parameters) == b"b=2&c=&="
    assert set(signed(config, parameters)) == {"b", "c", "sign"}
