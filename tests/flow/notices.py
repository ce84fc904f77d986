"""Notices that the companies' own keys sign but the companies never sent."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5
from random import SystemRandom
from typing import Any
from urllib.parse import urlencode

from simulators.keys import Keys
from simulators.server import wall_clock
from simulators.texts import rfc3339
from simulators.wechat.signer import Signer
from world.inbox import Letter
from world.shop import Answer, Shop

PAYMENTS = "/api/v1/callbacks/wechat/payments"
REFUNDS = "/api/v1/callbacks/wechat/refunds"
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


def take(shop: Shop) -> Letter:
    """The next letter of the simulators, unanswered."""
    letter = shop.inbox.next(5)
    assert letter is not None, "no callback came"
    return letter
