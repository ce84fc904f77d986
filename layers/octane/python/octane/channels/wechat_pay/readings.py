"""From WeChat Pay's words to ours: a trade and a refund, checked to be our own."""

from collections.abc import Mapping

from octane.channels.port import (
    NoticeForeignError,
    NoticeUnreadableError,
    PaymentProof,
    RefundReport,
    RefundState,
    TradeState,
)
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.exchange import object_of, text_of
from octane.kernel.clock import Instant, parse_rfc3339
from octane.kernel.errors import AmountInvalidError
from octane.kernel.money import Fen, fen

TRADE_TYPES = frozenset({"JSAPI", "NATIVE"})
"""What we ask for; a trade of another type under our number was not made by us."""

UNPAID = {
    "NOTPAY": TradeState.NOT_PAID,
    "USERPAYING": TradeState.NOT_PAID,
    "PAYERROR": TradeState.NOT_PAID,
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
}
CAPTURED = frozenset({"SUCCESS", "REFUND"})
"""REFUND is a trade that was paid and has a refund of any size or outcome: the capture still happened."""

REFUND_STATES = {
    "PROCESSING": RefundState.PROCESSING,
    "SUCCESS": RefundState.SUCCEEDED,
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.ABNORMAL,
}


def check_owner(config: WechatPayConfig, fields: Mapping[str, object], sub_mchid: str = "") -> None:
    """Raise `NoticeForeignError` unless the message names our merchant.

    With an expected sub-merchant (given, or the configured one) the message must name it. Without, a message
    in service-provider form is ours when its sp_mchid is.
    """
    expected = sub_mchid or config.sub_mchid
    partner = "sp_mchid" in fields
    merchant = text_of(fields, "sp_mchid" if partner else "mchid")
    if merchant != config.mchid or (expected and text_of(fields, "sub_mchid") != expected):
        raise NoticeForeignError
    if expected and not partner:
        raise NoticeForeignError


def check_application(config: WechatPayConfig, fields: Mapping[str, object]) -> None:
    appid = text_of(fields, "sp_appid" if "sp_mchid" in fields else "appid")
    if appid != config.appid or (config.sub_appid and text_of(fields, "sub_appid") != config.sub_appid):
        raise NoticeForeignError


def read_trade(
    config: WechatPayConfig, fields: Mapping[str, object], source: str, sub_mchid: str = "", nonce: str = ""
) -> PaymentProof | TradeState:
    """Read a transaction from a query or a notice; raise `NoticeForeignError` or `NoticeUnreadableError`.

    The amount is `amount.total`, the order's price: a coupon of WeChat's own does not lessen our due.
    """
    check_owner(config, fields, sub_mchid)
    state = text_of(fields, "trade_state")
    if state in UNPAID:
        return UNPAID[state]
    if state not in CAPTURED:
        raise NoticeUnreadableError
    check_application(config, fields)
    if text_of(fields, "trade_type") not in TRADE_TYPES:
        raise NoticeForeignError
    payer = object_of(fields, "payer")
    names = ("sub_openid", "sp_openid") if config.sub_appid else ("sp_openid", "sub_openid")
    return PaymentProof(
        out_trade_no=_required(fields, "out_trade_no"),
        transaction_id=_required(fields, "transaction_id"),
        amount=_amount(fields, "total"),
        paid_at=_moment(_required(fields, "success_time")),
        payer_id=next((found for name in ("openid", *names) if (found := text_of(payer, name))), ""),
        source=source,
        nonce=nonce,
    )


def read_refund(fields: Mapping[str, object], status_field: str, source: str) -> RefundReport:
    """Read a refund; raise `NoticeUnreadableError`.

    `status_field` is `status` in answers and `refund_status` in notices.
    """
    state = REFUND_STATES.get(text_of(fields, status_field))
    if state is None:
        raise NoticeUnreadableError
    finished = text_of(fields, "success_time")
    return RefundReport(
        refund_no=_required(fields, "out_refund_no"),
        out_trade_no=_required(fields, "out_trade_no"),
        state=state,
        amount=_amount(fields, "refund"),
        channel_refund_id=_required(fields, "refund_id"),
        finished_at=_moment(finished) if finished else None,
        source=source,
    )


def _required(fields: Mapping[str, object], name: str) -> str:
    value = text_of(fields, name)
    if not value:
        raise NoticeUnreadableError
    return value


def _amount(fields: Mapping[str, object], name: str) -> Fen:
    amount = object_of(fields, "amount")
    value = amount.get(name)
    if not isinstance(value, int) or amount.get("currency", "CNY") != "CNY":
        raise NoticeUnreadableError
    try:
        return fen(value)
    except AmountInvalidError:
        raise NoticeUnreadableError from None


def _moment(text: str) -> Instant:
    try:
        return parse_rfc3339(text)
    except ValueError:
        raise NoticeUnreadableError from None
