"""What a counterparty's bill has and our books do not: ask, and book what is proven (RC3).

The bill only says where to look. A query decides. A counterparty may stay silent about a number for ever (an
outcome that it calls unknown): only then, when it was silent to an earlier run too and never said no since,
the line of a bill that came under its signature or digest is the proof. Silence alone proves nothing: a
time-out is silence too.
"""

from dataclasses import replace
from enum import StrEnum

from octane.billers.names import Biller
from octane.channels.port import ChannelName, PaymentProof, RefundReport, RefundState, Unknown
from octane.kernel.clock import MINUTE, Instant, later
from octane.kernel.fulfilment import FulfilmentReport
from octane.kernel.money import Fen
from octane.kernel.statement import LineKind, StatementLine
from octane.orders.deps import Deps
from octane.orders.fulfilment import query
from octane.orders.model import OrderNotFoundError, order_id_in
from octane.orders.payment import SecondTransactionError, accept_payment
from octane.orders.recharge import settle_recharge
from octane.orders.records import load
from octane.orders.refund import RefundMismatchError, refund_request, settle_refund
from octane.orders.states import OPEN_REFUND, AttemptStatus, OrderKind, RefundStatus

CLOCKS_MS = 2 * MINUTE
"""How far two processes' clocks may be apart: a silence within it after a no may have been before it."""


class Repair(StrEnum):
    DONE = "DONE"
    """Our books have the line now."""
    UNKNOWN_NUMBER = "UNKNOWN_NUMBER"
    """We never used the number, or not with this counterparty."""
    UNCONFIRMED = "UNCONFIRMED"
    """Asked, the counterparty does not say what its bill says, or our books cannot take it."""
    SILENT = "SILENT"
    """Asked, the counterparty says nothing: neither yes nor no."""


def repair_line(
    deps: Deps,
    source: ChannelName | Biller | None,
    line: StatementLine,
    *,
    silent_since: Instant | None = None,
) -> Repair:
    """Book a line of a bill that our books miss, if the counterparty confirms it; `source` is None for the
    issuer. `silent_since`: it is silent for so long that its bill is proof enough, unless it said no after
    that. One call to the counterparty at most. A second repair of the line finds it booked."""
    try:
        if (line.kind is LineKind.RECHARGE) is isinstance(source, ChannelName):
            return Repair.UNKNOWN_NUMBER
        if not isinstance(source, ChannelName):
            return _recharge(deps, source, line)
        book = _payment if line.kind is LineKind.PAYMENT else _refund
        return book(deps, source, line, silent_since)
    except OrderNotFoundError:
        return Repair.UNKNOWN_NUMBER


def _payment(deps: Deps, channel: ChannelName, line: StatementLine, silent_since: Instant | None) -> Repair:
    dossier = load(deps.store, order_id_in(line.number, "P"))
    attempt = dossier.attempt_of(line.number)
    if attempt.method.channel is not channel:
        return Repair.UNKNOWN_NUMBER
    if attempt.status is AttemptStatus.PAID:
        return Repair.DONE if attempt.transaction_id == line.reference else Repair.UNCONFIRMED
    answer = deps.channel_of(channel).query(attempt.trade)
    if isinstance(answer, Unknown):
        if silent_since is None or silent_since < later(attempt.ended_at or Instant(0), CLOCKS_MS):
            return Repair.SILENT
        answer = PaymentProof(
            out_trade_no=line.number,
            transaction_id=line.reference,
            amount=Fen(line.amount),
            paid_at=line.settled_at,
            payer_id="",
            source="bill",
        )
    if not isinstance(answer, PaymentProof):
        return Repair.UNCONFIRMED
    try:
        accept_payment(deps, dossier, answer)
    except SecondTransactionError:
        return Repair.UNCONFIRMED
    return Repair.DONE


def _refund(deps: Deps, channel: ChannelName, line: StatementLine, silent_since: Instant | None) -> Repair:
    dossier = load(deps.store, order_id_in(line.number, "F"))
    refund = dossier.refund_of(line.number)
    if refund.to_wallet or dossier.attempt_of(refund.out_trade_no).method.channel is not channel:
        return Repair.UNKNOWN_NUMBER
    if refund.status is RefundStatus.SUCCEEDED:
        return Repair.DONE
    if refund.status not in OPEN_REFUND and refund.status is not RefundStatus.STUCK:
        return Repair.UNCONFIRMED
    answer = deps.channel_of(channel).query_refund(refund_request(dossier, refund))
    if isinstance(answer, Unknown):
        if silent_since is None:
            return Repair.SILENT
        answer = RefundReport(
            refund_no=line.number,
            out_trade_no=refund.out_trade_no,
            state=RefundState.SUCCEEDED,
            amount=Fen(line.amount),
            channel_refund_id=line.reference,
            finished_at=line.settled_at,
            source="bill",
        )
    if not isinstance(answer, RefundReport) or answer.state is not RefundState.SUCCEEDED:
        return Repair.UNCONFIRMED
    if answer.finished_at is None:  # not every channel tells when: the bill's day must have it
        answer = answer._replace(finished_at=line.settled_at)
    try:
        settle_refund(deps, dossier, answer)
    except RefundMismatchError:
        return Repair.UNCONFIRMED
    return Repair.DONE


def _recharge(deps: Deps, biller: Biller | None, line: StatementLine) -> Repair:
    order_id = order_id_in(line.number, "R")
    order = load(deps.store, order_id).order
    if order.kind is OrderKind.WALLET or order.biller is not biller or order.fulfilment_no != line.number:
        return Repair.UNKNOWN_NUMBER
    answer = query(deps, order)
    if not isinstance(answer, FulfilmentReport):
        return Repair.SILENT
    if answer.state.value != line.status.value:
        return Repair.UNCONFIRMED
    settle_recharge(deps, order, replace(answer, fulfilled_at=line.settled_at))
    return Repair.DONE
