"""What leaves us: address, fields, identity and signature of each call."""

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from octane.channels.port import PaymentMethod, Refused, Unknown
from octane.channels.unionpay.messages import signing_message
from octane.kernel.clock import Instant
from octane.wire import rsa
from octane.wire.http import NoAnswerError

GATEWAY = "https://gateway.test/gateway/api/"
FRAME = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01"}


@pytest.fixture
def sent(channel, transport):
    """The request of a call that gets no answer."""

    def send(call):
        transport.answers = [NoAnswerError("recorded")]
        assert isinstance(call(channel), Unknown)
        return transport.last

    return send


def test_a_payment_asks_for_a_tn(sent, payment, keys):
    request = sent(lambda channel: channel.prepare(payment))
    assert (request.method, request.url) == ("POST", GATEWAY + "appTransReq.do")
    fields = request.fields
    assert fields.pop("signature")
    assert fields == {
        **FRAME,
        "certId": keys.merchant_cert_id,
        "merId": keys.mer_id,
        "txnType": "01",
        "txnSubType": "01",
        "bizType": "000201",
        "channelType": "08",
        "accessType": "0",
        "orderId": "OABCDEFGHIJKLMNOPQRSTUVWXYP01",
        "txnTime": "20261118190640",
        "payTimeout": "20261118192140",
        "txnAmt": "10000",
        "currencyCode": "156",
        "orderDesc": "加油卡充值",
        "backUrl": "https://our.test/payments",
    }


def test_every_request_is_signed_by_our_key(sent, payment, keys):
    fields = sent(lambda channel: channel.prepare(payment)).fields
    key = load_pem_private_key(keys.merchant_private_key_pem.encode(), None).public_key()
    assert rsa.verify(key, signing_message(fields).encode(), fields["signature"])
    assert not rsa.verify(key, signing_message({**fields, "txnAmt": "1"}).encode(), fields["signature"])


def test_a_retry_says_the_same_words(sent, payment, clock):
    first = sent(lambda channel: channel.prepare(payment)).body
    clock.at = Instant(clock.at + 120_000)
    assert sent(lambda channel: channel.prepare(payment)).body == first


def test_a_description_cannot_break_the_message(sent, payment):
    crafted = payment._replace(description="a&txnAmt=1{b}" + "油" * 60)
    description = sent(lambda channel: channel.prepare(crafted)).fields["orderDesc"]
    assert not set("&={}") & set(description)
    assert len(description) == 32


def test_a_query_names_the_trade_by_number_and_time(sent, trade, keys):
    for call in (lambda channel: channel.query(trade), lambda channel: channel.close(trade)):
        request = sent(call)
        fields = request.fields
        assert request.url == GATEWAY + "queryTrans.do"
        assert fields.pop("signature")
        assert fields == {
            **FRAME,
            "certId": keys.merchant_cert_id,
            "merId": keys.mer_id,
            "txnType": "00",
            "txnSubType": "00",
            "bizType": "000000",
            "accessType": "0",
            "orderId": trade.out_trade_no,
            "txnTime": "20261118190640",
        }


def test_a_partial_refund(sent, refund):
    request = sent(lambda channel: channel.refund(refund))
    fields = request.fields
    assert request.url == GATEWAY + "backTransReq.do"
    assert (fields["txnType"], fields["txnSubType"], fields["txnAmt"]) == ("04", "00", "2500")
    assert (fields["orderId"], fields["origQryId"]) == (refund.refund_no, refund.transaction_id)
    assert (fields["txnTime"], fields["backUrl"]) == ("20261118190640", "https://our.test/refunds")
    assert fields["reqReserved"] == refund.trade.out_trade_no


def test_a_refund_is_queried_under_its_own_number_and_time(sent, refund):
    later = refund._replace(requested_at=Instant(refund.requested_at + 61_000))
    fields = sent(lambda channel: channel.query_refund(later)).fields
    assert (fields["orderId"], fields["txnTime"]) == (refund.refund_no, "20261118190741")


def test_a_sub_merchant_is_named_in_three_ways(sent, payment, refund, keys):
    trade = payment.trade._replace(sub_merchant=keys.sub_mer_id)
    named = {
        "accessType": "2",
        "subMerId": keys.sub_mer_id,
        "subMerName": "Octane 加油站",
        "subMerAbbr": "加油站",
    }
    for call in (
        lambda channel: channel.prepare(payment._replace(trade=trade)),
        lambda channel: channel.refund(refund._replace(trade=trade)),
    ):
        assert named.items() <= sent(call).fields.items()
    assert sent(lambda channel: channel.query(trade)).fields["accessType"] == "2"


def test_what_cannot_be_asked_is_refused_before_it_leaves(channel, transport, payment, refund):
    unknown = payment.trade._replace(sub_merchant="898310099999999")
    assert channel.prepare(payment._replace(trade=unknown)).code == "SUB_MERCHANT_UNKNOWN"
    assert channel.refund(refund._replace(trade=unknown)).code == "SUB_MERCHANT_UNKNOWN"
    for number in ("short", "has-dash-in-it", "x" * 41, "中文订单号码八个字"):
        odd = payment.trade._replace(out_trade_no=number)
        assert channel.prepare(payment._replace(trade=odd)).code == "ORDER_ID_INVALID"
    other = payment._replace(method=PaymentMethod.WECHAT_JSAPI)
    assert isinstance(channel.prepare(other), Refused)
    assert transport.requests == []


def test_the_app_needs_the_tn_only(channel):
    assert channel.client_parameters(PaymentMethod.UNIONPAY_APP, "618", 1, "n") == {"tn": "618"}
