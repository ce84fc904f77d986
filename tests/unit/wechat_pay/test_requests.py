"""What leaves for WeChat Pay: paths, bodies, signatures, in both modes."""

import base64
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from octane.channels.port import (
    CloseResult,
    PaymentMethod,
    PaymentRequest,
    Prepared,
    RefundReport,
    RefundRequest,
    RefundState,
    Refused,
    Trade,
)
from octane.channels.wechat_pay.config import WechatPayConfigError
from octane.kernel.clock import Instant
from octane.kernel.money import Fen

OUT_TRADE_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
NOW = Instant(1_795_000_000_000)
TRADE = Trade(OUT_TRADE_NO, NOW, Instant(1_795_000_900_000))


def payment(method=PaymentMethod.WECHAT_JSAPI, **changes) -> PaymentRequest:
    request = PaymentRequest(
        trade=TRADE,
        method=method,
        amount=Fen(10_000),
        description="加油卡充值",
        payer_id="o-payer",
    )
    return request._replace(**changes)


def refund(**changes) -> RefundRequest:
    request = RefundRequest(REFUND_NO, TRADE, "4200001", Fen(2_500), Fen(10_000), "issuer refused", NOW, NOW)
    return request._replace(**changes)


def test_a_request_is_signed_over_exactly_what_is_sent(channel, transport, platform, merchant_key):
    transport.answers = [platform.answer(200, {"prepay_id": "wx-1"})]
    channel.prepare(payment())
    sent = transport.last
    found = dict(re.findall(r'(\w+)="([^"]*)"', sent.headers["authorization"]))
    message = f"POST\n/v3/pay/transactions/jsapi\n{found['timestamp']}\n{found['nonce_str']}\n".encode()
    merchant_key.public_key().verify(
        base64.b64decode(found["signature"]), message + sent.body + b"\n", PKCS1v15(), SHA256()
    )
    assert sent.headers["authorization"].startswith("WECHATPAY2-SHA256-RSA2048 ")
    assert (found["mchid"], found["serial_no"], found["timestamp"]) == ("1900000001", "4A3B", "1795000000")


def test_an_empty_body_keeps_its_line_feed_and_the_query_is_signed(
    channel, transport, platform, merchant_key
):
    transport.answers = [platform.error(404, "ORDER_NOT_EXIST")]
    channel.query(TRADE)
    found = dict(re.findall(r'(\w+)="([^"]*)"', transport.last.headers["authorization"]))
    target = f"/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}?mchid=1900000001"
    message = f"GET\n{target}\n{found['timestamp']}\n{found['nonce_str']}\n\n".encode()
    merchant_key.public_key().verify(base64.b64decode(found["signature"]), message, PKCS1v15(), SHA256())
    assert transport.last.url == "https://pay.test" + target
    assert transport.last.body is None


def test_jsapi_prepay_direct(channel, transport, platform):
    transport.answers = [platform.answer(200, {"prepay_id": "wx-1"})]
    assert channel.prepare(payment()) == Prepared("wx-1")
    assert transport.last.url == "https://pay.test/v3/pay/transactions/jsapi"
    assert transport.last.fields == {
        "mchid": "1900000001",
        "appid": "wx0000000000000001",
        "description": "加油卡充值",
        "out_trade_no": OUT_TRADE_NO,
        "time_expire": "2026-11-18T19:21:40+08:00",
        "notify_url": "https://our.test/payments",
        "amount": {"total": 10_000, "currency": "CNY"},
        "payer": {"openid": "o-payer"},
    }


def test_native_prepay_has_no_payer(channel, transport, platform):
    transport.answers = [platform.answer(200, {"code_url": "weixin://wxpay/1"})]
    assert channel.prepare(payment(PaymentMethod.WECHAT_NATIVE)) == Prepared("weixin://wxpay/1")
    assert transport.last.url == "https://pay.test/v3/pay/transactions/native"
    assert "payer" not in transport.last.fields


def test_service_provider_prepay(partner, transport, platform):
    transport.answers = [platform.answer(200, {"prepay_id": "wx-1"})]
    partner.prepare(payment())
    fields = transport.last.fields
    assert transport.last.url == "https://pay.test/v3/pay/partner/transactions/jsapi"
    assert (fields["sp_mchid"], fields["sp_appid"]) == ("1900000001", "wx0000000000000001")
    assert (fields["sub_mchid"], fields["payer"]) == ("1900000099", {"sp_openid": "o-payer"})
    assert not {"mchid", "appid", "sub_appid"} & set(fields)
    assert 'mchid="1900000001"' in transport.last.headers["authorization"]


def test_a_station_of_its_own_is_named_in_the_request(channel, transport, platform):
    transport.answers = [platform.answer(200, {"prepay_id": "wx-1"})]
    channel.prepare(payment(trade=TRADE._replace(sub_merchant="1900000077")))
    assert transport.last.fields["sub_mchid"] == "1900000077"


