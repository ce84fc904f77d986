"""What an order may ask of a payment channel, and the only answers it can get (PY1, PY6, PY8).

An outside call ends in exactly one of three ways: the channel said yes, the channel said a definite no, or we
do not know (`Unknown`). Only a signed notice, a query or a confirmed close turns the third into one of the
others. Nothing here raises for a provider's answer: an outcome is a value, so that no caller can forget a
case.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.kernel.clock import Instant
from octane.kernel.errors import OctaneError, UnavailableError
from octane.kernel.money import Fen


class ChannelName(StrEnum):
    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    UNIONPAY = "UNIONPAY"
    WALLET = "WALLET"
    """The customer's own stored balance: no call leaves us."""


class PaymentMethod(StrEnum):
    """A way to pay; the part before the first underscore is its channel."""

    WECHAT_JSAPI = "WECHAT_JSAPI"
    WECHAT_NATIVE = "WECHAT_NATIVE"
    ALIPAY_JSAPI = "ALIPAY_JSAPI"
    ALIPAY_NATIVE = "ALIPAY_NATIVE"
    UNIONPAY_APP = "UNIONPAY_APP"
    WALLET_BALANCE = "WALLET_BALANCE"

    @property
    def channel(self) -> ChannelName:
        return ChannelName(self.partition("_")[0])


@dataclass(frozen=True, slots=True)
class Unknown:
    """The call may or may not have taken effect: time-out, broken answer, bad signature on the answer,
    5xx."""

    reason: str
    no_answer: bool = False
    """Nothing came back within the time: whoever calls next would wait as long."""


NOT_SENT = "NOT_SENT"
"""The code of a refusal that is the wire's own: no connection was opened."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel said a definite no, or the call never left: nothing was created and nothing was taken."""

    code: str
    message: str


class Trade(NamedTuple):
    """How a channel knows one payment attempt. Nothing here changes across retries of the attempt."""

    out_trade_no: str
    opened_at: Instant
    """When the attempt was opened: UnionPay knows a trade by number and this time (txnTime)."""
    expires_at: Instant
    """From then on it cannot be paid."""
    sub_merchant: str | None = None
    """sub_mchid in service-provider mode; None when the merchant collects directly."""
    method: PaymentMethod | None = None
    """How it is to be paid; None for a number that was never used."""


class PaymentRequest(NamedTuple):
    """What one payment attempt asks for."""

    trade: Trade
    method: PaymentMethod
    amount: Fen
    description: str
    payer_id: str | None
    """The payer's openid at the channel for JSAPI; None for a QR code or an app."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The channel holds the trade and waits for the customer; `reference` is what the customer's app needs:
    prepay_id, trade_no, tn, or the QR's address."""

    reference: str


@dataclass(frozen=True, slots=True)
class PaymentProof:
    """What the channel says it took: from a verified notice, or from a query."""

    out_trade_no: str
    transaction_id: str
    amount: Fen
    paid_at: Instant
    payer_id: str
    source: str
    """`notice` or `query`."""
    nonce: str = ""
    """The notice's nonce: a second delivery of the very same message is a replay."""


class TradeState(StrEnum):
    NOT_PAID = "NOT_PAID"
    """The trade exists and can still be paid."""
    CLOSED = "CLOSED"
    """The trade exists and can never be paid."""
    NOT_FOUND = "NOT_FOUND"
    """The channel knows no such trade (yet)."""


class CloseResult(StrEnum):
    CLOSED = "CLOSED"
    """Confirmed: nothing was taken and nothing can be."""
    PAID = "PAID"
    """Too late: the customer has paid; query for the proof."""
    NOT_FOUND = "NOT_FOUND"


class RefundRequest(NamedTuple):
    """`refund_no` never changes across retries of one refund."""

    refund_no: str
    trade: Trade
    transaction_id: str
    """The channel's own number of the payment."""
    amount: Fen
    total: Fen
    """What the trade captured in all."""
    reason: str
    requested_at: Instant
    paid_at: Instant


class RefundState(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    CLOSED = "CLOSED"
    """The channel will not do it; the money stays with us."""
    ABNORMAL = "ABNORMAL"
    """The payer's account cannot receive it; a person must act."""
    NOT_FOUND = "NOT_FOUND"


class RefundReport(NamedTuple):
    """Where a refund stands, from a verified notice, a query, or the answer to the request itself."""

    refund_no: str
    out_trade_no: str
    state: RefundState
    amount: Fen
    channel_refund_id: str
    finished_at: Instant | None
    source: str
    """`notice`, `query` or `answer`."""


class ChannelUnavailableError(UnavailableError):
    """Nothing left us; the same request may be sent again."""

    code = "CHANNEL_UNAVAILABLE"


class ChannelConfigError(ValueError):
    """A channel's secret or settings are missing or malformed; the message names the setting, never its
    value."""


class NoticeRefusedError(OctaneError):
    """A callback that is not believed: each cause below is its own code, answered 4xx so that the channel
    retries."""

    code = "NOTICE_REFUSED"
    status = 401
    summary = "The notice is not believed."


class NoticeSignatureError(NoticeRefusedError):
    code = "NOTICE_SIGNATURE_INVALID"
    summary = "The notice's signature does not verify."


class NoticeStaleError(NoticeRefusedError):
    code = "NOTICE_STALE"
    summary = "The notice's timestamp is 300 seconds or more away from now."


class NoticeUnreadableError(NoticeRefusedError):
    code = "NOTICE_UNREADABLE"
    status = 400
    summary = "The notice cannot be decrypted or read."


class NoticeForeignError(NoticeRefusedError):
    code = "NOTICE_FOREIGN"
    status = 403
    summary = "The notice belongs to another merchant or application."


class Channel(Protocol):
    """A payment channel. Every method makes at most one call to the channel and returns within its
    time-out."""

    def prepare(self, request: PaymentRequest) -> Prepared | Refused | Unknown: ...

    def client_parameters(
        self, method: PaymentMethod, reference: str, timestamp: int, nonce: str
    ) -> dict[str, str]:
        """What the customer's app needs to pay: signed JSAPI parameters, or `{"code_url": …}`. No call.

        `timestamp` is epoch seconds. The same inputs give the same answer, so a replayed pay returns the
        same words.
        """
        ...

    def query(self, trade: Trade) -> PaymentProof | TradeState | Unknown: ...

    def close(self, trade: Trade) -> CloseResult | Unknown: ...

    def refund(self, request: RefundRequest) -> RefundReport | Refused | Unknown: ...

    def query_refund(self, request: RefundRequest) -> RefundReport | RefundState | Unknown:
        """`RefundState.NOT_FOUND` when the channel knows no such refund; otherwise a report."""
        ...

    def read_payment_notice(self, headers: dict[str, str], body: bytes) -> PaymentProof | None:
        """Verify, decrypt and read a payment callback over its raw body; raise a `NoticeRefusedError`.

        None: it is genuine, and tells of no money taken. Header names are lower-case.
        """
        ...

    def read_refund_notice(self, headers: dict[str, str], body: bytes) -> RefundReport | None: ...
