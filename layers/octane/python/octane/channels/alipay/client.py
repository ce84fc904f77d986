"""Alipay as a `Channel`: mini-program payment and QR code, with or without a sub-merchant (PY2).

A QR code (precreate) is no trade yet: Alipay makes the trade when a customer scans it, and until then answers
TRADE_NOT_EXIST to everything. So "not found" proves nothing while the code can be scanned, and this client
says so: the trade counts as not paid, and cannot be closed, until `expires_at` (sent as time_expire) and
`CODE_GRACE_MS` have passed. `cancel` is no way around it. The documents promise an `action` only for a trade
that exists, and a cancel that meets a payment gives the money back, perhaps after its notice was acted on:
who calls it must first have stored that a payment is no longer wanted. `close` never does.
"""

from collections.abc import Mapping
from enum import StrEnum

from octane.channels.alipay import errors
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.contents import order_content, refund_content, refund_query_content
from octane.channels.alipay.errors import Verdict, judge
from octane.channels.alipay.exchange import Answer, Exchange, NotSent
from octane.channels.alipay.keys import AlipayKeys
from octane.channels.alipay.notices import open_notice, read_payment
from octane.channels.alipay.readings import read_trade, text_of
from octane.channels.alipay.refunds import answered_refund, found_refund
from octane.channels.port import (
    NOT_SENT,
    CloseResult,
    NoticeRefusedError,
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
from octane.kernel.clock import MINUTE, Clock, later
from octane.wire.http import Transport

CODE_GRACE_MS = MINUTE
"""How far Alipay's clock and ours may be apart at the end of a QR code."""
METHODS = {
    PaymentMethod.ALIPAY_JSAPI: "alipay.trade.create",
    PaymentMethod.ALIPAY_NATIVE: "alipay.trade.precreate",
}
REFERENCES = {PaymentMethod.ALIPAY_JSAPI: "trade_no", PaymentMethod.ALIPAY_NATIVE: "qr_code"}
PARAMETERS = {PaymentMethod.ALIPAY_JSAPI: "tradeNO", PaymentMethod.ALIPAY_NATIVE: "qr_code"}


class CancelResult(StrEnum):
    CLOSED = "CLOSED"
    """The trade existed unpaid, and never can be paid now."""
    REFUNDED = "REFUNDED"
    """It was paid, and this call gave all of it back."""
    NOT_FOUND = "NOT_FOUND"
    """There is no trade; a QR code of this number may still be scanned."""


class Alipay:
    def __init__(self, config: AlipayConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._keys = AlipayKeys(config, clock)
        self._exchange = Exchange(config, transport, clock, self._keys)

    def prepare(self, request: PaymentRequest) -> Prepared | Refused | Unknown:
        """Call alipay.trade.create or precreate. A call that never left is `Refused`, code NOT_SENT."""
        if request.method is PaymentMethod.ALIPAY_JSAPI and not request.payer_id:
            return Refused("PAYER_MISSING", "the mini-program's payment needs the payer's open id")
        answer = self._call(
            METHODS[request.method], order_content(self._config, request), self._config.notify_url
        )
        if isinstance(answer, NotSent):
            return Refused(NOT_SENT, answer.reason)
        if isinstance(answer, Unknown):
            return answer
        if not answer.good:
            return _refused_or_unknown(errors.PREPARE, answer, gateway=Verdict.REFUSED)
        reference = text_of(answer.fields, REFERENCES[request.method])
        if text_of(answer.fields, "out_trade_no") != request.trade.out_trade_no:
            return Unknown("ANSWER_FOREIGN another trade")
        return Prepared(reference) if reference else Unknown("ANSWER_UNREADABLE no reference")

    def client_parameters(
        self, method: PaymentMethod, reference: str, timestamp: int, nonce: str
    ) -> dict[str, str]:
        """What my.tradePay takes, or the QR's address; Alipay has nothing to sign here."""
        return {PARAMETERS[method]: reference}

    def query(self, trade: Trade) -> PaymentProof | TradeState | Unknown:
        """Call alipay.trade.query. A trade that is not there is NOT_PAID while its code may be scanned."""
        answer = self._ask("alipay.trade.query", trade)
        if isinstance(answer, Unknown):
            return answer
        if not answer.good:
            if judge(errors.NOT_EXIST, answer.gateway_code, answer.code) is not Verdict.NOT_FOUND:
                return Unknown(answer.code)
            return TradeState.NOT_PAID if self._may_be_scanned(trade) else TradeState.NOT_FOUND
        try:
            return read_trade(answer.fields)
        except NoticeRefusedError as error:
            return Unknown(f"ANSWER_{error.code}")

    def close(self, trade: Trade) -> CloseResult | Unknown:
        """Call alipay.trade.close; when the trade is not open any more, one query tells what became of it."""
        answer = self._ask("alipay.trade.close", trade)
        if isinstance(answer, Unknown):
            return answer
        if answer.good:
            return CloseResult.CLOSED
        match judge(errors.CLOSE, answer.gateway_code, answer.code):
            case Verdict.NOT_FOUND if self._may_be_scanned(trade):
                return Unknown("CODE_MAY_BE_SCANNED")
            case Verdict.NOT_FOUND:
                return CloseResult.NOT_FOUND
            case Verdict.NOT_OPEN:
                return self._ended(trade)
            case _:
                return Unknown(answer.code)

    def cancel(self, trade: Trade) -> CancelResult | Unknown:
        """Call alipay.trade.cancel: close an unpaid trade, or give a paid one back, within 24 hours.

        Read the module's first lines before calling it.
        """
        answer = self._ask("alipay.trade.cancel", trade)
        if isinstance(answer, Unknown):
            return answer
        if not answer.good:
            missing = judge(errors.NOT_EXIST, answer.gateway_code, answer.code) is Verdict.NOT_FOUND
            return CancelResult.NOT_FOUND if missing else Unknown(answer.code)
        if text_of(answer.fields, "retry_flag") == "Y":
            return Unknown("RETRY")
        match text_of(answer.fields, "action"):
            case "close":
                return CancelResult.CLOSED
            case "refund":
                return CancelResult.REFUNDED
            case "":
                return CancelResult.NOT_FOUND
            case _:
                return Unknown("ANSWER_UNREADABLE action")

    def refund(self, request: RefundRequest) -> RefundReport | Refused | Unknown:
        """Call alipay.trade.refund; one refund number moves money once, however often it is sent.

        A full refund that is refused because the trade holds nothing any more is a success if a cancel gave
        the money back: then one more call asks for the cancel's own refund.
        """
        answer = self._call("alipay.trade.refund", refund_content(request))
        if isinstance(answer, NotSent):
            return Refused(NOT_SENT, answer.reason)
        if isinstance(answer, Unknown):
            return answer
        if answer.good:
            return answered_refund(request, answer.fields)
        if answer.code in errors.NOT_REFUNDABLE_STATES and request.amount == request.total:
            given_back = self._find_refund(request, request.trade.out_trade_no)
            if isinstance(given_back, RefundReport):
                return given_back
        return _refused_or_unknown(errors.REFUND, answer)

    def query_refund(self, request: RefundRequest) -> RefundReport | RefundState | Unknown:
        """Call alipay.trade.fastpay.refund.query. What is not yet done is NOT_FOUND: sending it again is
        safe."""
        return self._find_refund(request, request.refund_no)

    def read_payment_notice(self, headers: Mapping[str, str], body: bytes) -> PaymentProof | None:
        return read_payment(self._config, open_notice(self._keys, headers, body))

    def read_refund_notice(self, headers: Mapping[str, str], body: bytes) -> RefundReport | None:
        """Verify; Alipay tells what became of a refund in the answer and in the query only."""
        read_payment(self._config, open_notice(self._keys, headers, body))
        return None

    def _call(
        self, method: str, content: Mapping[str, object], notify_url: str = ""
    ) -> Answer | NotSent | Unknown:
        return self._exchange.call(method, content, notify_url)

    def _ask(self, method: str, trade: Trade) -> Answer | Unknown:
        """Call about one trade; a good answer is about that trade. A call that never left is no answer."""
        answer = self._call(method, {"out_trade_no": trade.out_trade_no})
        if isinstance(answer, NotSent):
            return Unknown(f"{NOT_SENT} {answer.reason}")
        if isinstance(answer, Answer) and answer.good:
            named = text_of(answer.fields, "out_trade_no")
            return answer if named == trade.out_trade_no else Unknown("ANSWER_FOREIGN another trade")
        return answer

    def _ended(self, trade: Trade) -> CloseResult | Unknown:
        match self.query(trade):
            case PaymentProof():
                return CloseResult.PAID
            case TradeState.CLOSED:
                return CloseResult.CLOSED
            case Unknown() as doubt:
                return doubt
            case _:
                return Unknown("TRADE_CHANGING")

    def _find_refund(self, request: RefundRequest, number: str) -> RefundReport | RefundState | Unknown:
        content = refund_query_content(request, number)
        answer = self._call("alipay.trade.fastpay.refund.query", content)
        if isinstance(answer, NotSent):
            return Unknown(f"{NOT_SENT} {answer.reason}")
        if isinstance(answer, Unknown):
            return answer
        if not answer.good:
            missing = judge(errors.NOT_EXIST, answer.gateway_code, answer.code) is Verdict.NOT_FOUND
            return RefundState.NOT_FOUND if missing else Unknown(answer.code)
        return found_refund(request, number, answer.fields)

    def _may_be_scanned(self, trade: Trade) -> bool:
        """A trade that is created exists or does not; one behind a QR code begins when it is scanned."""
        if trade.method is PaymentMethod.ALIPAY_JSAPI:
            return False
        return self._clock.now() < later(trade.expires_at, CODE_GRACE_MS)


def _refused_or_unknown(
    table: Mapping[str, Verdict], answer: Answer, gateway: Verdict = Verdict.UNKNOWN
) -> Refused | Unknown:
    if judge(table, answer.gateway_code, answer.code, gateway) is Verdict.REFUSED:
        return Refused(answer.code, answer.message)
    return Unknown(answer.code)
