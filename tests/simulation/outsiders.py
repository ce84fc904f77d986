"""The channel and the issuer: our ports over the HTTP simulators' own state machines, no wire, no keys."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from octane.channels.port import (
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
from octane.issuers.juhe import errors as juhe_errors
from octane.issuers.juhe.client import ANY_AMOUNT, GAME_STATES, NOTICE_STATES, REVOKED, yuan_text
from octane.issuers.port import RechargeReport, RechargeRequest, RechargeState, RechargeUnknown
from octane.kernel.money import Fen
from simulation.faults import CALL as CLOSE
from simulation.faults import (
    FAIL,
    FORGE,
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
    SUBMIT,
)
from simulation.world import CHANNEL, ISSUER, Lost, World
from simulators.issuer.recharges import Code, parse_order, view
from simulators.protocol import Json, RefusedError
from simulators.wechat import views
from simulators.wechat.records import Prepay, RefundOrder, RefundStatus

MCHID, APPID = "1900000109", "wx0000000000000001"
OWNER = (MCHID, "")
CONFIG = WechatPayConfig(MCHID, APPID, "A", "", "0" * 32, "", "", "")
REFUND_ENDS = {FAIL: RefundStatus.CLOSED, STUCK: RefundStatus.ABNORMAL}
REFUND_MS = (300, 300, 5_000, 90_000, 1_200_000)
RECHARGE_MS = (300, 300, 4_000, 70_000, 600_000)
STAY_MS = 7_200_000

Answer = TypeVar("Answer")


@dataclass(slots=True)
class SimulatedChannel:
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
                trade = self.world.trades.prepay(order)
                if kind == PAID_FIRST:
                    self.world.trades.pay(trade.reference)
            except RefusedError as refusal:
                return _refused_or_unknown(wechat_errors.PREPARE, refusal)
            return Prepared(trade.reference)

        return self._ask("prepare", request.trade.out_trade_no, PREPARE, effect)

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
                found = self.world.trades.trade(OWNER, out_trade_no)
            except RefusedError as refusal:
                return _not_found(TradeState.NOT_FOUND, refusal)
            if kind == LAGGING and found.paid:
                return TradeState.CLOSED if found.late else TradeState.NOT_PAID
            return read_trade(CONFIG, views.transaction(found), source="query")

        return self._ask("query trade", out_trade_no, QUERY, effect)

    def close(self, trade: Trade) -> CloseResult | Unknown:
        out_trade_no = trade.out_trade_no

        def effect(_kind: str) -> CloseResult | Unknown:
            try:
                self.world.trades.close(OWNER, out_trade_no)
            except RefusedError as refusal:
                verdict = judge(wechat_errors.CLOSE, refusal.status, refusal.code)
                return Unknown(refusal.code) if verdict is Verdict.UNKNOWN else CloseResult(verdict.value)
            return CloseResult.CLOSED

        return self._ask("close", out_trade_no, CLOSE, effect)

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
            books = self.world.trades
            books.refund_ms = STAY_MS if kind == STAY else self.world.random.choice(REFUND_MS)
            try:
                refund = books.refund(order, ends=REFUND_ENDS.get(kind, RefundStatus.SUCCESS))
            except RefusedError as refusal:
                return _refused_or_unknown(wechat_errors.REFUND, refusal)
            return read_refund(views.refund(refund), "status", source="answer")

        return self._ask("refund", request.refund_no, REFUND, effect)

    def query_refund(self, request: RefundRequest) -> RefundReport | RefundState | Unknown:
        refund_no = request.refund_no

        def effect(kind: str) -> RefundReport | RefundState | Unknown:
            if kind == STALE:
                return RefundState.NOT_FOUND
            try:
                refund = self.world.trades.find_refund(OWNER, refund_no)
            except RefusedError as refusal:
                return _not_found(RefundState.NOT_FOUND, refusal)
            told = views.refund(refund)
            if kind == LAGGING:
                told = {**told, "status": "PROCESSING"}
            return read_refund(told, "status", source="query")

        return self._ask("query refund", refund_no, QUERY, effect)

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

    def _ask(
        self, operation: str, number: str, kinds: tuple[str, ...], effect: Callable[[str], Answer]
    ) -> Answer | Unknown:
        try:
            answer = self.world.outside(operation, number, kinds, CHANNEL, effect)
        except Lost:
            return Unknown("LOST")
        if self.world.lines is not None:
            self.world.note(f"← {answer}")
        return answer


def _refused_or_unknown(table: Mapping[str, Verdict], refusal: RefusedError) -> Refused | Unknown:
    verdict = judge(table, refusal.status, refusal.code)
    return Refused(refusal.code, "") if verdict is Verdict.REFUSED else Unknown(refusal.code)


def _not_found(absent: Answer, refusal: RefusedError) -> Answer | Unknown:
    verdict = judge(wechat_errors.QUERY, refusal.status, refusal.code)
    return absent if verdict is Verdict.NOT_FOUND else Unknown(refusal.code)


@dataclass(slots=True)
class SimulatedIssuer:
    """Implements `octane.issuers.port.CardIssuer`. Its notices do not cover the outcome, as the real ones."""

    world: World

    def submit(self, request: RechargeRequest) -> RechargeReport | RechargeUnknown:
        number = request.issuer_order_no
        proid, charge_type = ANY_AMOUNT[request.issuer]
        order = parse_order(
            {
                "proid": proid,
                "cardnum": yuan_text(request.amount),
                "orderid": number,
                "game_userid": request.card_number,
                "gasCardTel": request.holder_phone,
                "gasCardName": request.holder_name,
                "chargeType": charge_type,
            }
        )

        def effect(kind: str) -> RechargeReport | RechargeUnknown:
            if kind == REFUSE:
                return _refused(number, int(Code.BALANCE_TOO_LOW))
            books = self.world.recharges
            books.recharge_ms = STAY_MS if kind == STAY else self.world.random.choice(RECHARGE_MS)
            try:
                recharge = books.submit(order, fail="revoked" if kind == FAIL else None)
            except RefusedError as refusal:
                return _refused(number, int(refusal.code))
            if kind == FORGE:
                self.world.forgeries.append(recharge)
            return _told(number, view(recharge), "answer")

        return self._ask("submit", number, SUBMIT, effect)

    def query(self, issuer_order_no: str) -> RechargeReport | RechargeUnknown:
        def effect(kind: str) -> RechargeReport | RechargeUnknown:
            absent = RechargeReport(issuer_order_no, RechargeState.NOT_FOUND, source="query")
            if kind == STALE:
                return absent
            try:
                told = view(self.world.recharges.find(issuer_order_no))
            except RefusedError as refusal:
                known = int(refusal.code) not in juhe_errors.NOT_FOUND
                return RechargeUnknown(refusal.code) if known else absent
            if kind == LAGGING:
                told = {**told, "game_state": "0"}
            return _told(issuer_order_no, told, "query")

        return self._ask("query recharge", issuer_order_no, QUERY, effect)

    def balance(self) -> Fen | RechargeUnknown:
        return Fen(self.world.recharges.balance_fen)

    def read_notice(self, body: bytes) -> RechargeReport:
        content = json.loads(body)
        state = NOTICE_STATES[content["sta"]]
        return RechargeReport(
            content["orderid"], state, issuer_reference=content["sporder_id"], source="notice"
        )

    def _ask(
        self,
        operation: str,
        number: str,
        kinds: tuple[str, ...],
        effect: Callable[[str], RechargeReport | RechargeUnknown],
    ) -> RechargeReport | RechargeUnknown:
        try:
            answer = self.world.outside(operation, number, kinds, ISSUER, effect)
        except Lost:
            return RechargeUnknown("LOST")
        if self.world.lines is not None:
            self.world.note(f"← {answer}")
        return answer


def _refused(number: str, code: int) -> RechargeReport | RechargeUnknown:
    word = juhe_errors.REFUSED.get(code)
    if word is None:
        return RechargeUnknown(f"CODE_{code}")
    return RechargeReport(number, RechargeState.REFUSED, code=word, source="answer")


def _told(number: str, told: Json, source: str) -> RechargeReport:
    state = GAME_STATES[str(told["game_state"])]
    return RechargeReport(
        number,
        state,
        issuer_reference=str(told["sporder_id"]),
        code=REVOKED if state is RechargeState.REFUSED else "",
        source=source,
    )
