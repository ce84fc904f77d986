"""Alipay: our own client over the HTTP simulator's operations, without wire and keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from octane.channels.alipay.client import Alipay
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.exchange import Answer, NotSent
from octane.channels.alipay.notices import read_payment
from octane.channels.port import ChannelName, NoticeSignatureError, PaymentProof, RefundReport, Unknown
from simulation.asking import ask
from simulation.faults import CALL as CLOSE
from simulation.faults import (
    FAIL,
    LAGGING,
    NOT_SENT,
    PAID_FIRST,
    PREPARE,
    QUERY,
    REFUND,
    REFUSE,
    STALE,
    STAY,
    STUCK,
)
from simulation.world import STAY_MS, World
from simulators.alipay.operations import METHODS
from simulators.alipay.rules import over_at
from simulators.alipay.signer import Asked
from simulators.misbehaviour import Effect, Rule
from simulators.protocol import RefusedError

CONFIG = AlipayConfig(
    app_id="2021000000000001",
    seller_id="2088000000000001",
    private_key_pem="",
    gateway_url="https://alipay.example/gateway.do",
    notify_url="https://octane.example/alipay/payments",
    alipay_public_key_pem="none",
)
CALLS = {
    "alipay.trade.precreate": ("prepare", PREPARE, "ACQ.ACCESS_FORBIDDEN"),
    "alipay.trade.query": ("query trade", QUERY, ""),
    "alipay.trade.close": ("close", CLOSE, ""),
    "alipay.trade.refund": ("refund", REFUND, "ACQ.SELLER_BALANCE_NOT_ENOUGH"),
    "alipay.trade.fastpay.refund.query": ("query refund", QUERY, ""),
}
"""Method to our word for it, what may befall it, and how it is refused."""
REFUND_MS = (0, 0, 5_000, 90_000, 1_200_000)
FAILING = {Effect.FAIL: Rule("refund", Effect.FAIL)}


@dataclass(frozen=True, slots=True)
class AlipayWire:
    """In the place of `octane.channels.alipay.exchange.Exchange`."""

    world: World

    def call(
        self, method: str, content: Mapping[str, Any], notify_url: str = ""
    ) -> Answer | NotSent | Unknown:
        operation, kinds, refusal = CALLS[method]
        number = str(content["out_request_no"] if "refund" in operation else content["out_trade_no"])

        def effect(kind: str) -> Answer | NotSent | Unknown:
            if kind == NOT_SENT:
                return NotSent("nobody there")
            if kind == REFUSE:
                return Answer({"code": "40004", "sub_code": refusal})
            if kind == STALE or (kind == LAGGING and operation == "query refund"):
                return self._denied(operation, number)
            return Answer(self._act(method, content, notify_url, kind))

        return ask(self.world, ChannelName.ALIPAY, operation, number, kinds, effect)

    def _act(
        self, method: str, content: Mapping[str, Any], notify_url: str, kind: str
    ) -> Mapping[str, object]:
        books = self.world.alipay
        desk: Any = SimpleNamespace(
            trades=books, signer=SimpleNamespace(keys=SimpleNamespace(sub_merchant=""))
        )
        if method == "alipay.trade.refund":
            books.refund_ms = STAY_MS if kind == STAY else self.world.random.choice(REFUND_MS)
        asked = Asked(method, {"notify_url": notify_url}, dict(content), certified=False)
        try:
            told = METHODS[method][1](desk, asked, FAILING if kind in (FAIL, STUCK) else {})
            if kind == PAID_FIRST:
                books.pay(str(content["out_trade_no"]))
        except RefusedError as refused:
            return {"code": "40004", "sub_code": refused.code}
        if kind == LAGGING and told.get("trade_status") == "TRADE_SUCCESS":
            late = books.trades[str(content["out_trade_no"])].late
            told = {**told, "trade_status": "TRADE_CLOSED" if late else "WAIT_BUYER_PAY"}
        return {"code": "10000", **told}

    def _denied(self, operation: str, number: str) -> Answer:
        if operation == "query refund":
            return Answer({"code": "10000"})
        code = self.world.alipay.codes.get(number)
        if code is None or self.world.scheduler.now >= over_at(code.order, code.created_at):
            self.world.forgetful.add(number[:26])
        return Answer({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"})


class SimulatedAlipay(Alipay):
    """The client itself; only signatures are a word."""

    def __init__(self, world: World) -> None:
        wire: Any = AlipayWire(world)
        super().__init__(CONFIG, wire, world.clock)
        self._exchange = wire

    def read_payment_notice(self, headers: Mapping[str, str], body: bytes) -> PaymentProof | None:
        if headers["signature"] != "good":
            raise NoticeSignatureError
        ours = {"app_id": CONFIG.app_id, "seller_id": CONFIG.seller_id, "notify_id": headers["nonce"]}
        return read_payment(CONFIG, {**json.loads(body), **ours})

    def read_refund_notice(self, headers: Mapping[str, str], body: bytes) -> RefundReport | None:
        self.read_payment_notice(headers, body)
        return None
