"""Notices that the companies' own keys sign but the companies never sent."""

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5
from random import SystemRandom
from typing import Any
from urllib.parse import urlencode

from simulators.alipay import crypto
from simulators.keys import Keys, private_key
from simulators.server import wall_clock
from simulators.texts import moment, rfc3339, stamp
from simulators.unionpay.signer import sign
from simulators.wechat.signer import Signer
from world.inbox import Letter
from world.shop import Answer, Shop, context

PAYMENTS = "/api/v1/callbacks/wechat/payments"
REFUNDS = "/api/v1/callbacks/wechat/refunds"
ALIPAY = "/api/v1/callbacks/alipay/payments"
UNIONPAY = "/api/v1/callbacks/unionpay/payments"
UNIONPAY_REFUNDS = "/api/v1/callbacks/unionpay/refunds"
ISSUER = "/api/v1/callbacks/issuers/juhe"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Forger:
    """Somebody with the platform's private key: what they sign verifies, so only the content is at fault."""

    keys: Keys
    url: str

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self.keys, wall_clock, SystemRandom())

    def payment(self, out_trade_no: str, total: int, **changed: Any) -> Letter:
        content: dict[str, Any] = {
            "appid": self.keys.appid,
            "mchid": self.keys.mchid,
            "out_trade_no": out_trade_no,
            "transaction_id": "4200202611220000000000000001",
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "success_time": rfc3339(wall_clock()),
            "payer": {"openid": "somebody"},
            "amount": {"total": total, "payer_total": total, "currency": "CNY"},
            **changed,
        }
        return self.letter(PAYMENTS, "TRANSACTION.SUCCESS", "transaction", content)

    def refund(self, refund_no: str, out_trade_no: str, fen: int, **changed: Any) -> Letter:
        content: dict[str, Any] = {
            "mchid": self.keys.mchid,
            "out_trade_no": out_trade_no,
            "transaction_id": "4200202611220000000000000001",
            "out_refund_no": refund_no,
            "refund_id": "50302026112200000000000000001",
            "refund_status": "SUCCESS",
            "success_time": rfc3339(wall_clock()),
            "amount": {"total": fen, "refund": fen},
            **changed,
        }
        return self.letter(REFUNDS, f"REFUND.{content['refund_status']}", "refund", content)

    def letter(self, path: str, event: str, kind: str, content: object, **resource: str) -> Letter:
        """`resource` replaces parts of the sealed resource, after sealing and before signing."""
        sealed = self._signer.seal(json.dumps(content).encode(), kind)
        envelope = {"id": "EV-1", "event_type": event, "resource": {**sealed, **resource}}
        return self.signed(path, json.dumps(envelope).encode())

    def signed(self, path: str, body: bytes) -> Letter:
        headers = self._signer.notice_headers(body, {})
        return Letter(path, {"Content-Type": "application/json", **headers}, body)


@dataclass
class AlipayForger:
    """Somebody with Alipay's private key."""

    keys: Keys

    def payment(self, out_trade_no: str, yuan: str, /, *, charset: str = "utf-8", **changed: str) -> Letter:
        """`changed` replaces fields before they are signed; an empty one is left out."""
        ours = self.keys.alipay
        now = stamp(wall_clock())
        fields = {
            "app_id": ours.app_id,
            "seller_id": ours.seller_id,
            "charset": charset,
            "version": "1.0",
            "notify_id": "2026112200222000000000000001",
            "notify_time": now,
            "notify_type": "trade_status_sync",
            "out_trade_no": out_trade_no,
            "trade_no": "2026112222001400000000000001",
            "trade_status": "TRADE_SUCCESS",
            "subject": "加油卡充值",
            "total_amount": yuan,
            "gmt_create": now,
            "gmt_payment": now,
            **changed,
        }
        return self.signed({name: value for name, value in fields.items() if value}, charset)

    def signed(self, fields: dict[str, str], charset: str = "utf-8", key_pem: str = "") -> Letter:
        key = private_key(key_pem or self.keys.alipay.alipay_private_key_pem)
        signature = crypto.sign(key, crypto.pairs(fields, "sign", "sign_type").encode(charset))
        body = urlencode({**fields, "sign": signature, "sign_type": "RSA2"}, encoding=charset)
        return Letter(ALIPAY, {"Content-Type": f"{FORM['Content-Type']}; charset={charset}"}, body.encode())


