"""UnionPay ACP 5.1.0 as a `Channel`: app payment by tn, query, void, refund, notices (PY3).

Three things differ from other channels, and decide how this one answers:

- **There is no close.** A tn dies by its payTimeout alone. So `close` confirms only what time and a query
  prove together, and until then says `Unknown("NOT_CLOSABLE_YET")`.
- **"No such transaction" (34) proves nothing while a tn may be paid.** A tn that nobody has paid yet can be
  unknown to the query. Until payTimeout and a margin are over it counts as unpaid, not as absent.
- **A number and its txnTime are one transaction, whatever its type.** A void and a refund under the same
  refund number are the same identity to UnionPay: the second is refused as repeated (12), so money goes
  back once.
"""

import re

from octane.channels.port import (
    NOT_SENT,
    CloseResult,
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
from octane.channels.unionpay import outcomes, requests
from octane.channels.unionpay.certificates import SignerCertificates
from octane.channels.unionpay.config import SubMerchant, UnionPayConfig
from octane.channels.unionpay.exchange import Answer, Exchange, NotSent
from octane.channels.unionpay.messages import Fields
from octane.channels.unionpay.notices import open_notice, payment_of, return_of
from octane.channels.unionpay.readings import REFUND, VOID
from octane.kernel.clock import Clock
from octane.wire.http import Transport

ORDER_ID = re.compile(r"[0-9A-Za-z]{8,40}")


class UnionPay:
    """The channel. A sub-merchant given with the trade makes it a platform merchant's call (accessType 2)."""

    def __init__(self, config: UnionPayConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._certificates = SignerCertificates(
            config.root_certificates, config.intermediate_certificates, config.signer_names, clock
        )
        self._exchange = Exchange(config, transport, self._certificates)

    def prepare(self, request: PaymentRequest) -> Prepared | Refused | Unknown:
        """appTransReq.do. A call that never left is `Refused` with code NOT_SENT."""
        if request.method is not PaymentMethod.UNIONPAY_APP:
            return Refused("METHOD_UNSUPPORTED", request.method.value)
        sub = self._sub(request.trade)
        if isinstance(sub, Refused):
            return sub
        if (refusal := _malformed(request.trade.out_trade_no)) is not None:
            return refusal
        answer = self._call("appTransReq.do", requests.payment(self._config, request, sub))
        return outcomes.prepared(answer) if isinstance(answer, Answer) else _not_sent_refused(answer)

    def client_parameters(
        self, method: PaymentMethod, reference: str, timestamp: int, nonce: str
    ) -> dict[str, str]:
        """The tn is all that UnionPay's app control needs; nothing is signed."""
        return {"tn": reference}

    def query(self, trade: Trade) -> PaymentProof | TradeState | Unknown:
        answer = self._call("queryTrans.do", requests.about_trade(trade))
        if not isinstance(answer, Answer):
            return _not_sent_unknown(answer)
        return outcomes.queried(self._config, trade, answer, self._clock.now())

    def close(self, trade: Trade) -> CloseResult | Unknown:
        """One query; `outcomes.closed` says what it and the time prove."""
        answer = self._call("queryTrans.do", requests.about_trade(trade))
        if not isinstance(answer, Answer):
            return _not_sent_unknown(answer)
        return outcomes.closed(self._config, trade, answer, self._clock.now())

    def refund(self, request: RefundRequest) -> RefundReport | Refused | Unknown:
        """backTransReq.do: a void where the whole payment goes back in its own clearing day, else a refund.

        An earlier send may have been a void and this one a refund: UnionPay does not do both (see above).
        """
        voidable = outcomes.is_voidable(request, self._clock.now())
        return self._send_back(request, VOID if voidable else REFUND)

    def void(self, request: RefundRequest) -> RefundReport | Refused | Unknown:
        """backTransReq.do with txnType 31: the whole payment, in its own clearing day only."""
        return self._send_back(request, VOID)

    def query_refund(self, request: RefundRequest) -> RefundReport | RefundState | Unknown:
        """queryTrans.do by the refund's own number and time."""
        answer = self._call("queryTrans.do", requests.about_return(request))
        if not isinstance(answer, Answer):
            return _not_sent_unknown(answer)
        return outcomes.refund_queried(request, answer)

    def read_payment_notice(self, headers: dict[str, str], body: bytes) -> PaymentProof | None:
        """A form over the raw body; UnionPay sends again (5 times) unless it is answered HTTP 200."""
        return payment_of(open_notice(self._config, self._certificates, body))

    def read_refund_notice(self, headers: dict[str, str], body: bytes) -> RefundReport | None:
        return return_of(open_notice(self._config, self._certificates, body))

    def _call(self, action: str, fields: Fields) -> Answer | NotSent | Unknown:
        return self._exchange.call(f"{self._config.base_url}/gateway/api/{action}", fields)

    def _send_back(self, request: RefundRequest, txn_type: str) -> RefundReport | Refused | Unknown:
        sub = self._sub(request.trade)
        if isinstance(sub, Refused):
            return sub
        if (refusal := _malformed(request.refund_no)) is not None:
            return refusal
        fields = requests.money_back(self._config, request, txn_type, sub)
        answer = self._call("backTransReq.do", fields)
        if not isinstance(answer, Answer):
            return _not_sent_refused(answer)
        return outcomes.sent_back(request, answer)

    def _sub(self, trade: Trade) -> SubMerchant | Refused | None:
        if not trade.sub_merchant:
            return None
        known = self._config.sub_merchant(trade.sub_merchant)
        return known or Refused("SUB_MERCHANT_UNKNOWN", "no name is configured for it; nothing was sent")


def _malformed(order_id: str) -> Refused | None:
    if ORDER_ID.fullmatch(order_id):
        return None
    return Refused("ORDER_ID_INVALID", "8 to 40 letters and digits; nothing was sent")


def _not_sent_refused(failure: NotSent | Unknown) -> Refused | Unknown:
    return Refused(NOT_SENT, failure.reason) if isinstance(failure, NotSent) else failure


def _not_sent_unknown(failure: NotSent | Unknown) -> Unknown:
    """A question that was never asked is not an answer."""
    return Unknown(f"{NOT_SENT} {failure.reason}") if isinstance(failure, NotSent) else failure
