"""WeChat Pay v3 as a `Channel`: direct merchant and service provider, JSAPI and native QR (PY1)."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

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
from octane.channels.wechat_pay import errors
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.errors import Verdict, judge
from octane.channels.wechat_pay.exchange import Answer, Exchange, NotSent, text_of
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.channels.wechat_pay.notices import open_notice, read_payment, read_refund_result
from octane.channels.wechat_pay.readings import read_refund, read_trade
from octane.channels.wechat_pay.signing import client_signature
from octane.kernel.clock import Clock, Instant, in_beijing
from octane.kernel.ids import Nonces
from octane.wire.http import Transport

DESCRIPTION_BYTES = 127
REASON_BYTES = 80
METHODS = {PaymentMethod.WECHAT_JSAPI: "jsapi", PaymentMethod.WECHAT_NATIVE: "native"}
REFERENCES = {PaymentMethod.WECHAT_JSAPI: "prepay_id", PaymentMethod.WECHAT_NATIVE: "code_url"}
REFUNDS = "/v3/refund/domestic/refunds"


class WechatPay:
    """The channel. A sub-merchant, given with the call or configured, makes it a service-provider call."""

    def __init__(
        self, config: WechatPayConfig, transport: Transport, clock: Clock, nonces: Nonces, keys: PlatformKeys
    ) -> None:
        self._config = config
        self._exchange = Exchange(config, transport, clock, nonces)
        self._clock = clock
        self._keys = keys

    def prepare(self, request: PaymentRequest) -> Prepared | Refused | Unknown:
        """POST …/transactions/jsapi or native. A call that never left is `Refused` with code NOT_SENT."""
        sub = self._sub(request.trade.sub_merchant)
        if request.method is PaymentMethod.WECHAT_JSAPI and not request.payer_id:
            return Refused("PAYER_MISSING", "JSAPI needs the payer's openid")
        target = f"{_trades(sub)}/{METHODS[request.method]}"
        answer = self._call("POST", target, self._prepay_body(request, sub))
        if not isinstance(answer, Answer):
            return _not_sent_refused(answer)
        if not answer.good:
            return _refused_or_unknown(errors.PREPARE, answer)
        reference = text_of(answer.fields, REFERENCES[request.method])
        return Prepared(reference) if reference else Unknown("ANSWER_UNREADABLE no reference")

    def client_parameters(
        self, method: PaymentMethod, reference: str, timestamp: int, nonce: str
    ) -> dict[str, str]:
        """Sign the parameters of wx.requestPayment, or hand out the QR's address. `timestamp`: seconds."""
        if method is PaymentMethod.WECHAT_NATIVE:
            return {"code_url": reference}
        appid = self._config.client_appid
        package = f"prepay_id={reference}"
        return {
            "appId": appid,
            "timeStamp": str(timestamp),
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": client_signature(self._config.private_key_pem, appid, timestamp, nonce, package),
        }

    def query(self, trade: Trade) -> PaymentProof | TradeState | Unknown:
        sub, out_trade_no = self._sub(trade.sub_merchant), trade.out_trade_no
        merchant = urlencode(self._merchant(sub))
        answer = self._call("GET", f"{_trades(sub)}/out-trade-no/{quote(out_trade_no, safe='')}?{merchant}")
        if not isinstance(answer, Answer):
            return _not_sent_unknown(answer)
        if not answer.good:
            found = judge(errors.QUERY, answer.status, answer.code) is Verdict.NOT_FOUND
            return TradeState.NOT_FOUND if found else Unknown(answer.code)
        if text_of(answer.fields, "out_trade_no") != out_trade_no:
            return Unknown("ANSWER_FOREIGN another trade")
        try:
            return read_trade(self._config, answer.fields, source="query", sub_mchid=sub)
        except NoticeRefusedError as error:
            return Unknown(f"ANSWER_{error.code}")

    def close(self, trade: Trade) -> CloseResult | Unknown:
        """POST …/close; the channel lets it be repeated."""
        sub = self._sub(trade.sub_merchant)
        target = f"{_trades(sub)}/out-trade-no/{quote(trade.out_trade_no, safe='')}/close"
        answer = self._call("POST", target, self._merchant(sub))
        if not isinstance(answer, Answer):
            return _not_sent_unknown(answer)
        if answer.good:
            return CloseResult.CLOSED
        verdict = judge(errors.CLOSE, answer.status, answer.code)
        return Unknown(answer.code) if verdict is Verdict.UNKNOWN else CloseResult(verdict.value)

    def refund(self, request: RefundRequest) -> RefundReport | Refused | Unknown:
        """POST /v3/refund/domestic/refunds; a refund number is refunded once however often it is sent."""
        sub = self._sub(request.trade.sub_merchant)
        body: dict[str, object] = {
            "out_trade_no": request.trade.out_trade_no,
            "out_refund_no": request.refund_no,
            "reason": _cut(request.reason, REASON_BYTES),
            "notify_url": self._config.refund_notify_url,
            "amount": {"refund": request.amount, "total": request.total, "currency": "CNY"},
        }
        answer = self._call("POST", REFUNDS, body | ({"sub_mchid": sub} if sub else {}))
        if not isinstance(answer, Answer):
            return _not_sent_refused(answer)
        if not answer.good:
            return _refused_or_unknown(errors.REFUND, answer)
        report = _report(answer, request.refund_no, source="answer")
        if isinstance(report, RefundReport) and report.out_trade_no != request.trade.out_trade_no:
            return Unknown("ANSWER_FOREIGN another trade")
        return report

    def query_refund(self, request: RefundRequest) -> RefundReport | RefundState | Unknown:
        sub, refund_no = self._sub(request.trade.sub_merchant), request.refund_no
        target = f"{REFUNDS}/{quote(refund_no, safe='')}" + (
            f"?{urlencode({'sub_mchid': sub})}" if sub else ""
        )
        answer = self._call("GET", target)
        if not isinstance(answer, Answer):
            return _not_sent_unknown(answer)
        if not answer.good:
            found = judge(errors.QUERY, answer.status, answer.code) is Verdict.NOT_FOUND
            return RefundState.NOT_FOUND if found else Unknown(answer.code)
        return _report(answer, refund_no, source="query")

    def read_payment_notice(self, headers: Mapping[str, str], body: bytes) -> PaymentProof:
        key = self._config.api_v3_key.encode()
        return read_payment(
            self._config, open_notice(self._keys.verifier, key, headers, body, self._clock.now())
        )

    def read_refund_notice(self, headers: Mapping[str, str], body: bytes) -> RefundReport:
        key = self._config.api_v3_key.encode()
        return read_refund_result(
            self._config, open_notice(self._keys.verifier, key, headers, body, self._clock.now())
        )

    def _call(
        self, method: str, target: str, body: Mapping[str, object] | None = None
    ) -> Answer | NotSent | Unknown:
        return self._exchange.call(self._keys.verifier, method, target, body)

    def _sub(self, given: str | None) -> str:
        return given or self._config.sub_mchid

    def _merchant(self, sub: str) -> dict[str, str]:
        return {"sp_mchid": self._config.mchid, "sub_mchid": sub} if sub else {"mchid": self._config.mchid}

    def _prepay_body(self, request: PaymentRequest, sub: str) -> dict[str, object]:
        body: dict[str, object] = {
            **self._merchant(sub),
            ("sp_appid" if sub else "appid"): self._config.appid,
            "description": _cut(request.description, DESCRIPTION_BYTES),
            "out_trade_no": request.trade.out_trade_no,
            "time_expire": _beijing(request.trade.expires_at),
            "notify_url": self._config.payment_notify_url,
            "amount": {"total": request.amount, "currency": "CNY"},
        }
        if sub and self._config.sub_appid:
            body["sub_appid"] = self._config.sub_appid
        if request.method is PaymentMethod.WECHAT_JSAPI:
            body["payer"] = {self._payer_field(sub): request.payer_id}
        return body

    def _payer_field(self, sub: str) -> str:
        if not sub:
            return "openid"
        return "sub_openid" if self._config.sub_appid else "sp_openid"


