"""What an answer that is believed settles: no wire, no key, no clock of its own. The present is given.

A deterministic world may drive these with a simulated UnionPay's words; `client` does with the real one's.
"""

from octane.channels.port import (
    CloseResult,
    NoticeRefusedError,
    PaymentProof,
    Prepared,
    RefundReport,
    RefundRequest,
    RefundState,
    Refused,
    Trade,
    TradeState,
    Unknown,
)
from octane.channels.unionpay import codes
from octane.channels.unionpay.codes import Outcome, outcome_of
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.exchange import Answer
from octane.channels.unionpay.moments import clearing_day
from octane.channels.unionpay.readings import check_owner, read_payment, read_return
from octane.kernel.clock import MINUTE, SECOND, Instant, later

NOT_CLOSABLE_YET = "NOT_CLOSABLE_YET"
SETTLED_MARGIN_MS = 60 * SECOND
"""After payTimeout: clocks differ, and a payment that began in time may end a little later."""
ACCEPTED_MARGIN_MS = 5 * MINUTE
"""The same for a transaction that UnionPay calls accepted: unpaid, or still at the issuer's."""
VOID_MARGIN_MS = 10 * MINUTE
"""A void must reach UnionPay before the clearing day is cut; later, a refund does the same."""


def prepared(answer: Answer) -> Prepared | Refused | Unknown:
    if answer.code not in codes.SUCCESS:
        refused = answer.code in codes.PREPARE_REFUSED
        return Refused(answer.code, answer.message) if refused else Unknown(answer.code)
    reference = answer.fields.get("tn", "")
    return Prepared(reference) if reference else Unknown("ANSWER_UNREADABLE no tn")


def queried(
    config: UnionPayConfig, trade: Trade, answer: Answer, now: Instant
) -> PaymentProof | TradeState | Unknown:
    """A failed try can be tried again on the same tn, and an absent one be paid, until payTimeout is over."""
    over = _is_over(trade, SETTLED_MARGIN_MS, now)
    if answer.code == codes.NOT_FOUND:
        return TradeState.NOT_FOUND if over else TradeState.NOT_PAID
    if answer.code not in codes.SUCCESS:
        return Unknown(answer.code)
    match outcome_of(answer.original_code):
        case Outcome.SUCCEEDED:
            return _proof(config, trade, answer)
        case Outcome.ACCEPTED | Outcome.UNDECIDED:
            return TradeState.NOT_PAID
        case Outcome.FAILED:
            return TradeState.CLOSED if over else TradeState.NOT_PAID
        case Outcome.UNKNOWN:
            return Unknown(f"TRADE_{answer.original_code}")


def closed(config: UnionPayConfig, trade: Trade, answer: Answer, now: Instant) -> CloseResult | Unknown:
    """Confirm that nothing was taken and nothing can be, as far as time and one query prove it.

    | the query says                     | before payTimeout + margin | after         |
    |------------------------------------|----------------------------|---------------|
    | 34 no such, or a definite failure  | Unknown NOT_CLOSABLE_YET   | CLOSED (60 s) |
    | 05 accepted                        | Unknown NOT_CLOSABLE_YET   | CLOSED (5 min)|
    | 03, 04 undecided                   | Unknown                    | Unknown       |
    | success                            | PAID                       | PAID          |

    A payment that lands even after that is a late success, which is booked and sent back (PY8).
    """
    if answer.code == codes.NOT_FOUND:
        return _closed_after(trade, SETTLED_MARGIN_MS, now)
    if answer.code not in codes.SUCCESS:
        return Unknown(answer.code)
    match outcome_of(answer.original_code):
        case Outcome.SUCCEEDED:
            proof = _proof(config, trade, answer)
            return proof if isinstance(proof, Unknown) else CloseResult.PAID
        case Outcome.FAILED:
            return _closed_after(trade, SETTLED_MARGIN_MS, now)
        case Outcome.ACCEPTED:
            return _closed_after(trade, ACCEPTED_MARGIN_MS, now)
        case Outcome.UNDECIDED | Outcome.UNKNOWN:
            return Unknown(f"TRADE_{answer.original_code}")


def sent_back(request: RefundRequest, answer: Answer) -> RefundReport | Refused | Unknown:
    """Even 00 says accepted and no more; and 12 may tell of an earlier send. The query has the last word."""
    if answer.code in codes.RETURN_REFUSED:
        return Refused(answer.code, answer.message)
    if answer.code not in codes.SUCCESS | codes.RETURN_ASK:
        return Unknown(answer.code)
    return RefundReport(
        refund_no=request.refund_no,
        out_trade_no=request.trade.out_trade_no,
        state=RefundState.PROCESSING,
        amount=request.amount,
        channel_refund_id=answer.fields.get("queryId", ""),
        finished_at=None,
        source="answer",
    )


def refund_queried(request: RefundRequest, answer: Answer) -> RefundReport | RefundState | Unknown:
    """A void and a refund answer alike."""
    if answer.code == codes.NOT_FOUND:
        return RefundState.NOT_FOUND
    if answer.code not in codes.SUCCESS:
        return Unknown(answer.code)
    if answer.fields.get("origQryId", request.transaction_id) != request.transaction_id:
        return Unknown("ANSWER_FOREIGN another payment")
    outcome = outcome_of(answer.original_code)
    try:
        report = read_return(answer.fields, outcome, request.trade.out_trade_no, source="query")
    except NoticeRefusedError as error:
        return Unknown(f"ANSWER_{error.code}")
    return Unknown(f"REFUND_{answer.original_code}") if report is None else report


def is_voidable(request: RefundRequest, now: Instant) -> bool:
    """The whole payment goes back in its own clearing day, and that day does not end yet."""
    moments = (request.paid_at, request.requested_at, now, later(now, VOID_MARGIN_MS))
    return request.amount == request.total and len({clearing_day(moment) for moment in moments}) == 1


def _proof(config: UnionPayConfig, trade: Trade, answer: Answer) -> PaymentProof | Unknown:
    try:
        check_owner(config, answer.fields, trade.sub_merchant or "")
        return read_payment(answer.fields, source="query")
    except NoticeRefusedError as error:
        return Unknown(f"ANSWER_{error.code}")


def _closed_after(trade: Trade, margin_ms: int, now: Instant) -> CloseResult | Unknown:
    return CloseResult.CLOSED if _is_over(trade, margin_ms, now) else Unknown(NOT_CLOSABLE_YET)


def _is_over(trade: Trade, margin_ms: int, now: Instant) -> bool:
    return now >= later(trade.expires_at, margin_ms)
