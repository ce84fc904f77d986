"""Who fulfils an order (FU1, FU2): the issuer of its card, or the biller whose bills it pays. One path for
both: what is asked and what the answers mean is the same, only the words differ."""

from typing import NamedTuple

from octane.issuers.port import RechargeRequest
from octane.kernel.clock import SECOND
from octane.kernel.errors import UnavailableError
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentUnknown
from octane.kernel.vault import Field, open_text
from octane.ledger.accounts import biller_payable, issuer_payable
from octane.orders.deps import Deps
from octane.orders.model import Actor, Order

TIME_ODD = "TIME_ODD"
SKEW_MS = 300 * SECOND
"""So far our clocks may be apart."""


class Fulfiller(NamedTuple):
    """How books and steps name them."""

    actor: Actor
    payable: str
    """The account of what we owe them."""
    party: str
    """The card or account as their bill shows it: `*` and its last four characters."""


def fulfiller_of(order: Order) -> Fulfiller:
    """Raises `OrderStateError` for an order that nobody outside fulfils."""
    if order.biller is not None:
        return Fulfiller("biller", biller_payable(order.biller), f"*{order.account_masked[-4:]}")
    card = (order.card_masked or order.card_number)[-4:]
    return Fulfiller("issuer", issuer_payable(order.card_issuer), f"*{card}")


def submit(deps: Deps, order: Order) -> FulfilmentReport | FulfilmentUnknown:
    """Ask them for it: one call, under the order's one number. A biller that is not connected (any more) is
    silent like any other: the order waits, and rings."""
    vault, owner = deps.vault, order.user_id
    if order.biller is not None:
        from octane.billers.port import BillPayment  # noqa: PLC0415  loads what only bills need

        account_no = open_text(vault, Field.BILL_ACCOUNT, owner, order.account_no)
        payment = BillPayment(order.fulfilment_no, account_no, order.bill_parts)
        try:
            return _in_its_time(order, deps.biller_of(order.biller).pay(payment))
        except UnavailableError as error:
            return FulfilmentUnknown(error.code)
    return deps.issuer.submit(
        RechargeRequest(
            order_no=order.fulfilment_no,
            issuer=order.card_issuer,
            card_number=open_text(vault, Field.CARD_NUMBER, owner, order.card_number),
            amount=order.amount,
            holder_phone=open_text(vault, Field.PHONE, owner, order.holder_phone),
            holder_name=open_text(vault, Field.REAL_NAME, owner, order.holder_name),
        )
    )


def query(deps: Deps, order: Order) -> FulfilmentReport | FulfilmentUnknown:
    """Ask them what became of it: one call."""
    if order.biller is None:
        return deps.issuer.query(order.fulfilment_no)
    try:
        biller = deps.biller_of(order.biller)
        answer = biller.query(order.fulfilment_no, order.amount, order.account_masked)
    except UnavailableError as error:
        return FulfilmentUnknown(error.code)
    return _in_its_time(order, answer)


def _in_its_time(
    order: Order, answer: FulfilmentReport | FulfilmentUnknown
) -> FulfilmentReport | FulfilmentUnknown:
    """What was fulfilled before the order was placed belongs to no day that is still to be closed."""
    told_at = answer.fulfilled_at if isinstance(answer, FulfilmentReport) else None
    return answer if told_at is None or told_at >= order.placed_at - SKEW_MS else FulfilmentUnknown(TIME_ODD)