def _trades(sub: str) -> str:
    return "/v3/pay/partner/transactions" if sub else "/v3/pay/transactions"


def _not_sent_refused(failure: NotSent | Unknown) -> Refused | Unknown:
    return Refused(NOT_SENT, failure.reason) if isinstance(failure, NotSent) else failure


def _not_sent_unknown(failure: NotSent | Unknown) -> Unknown:
    """A question that was never asked is not an answer."""
    return Unknown(f"{NOT_SENT} {failure.reason}") if isinstance(failure, NotSent) else failure


def _refused_or_unknown(table: Mapping[str, Verdict], answer: Answer) -> Refused | Unknown:
    if judge(table, answer.status, answer.code) is Verdict.REFUSED:
        return Refused(answer.code, answer.message)
    return Unknown(answer.code)


def _report(answer: Answer, refund_no: str, source: str) -> RefundReport | Unknown:
    try:
        report = read_refund(answer.fields, "status", source)
    except NoticeRefusedError as error:
        return Unknown(f"ANSWER_{error.code}")
    return report if report.refund_no == refund_no else Unknown("ANSWER_FOREIGN another refund")


def _cut(text: str, limit: int) -> str:
    """Shorten to `limit` bytes of UTF-8 between characters: the strictest reading of the length limits."""
    return text.encode()[:limit].decode(errors="ignore")


def _beijing(instant: Instant) -> str:
    """Write whole seconds with the offset that the channel documents: `2018-06-08T10:34:56+08:00`."""
    return in_beijing(instant).isoformat()