def test_with_the_sub_merchants_application_the_payer_is_its_own(
    make_channel, partner_config, transport, platform
):
    channel = make_channel(replace(partner_config, sub_appid="wx-sub"))
    transport.answers = [platform.answer(200, {"prepay_id": "wx-1"})]
    channel.prepare(payment())
    assert transport.last.fields["sub_appid"] == "wx-sub"
    assert transport.last.fields["payer"] == {"sub_openid": "o-payer"}
    assert channel.client_parameters(PaymentMethod.WECHAT_JSAPI, "wx-1", 1, "n")["appId"] == "wx-sub"


def test_jsapi_without_a_payer_is_refused_without_a_call(channel, transport):
    assert channel.prepare(payment(payer_id=None)) == Refused(
        "PAYER_MISSING", "JSAPI needs the payer's openid"
    )
    assert transport.requests == []


def test_a_long_description_is_cut_between_characters(channel, transport, platform):
    transport.answers = [platform.answer(200, {"prepay_id": "wx-1"})]
    channel.prepare(payment(description="油" * 100))
    assert transport.last.fields["description"] == "油" * 42


def test_client_parameters_verify_and_repeat(channel, merchant_key):
    first = channel.client_parameters(PaymentMethod.WECHAT_JSAPI, "wx-1", 1_795_000_000, "n-1")
    assert first == channel.client_parameters(PaymentMethod.WECHAT_JSAPI, "wx-1", 1_795_000_000, "n-1")
    assert set(first) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    message = b"wx0000000000000001\n1795000000\nn-1\nprepay_id=wx-1\n"
    merchant_key.public_key().verify(base64.b64decode(first["paySign"]), message, PKCS1v15(), SHA256())


def test_native_parameters_are_the_code(channel):
    assert channel.client_parameters(PaymentMethod.WECHAT_NATIVE, "weixin://1", 1, "n") == {
        "code_url": "weixin://1"
    }


def test_close_direct_and_partner(channel, partner, transport, platform):
    transport.answers = [platform.answer(204), platform.answer(204)]
    assert channel.close(TRADE) is CloseResult.CLOSED
    assert transport.last.url == f"https://pay.test/v3/pay/transactions/out-trade-no/{OUT_TRADE_NO}/close"
    assert transport.last.fields == {"mchid": "1900000001"}
    assert partner.close(TRADE) is CloseResult.CLOSED
    assert transport.last.url.startswith("https://pay.test/v3/pay/partner/transactions/out-trade-no/")
    assert transport.last.fields == {"sp_mchid": "1900000001", "sub_mchid": "1900000099"}


def test_refund_direct_and_partner(channel, partner, transport, platform, refund_answer):
    transport.answers = [platform.answer(200, refund_answer), platform.answer(200, refund_answer)]
    assert channel.refund(refund()) == RefundReport(
        REFUND_NO, OUT_TRADE_NO, RefundState.PROCESSING, Fen(2_500), "50300000000001", None, "answer"
    )
    assert transport.last.fields == {
        "out_trade_no": OUT_TRADE_NO,
        "out_refund_no": REFUND_NO,
        "reason": "issuer refused",
        "notify_url": "https://our.test/refunds",
        "amount": {"refund": 2_500, "total": 10_000, "currency": "CNY"},
    }
    partner.refund(refund())
    assert transport.last.fields["sub_mchid"] == "1900000099"


def test_query_refund_direct_and_partner(channel, partner, transport, platform, refund_answer):
    done = {**refund_answer, "status": "SUCCESS", "success_time": "2026-11-18T20:26:40+08:00"}
    transport.answers = [platform.answer(200, done), platform.answer(200, done)]
    report = channel.query_refund(refund())
    assert (report.state, report.finished_at, report.source) == (
        RefundState.SUCCEEDED,
        1_795_004_800_000,
        "query",
    )
    assert transport.last.url == f"https://pay.test/v3/refund/domestic/refunds/{REFUND_NO}"
    partner.query_refund(refund())
    assert transport.last.url.endswith("?sub_mchid=1900000099")


def test_public_key_mode_asks_for_answers_signed_by_that_key(channel, transport, platform):
    transport.answers = [platform.answer(204)]
    channel.close(TRADE)
    assert transport.last.headers["wechatpay-serial"] == "PUB_KEY_ID_0112345"


def test_the_configuration_hides_its_secrets_and_refuses_gaps(config):
    shown = repr(config)
    assert config.api_v3_key not in shown
    assert "PRIVATE KEY" not in shown
    with pytest.raises(WechatPayConfigError, match=r"^api_v3_key$"):
        replace(config, api_v3_key="short")
    with pytest.raises(WechatPayConfigError, match=r"^public_key_id$"):
        replace(config, public_key_pem="")
    with pytest.raises(WechatPayConfigError, match=r"^mchid$"):
        type(config).from_secret({}, "", "", "")
    with pytest.raises(WechatPayConfigError, match=r"^sub_appid$"):
        replace(config, sub_appid="wx-sub")