@dataclass
class UnionPayForger:
    """Somebody with UnionPay's private key."""

    keys: Keys

    def payment(self, order_id: str, fen: int, /, **changed: str) -> Letter:
        return self._letter(UNIONPAY, {**self._notice(order_id, fen), "txnType": "01", **changed})

    def refund(self, refund_no: str, out_trade_no: str, fen: int, **changed: str) -> Letter:
        told = {"txnType": "04", "txnSubType": "00", "reqReserved": out_trade_no, "origQryId": "1" * 21}
        return self._letter(UNIONPAY_REFUNDS, {**self._notice(refund_no, fen), **told, **changed})

    def _notice(self, order_id: str, fen: int) -> dict[str, str]:
        now = moment(wall_clock())
        return {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "signPubKeyCert": self.keys.unionpay.signer_pem,
            "merId": self.keys.unionpay.mer_id,
            "accessType": "0",
            "bizType": "000201",
            "orderId": order_id,
            "txnTime": f"{now:%Y%m%d%H%M%S}",
            "txnSubType": "01",
            "currencyCode": "156",
            "txnAmt": str(fen),
            "settleAmt": str(fen),
            "settleCurrencyCode": "156",
            "settleDate": f"{now:%m%d}",
            "queryId": "4" * 21,
            "traceNo": "123456",
            "traceTime": f"{now:%m%d%H%M%S}",
            "respCode": "00",
            "respMsg": "success",
        }

    def _letter(self, path: str, fields: dict[str, str]) -> Letter:
        return self.signed(path, {name: value for name, value in fields.items() if value})

    def signed(self, path: str, fields: dict[str, str], key_pem: str = "") -> Letter:
        signature = sign(key_pem or self.keys.unionpay.signer_private_key_pem, fields)
        return Letter(path, FORM, urlencode({**fields, "signature": signature}).encode())


def issuer_letter(shop: Shop, reference: str, order_no: str, sta: str, sign: str | None = None) -> Letter:
    """A form as the issuer posts it; its signature covers the two numbers and not `sta`."""
    true_sign = md5(f"{shop.secrets['ISSUER']['key']}{reference}{order_no}".encode(), usedforsecurity=False)
    fields = {"sporder_id": reference, "orderid": order_no, "sta": sta, "err_msg": ""}
    body = urlencode({**fields, "sign": true_sign.hexdigest() if sign is None else sign}).encode()
    return Letter(ISSUER, FORM, body)


def hand_over(shop: Shop, letter: Letter, **headers: str) -> Answer:
    """Give a letter to its handler once more or for the first time; its sender does not hear of it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return shop.call("POST", letter.path, headers={**letter.headers, **named}, raw=letter.body.decode())


def hand_over_in_base64(shop: Shop, letter: Letter, body: str | None = None) -> Answer:
    """As the gateway hands over what it takes for binary; `body` is what it says instead of the letter."""
    text = b64encode(letter.body).decode() if body is None else body
    event = {
        **shop.event("POST", letter.path, None, headers=letter.headers, raw=text),
        "isBase64Encoded": True,
    }
    event["resource"], function, _, _ = shop._route("POST", letter.path)
    answer = shop.function(function)(event, context())
    return Answer(answer["statusCode"], answer["body"], answer["headers"])


def take(shop: Shop) -> Letter:
    """The next letter of the simulators, unanswered."""
    letter = shop.inbox.next(5)
    assert letter is not None, "no callback came"
    return letter
