"""WeChat Pay: our port over the HTTP simulator's own state machine, no wire, no keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from octane.channels.port import (
    ChannelName,
    CloseResult,
    NoticeSignatureError,
    PaymentMethod,
    PaymentProof,
    PaymentRequest,
    Prepared,
    RefundReport,
    RefundRequest,
    RefundState,
    Refused,
    Trade,
    TradeState,
    Unknown,
)
from octane.channels.wechat_pay import errors as wechat_errors
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.errors import Verdict, judge
from octane.channels.wechat_pay.readings import read_refund, read_trade
from simulation.asking import ask
from simulation.books import MCHID, OWNER
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
from simulators.protocol import RefusedError
from simulators.wechat import views
from simulators.wechat.records import Prepay, RefundOrder, RefundStatus

APPID = "wx0000000000000001"
CONFIG = WechatPayConfig(MCHID, APPID, "A", "", "0" * 32, "", "", "")
REFUND_ENDS = {FAIL: RefundStatus.CLOSED, STUCK: RefundStatus.ABNORMAL}
REFUND_MS = (300, 300, 5_000, 90_000, 1_200_000)

Answer = TypeVar("Answer")


@dataclass(slots=True)
class SimulatedWechat:
    """Implements `octane.channels.port.Channel`."""

    world: World

    def prepare(self, request: PaymentRequest) -> Prepared | Refused | Unknown:
        jsapi = request.method is PaymentMethod.WECHAT_JSAPI
        order = Prepay(
            kind="JSAPI" if jsapi else "NATIVE",
            appid=APPID,
            mchid=MCHID,
            sub_appid="",
            sub_mchid="",
            out_trade_no=request.trade.out_trade_no,
            description=request.description,
            attach="",
            total_fen=request.amount,
            notify_url="payments",
            openid=request.payer_id or "",
            sub_openid="",
            expires_at=request.trade.expires_at // 1000 * 1000,
        )

        def effect(kind: str) -> Prepared | Refused | Unknown:
            if kind in (NOT_SENT, REFUSE):
                return Refused(NOT_SENT.upper() if kind == NOT_SENT else "NO_AUTH", "")
            try:
                trade = self.world.wechat.prepay(order)
                if kind == PAID_FIRST:
                    self.world.wechat.pay(trade.reference)
            except RefusedError as refusal:
                return _refused_or_unknown(wechat_errors.PREPARE, refusal)
            return Prepared(trade.reference)

        return ask(self.world, ChannelName.WECHAT, "prepare", request.trade.out_trade_no, PREPARE, effect)

    def client_parameters(
        self, method: PaymentMethod, reference: str, timestamp: int, nonce: str
    ) -> dict[str, str]:
        return {"package": f"{method} {reference} {timestamp} {nonce}"}

    def query(self, trade: Trade) -> PaymentProof | TradeState | Unknown:
        out_trade_no = trade.out_trade_no

        def effect(kind: str) -> PaymentProof | TradeState | Unknown:
            if kind == STALE:
                self.world.forgetful.add(out_trade_no[:26])
                return TradeState.NOT_FOUND
            try:
                found = self.world.wechat.trade(OWNER, out_trade_no)
            except RefusedError as refusal:
                return _not_found(TradeState.NOT_FOUND, refusal)
            if kind == LAGGING and found.paid:
                return TradeState.CLOSED if found.late else TradeState.NOT_PAID
            return read_trade(CONFIG, views.transaction(found), source="query")

        return ask(self.world, ChannelName.WECHAT, "query trade", out_trade_no, QUERY, effect)

    def close(self, trade: Trade) -> CloseResult | Unknown:
        out_trade_no = trade.out_trade_no

        def effect(_kind: str) -> CloseResult | Unknown:
            try:
                self.world.wechat.close(OWNER, out_trade_no)
            except RefusedError as refusal:
                verdict = judge(wechat_errors.CLOSE, refusal.status, refusal.code)
                return Unknown(refusal.code) if verdict is Verdict.UNKNOWN else CloseResult(verdict.value)
            return CloseResult.CLOSED

        return ask(self.world, ChannelName.WECHAT, "close", out_trade_no, CLOSE, effect)

    def refund(self, request: RefundRequest) -> RefundReport | Refused | Unknown:
        order = RefundOrder(
            owner=OWNER,
            out_refund_no=request.refund_no,
            out_trade_no=request.trade.out_trade_no,
            transaction_id="",
            refund_fen=request.amount,
            total_fen=request.total,
            reason=request.reason,
            notify_url="refunds",
        )

        def effect(kind: str) -> RefundReport | Refused | Unknown:
            if kind in (NOT_SENT, REFUSE):
                return Refused(NOT_SENT.upper() if kind == NOT_SENT else "NOT_ENOUGH", "")
            books = self.world.wechat
            books.refund_ms = STAY_MS if kind == STAY else self.world.random.choice(REFUND_MS)
            try:
                refund = books.refund(order, ends=REFUND_ENDS.get(kind, RefundStatus.SUCCESS))
            except RefusedError as refusal:
                return _refused_or_unknown(wechat_errors.REFUND, refusal)
            return read_refund(views.refund(refund), "status", source="answer")

        return ask(self.world, ChannelName.WECHAT, "refund", request.refund_no, REFUND, effect)

    def query_refund(self, request: RefundRequest) -> RefundReport | RefundState | Unknown:
        refund_no = request.refund_no

        def effect(kind: str) -> RefundReport | RefundState | Unknown:
            if kind == STALE:
                return RefundState.NOT_FOUND
            try:
                refund = self.world.wechat.find_refund(OWNER, refund_no)
            except RefusedError as refusal:
                return _not_found(RefundState.NOT_FOUND, refusal)
            told = views.refund(refund)
            if kind == LAGGING:
                told = {**told, "status": "PROCESSING"}
            return read_refund(told, "status", source="query")

        return ask(self.world, ChannelName.WECHAT, "query refund", refund_no, QUERY, effect)

    def read_payment_notice(self, headers: dict[str, str], body: bytes) -> PaymentProof:
        if headers["signature"] != "good":
            raise NoticeSignatureError
        proof = read_trade(CONFIG, json.loads(body), source="notice", nonce=headers["nonce"])
        if not isinstance(proof, PaymentProof):
            raise NoticeSignatureError
        return proof

    def read_refund_notice(self, headers: dict[str, str], body: bytes) -> RefundReport:
        if headers["signature"] != "good":
            raise NoticeSignatureError
        return read_refund(json.loads(body), "refund_status", source="notice")


def _refused_or_unknown(table: Mapping[str, Verdict], refusal: RefusedError) -> Refused | Unknown:
    verdict = judge(table, refusal.status, refusal.code)
    return Refused(refusal.code, "") if verdict is Verdict.REFUSED else Unknown(refusal.code)


def _not_found(absent: Answer, refusal: RefusedError) -> Answer | Unknown:
    verdict = judge(wechat_errors.QUERY, refusal.status, refusal.code)
    return absent if verdict is Verdict.NOT_FOUND else Unknown(refusal.code)
