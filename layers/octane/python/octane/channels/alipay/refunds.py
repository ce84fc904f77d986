"""What Alipay says of a refund. It gives a refund no number of its own: ours names it within the trade."""

from collections.abc import Mapping

from octane.channels.alipay.readings import amount_of, moment, text_of
from octane.channels.port import (
    NoticeRefusedError,
    RefundReport,
    RefundRequest,
    RefundState,
    Unknown,
)
from octane.kernel.clock import Instant
from octane.kernel.money import Fen

DONE = "REFUND_SUCCESS"
FOREIGN = Unknown("ANSWER_FOREIGN another trade")


def answered_refund(request: RefundRequest, fields: Mapping[str, object]) -> RefundReport | Unknown:
    """Read the answer to alipay.trade.refund. `refund_fee` is all that the trade gave back so far.

    fund_change=N says that this call moved nothing: the refund was done before, or is not yet; a query tells.
    """
    if not _is_ours(request, fields):
        return FOREIGN
    if text_of(fields, "fund_change") != "Y":
        return _report(request, RefundState.PROCESSING, request.amount, None, "answer")
    try:
        if amount_of(fields, "refund_fee") < request.amount:
            return Unknown("ANSWER_AMOUNT less than this refund went back")
        finished_at = _finished(fields)
    except NoticeRefusedError as error:
        return Unknown(f"ANSWER_{error.code}")
    return _report(request, RefundState.SUCCEEDED, request.amount, finished_at, "answer")


def found_refund(
    request: RefundRequest, number: str, fields: Mapping[str, object]
) -> RefundReport | RefundState | Unknown:
    """Read the answer to alipay.trade.fastpay.refund.query about the refund `number`.

    Without a refund_status Alipay has not received it, has not done it yet, or failed: none of these moved
    money, and the same number may be sent again.
    """
    status = text_of(fields, "refund_status")
    if not status:
        return RefundState.NOT_FOUND
    if not _is_ours(request, fields) or text_of(fields, "out_request_no") != number:
        return FOREIGN
    if status != DONE:
        return Unknown("ANSWER_UNREADABLE refund_status")
    try:
        amount, finished_at = amount_of(fields, "refund_amount"), _finished(fields)
    except NoticeRefusedError as error:
        return Unknown(f"ANSWER_{error.code}")
    return _report(request, RefundState.SUCCEEDED, amount, finished_at, "query")


def _is_ours(request: RefundRequest, fields: Mapping[str, object]) -> bool:
    return (
        text_of(fields, "out_trade_no") == request.trade.out_trade_no
        and text_of(fields, "trade_no") == request.transaction_id
    )


def _finished(fields: Mapping[str, object]) -> Instant | None:
    text = text_of(fields, "gmt_refund_pay")
    return moment(text) if text else None


def _report(
    request: RefundRequest, state: RefundState, amount: Fen, finished_at: Instant | None, source: str
) -> RefundReport:
    return RefundReport(
        refund_no=request.refund_no,
        out_trade_no=request.trade.out_trade_no,
        state=state,
        amount=amount,
        channel_refund_id=f"{request.transaction_id}/{request.refund_no}",
        finished_at=finished_at,
        source=source,
    )
