"""Recharge the card, or pay the bills (FU1–FU3, OR4, OR5, OR9): at most once per order, never for an unpaid
one, failed only with proof.

`RECHARGING` and its words stand for both: whoever fulfils an order, issuer or biller, is asked in one way
(`octane.orders.fulfilment`).
"""

from octane.billers.names import Biller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import StateError, UnavailableError
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.ledger import topup
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from octane.ledger.entries import Entry, post
from octane.orders.attempts import SHARD
from octane.orders.deps import Deps
from octane.orders.fulfilment import fulfiller_of, query, submit
from octane.orders.model import CONTRADICTED, Dossier, Order, OrderNotFoundError
from octane.orders.payment import next_wait
from octane.orders.records import advance, change, load, order_key, record_of
from octane.orders.refund import open_refund
from octane.orders.states import Event, OrderKind, OrderState, RechargeStatus
from octane.store.writes import ChangedMeanwhileError, Is, Update, all_of

_ASKED = frozenset(
    {RechargeStatus.SUBMITTING, RechargeStatus.UNKNOWN, RechargeStatus.ACCEPTED, RechargeStatus.REFUSED}
)


_OUTCOMES = frozenset({FulfilmentState.SUCCEEDED, FulfilmentState.REFUSED})
_AGREED = {OrderState.SUCCEEDED: FulfilmentState.SUCCEEDED, OrderState.FAILED: FulfilmentState.REFUSED}


class IssuerSilentError(UnavailableError):
    """The issuer or biller announced an outcome and does not confirm it: the notice shall come again."""

    code = "ISSUER_SILENT"


class NotReadyError(StateError):
    """The order is not waiting for a first submit: somebody else has it, or it is further on."""

    code = "RECHARGE_NOT_READY"


def start_recharge(deps: Deps, order_id: str) -> None:
    """Handle an `OrderPaid` message: claim the order, then submit. Two AWS calls and one call outside.

    A duplicate or late message finds nothing to claim and ends here.
    """
    now = deps.clock.now()
    claim = Update(
        order_key(order_id),
        when=all_of(Is("state", OrderState.RECHARGING.value), Is("recharge", RechargeStatus.READY.value)),
        assign={"recharge": RechargeStatus.SUBMITTING.value, "due_at": later(now, deps.settings.lease_ms)},
        add={"version": 1},
        otherwise=NotReadyError(),
    )
    try:
        order = record_of(Order, deps.store.take(claim))
    except NotReadyError:
        return
    _submit(deps, order)


def _submit(deps: Deps, order: Order) -> None:
    """Call the issuer or biller while the claim's lease lasts, which is longer than this process can live."""
    if order.kind is OrderKind.WALLET:
        _credit_wallet(deps, order)
        return
    answer = submit(deps, order)
    if isinstance(answer, FulfilmentReport) and _is_proof(order, answer):
        settle_recharge(deps, order, answer)
    else:
        why = answer.reason if isinstance(answer, FulfilmentUnknown) else answer.code
        deps.signals.count("RechargeUnknown", order_id=order.order_id, why=why)
        is_refusal = isinstance(answer, FulfilmentReport)
        _wait(deps, order, RechargeStatus.REFUSED if is_refusal else RechargeStatus.UNKNOWN)


def _credit_wallet(deps: Deps, order: Order) -> None:
    """Deliver to the customer's own balance: one transaction, so there is nothing to ask about."""
    now, account = deps.clock.now(), wallet(order.user_id)
    done = order._replace(state=OrderState.SUCCEEDED, recharge=RechargeStatus.SUCCEEDED, due_at=None)
    _, writes = advance(order, done, Event.ORDER_SUCCEEDED, at=now, by="worker", because=account)
    entry = topup.wallet_credited(order.order_id, account, order.amount, now)
    deps.store.commit(*writes, post(entry), credit(account, SHARD, order.amount))


def _is_proof(order: Order, answer: FulfilmentReport) -> bool:
    """A refusal of this submit proves nothing about an earlier one that may have reached them."""
    return answer.state is not FulfilmentState.REFUSED or order.recharge_clean


def settle_recharge(deps: Deps, order: Order, report: FulfilmentReport) -> None:
    """Act on what the issuer or biller says of an order: from an answer, a query or a verified notice."""
    if order.state is not OrderState.RECHARGING:
        _settle_late(deps, order, report)
        return
    match report.state:
        case FulfilmentState.SUCCEEDED:
            _succeed(deps, order, report)
        case FulfilmentState.REFUSED:
            _fail(deps, order, report)
        case FulfilmentState.RUNNING:
            _wait(deps, order, RechargeStatus.ACCEPTED, report.reference)
        case FulfilmentState.NOT_FOUND:
            _submit_again(deps, order)


def _succeed(deps: Deps, order: Order, report: FulfilmentReport) -> None:
    entry = _delivered(order, report, deps.clock.now())
    done = order._replace(
        state=OrderState.SUCCEEDED,
        recharge=RechargeStatus.SUCCEEDED,
        due_at=None,
        issuer_reference=report.reference or order.issuer_reference,
    )
    by, at, proof = fulfiller_of(order).actor, entry.booked_at, entry.proof
    _, writes = advance(order, done, Event.ORDER_SUCCEEDED, at=at, by=by, because=proof)
    deps.store.commit(*writes, post(entry))


def _delivered(order: Order, report: FulfilmentReport, now: Instant) -> Entry:
    fulfiller, proof = fulfiller_of(order), f"{report.source}:{report.reference}"
    return topup.recharge_succeeded(
        order.order_id,
        fulfiller.payable,
        order.amount,
        now,
        proof,
        fulfiller.party,
        report.fulfilled_at,
    )


def _fail(deps: Deps, order: Order, report: FulfilmentReport) -> None:
    """A definite no: FAILED, the error-ledger entry and the refund move together.

    It speaks of the order as it was when they were asked: moved since, somebody may be submitting again.
    """
    dossier, now = load(deps.store, order.order_id), deps.clock.now()
    if dossier.order.version != order.version:
        raise ChangedMeanwhileError
    deps.signals.count("RechargeRefused", order_id=order.order_id, why=report.code)
    by = fulfiller_of(order).actor
    failed = order._replace(
        state=OrderState.FAILED,
        recharge=RechargeStatus.REFUSED,
        due_at=None,
        reason=f"{by.upper()}_{report.code or 'REFUSED'}",
    )
    _, writes = open_refund(
        dossier,
        failed,
        dossier.paid_attempt,
        order.captured,
        failed.reason,
        now,
        event=Event.ORDER_FAILED,
        by=by,
    )
    deps.store.commit(*writes)


def _wait(deps: Deps, order: Order, status: RechargeStatus, reference: str = "") -> None:
    """Remember how far it is, and when to ask. A running recharge that takes too long is an alarm (OR4).

    A submit accepted at once is asked about when its lease ends, as the claim said: the index stays
    untouched. Accepted without a number of theirs, it is known by ours: that they have accepted it is never
    forgotten.
    """
    now = deps.clock.now()
    accepted = status is RechargeStatus.ACCEPTED
    began = order.recharging_at or now
    if now - began >= deps.settings.recharge_alert_ms:
        deps.signals.count("RechargeOverdue", order_id=order.order_id)
    accepted_at_once = accepted and order.recharge is RechargeStatus.SUBMITTING
    wait = next_wait(deps.settings.recharge_query_ms, order.checks - 1)
    waiting = order._replace(
        version=order.version + 1,
        recharge=status,
        checks=order.checks + 1,
        due_at=order.due_at if accepted_at_once else later(now, wait),
        recharge_clean=order.recharge_clean and status is not RechargeStatus.UNKNOWN,
        issuer_reference=reference or order.issuer_reference or (order.fulfilment_no if accepted else ""),
    )
    deps.store.commit(change(order, waiting))


def _submit_again(deps: Deps, order: Order) -> None:
    """They do not know the number, and every process that may have sent it is gone: send it once more.

    Their books may be late: that they know nothing is proof of nothing (the port). A refusal becomes a proof
    when they have refused the number before and still know nothing of it a query later; never when they had
    accepted the number and only seem to have forgotten it. The claim is the version.
    """
    now = deps.clock.now()
    claimed = order._replace(
        version=order.version + 1,
        recharge=RechargeStatus.SUBMITTING,
        recharge_clean=order.recharge is RechargeStatus.REFUSED and not order.issuer_reference,
        checks=order.checks + 1,
        due_at=later(now, deps.settings.lease_ms),
    )
    deps.store.commit(change(order, claimed))
    _submit(deps, claimed)


def check_recharge(deps: Deps, dossier: Dossier) -> None:
    """A recharging order is due: its message was lost, its process died, or the outcome is not known."""
    order = dossier.order
    if order.recharge is RechargeStatus.READY:
        start_recharge(deps, order.order_id)
        return
    if order.kind is OrderKind.WALLET:
        _credit_wallet(deps, order)
        return
    if order.recharge not in _ASKED:
        return
    answer = query(deps, order)
    if isinstance(answer, FulfilmentReport):
        settle_recharge(deps, order, answer)
    else:
        _wait(deps, order, order.recharge)


def confirm_recharge(
    deps: Deps, order_id: str, notice: FulfilmentReport, biller: Biller | None = None
) -> None:
    """Handle a notice of the issuer, or of `biller`: two AWS calls and one outside; a duplicate needs one AWS
    call.

    An issuer's signature does not cover the outcome (protocols §6), so a notice only says that there is news:
    they are asked, and their answer is the proof. While they do not tell, the notice is refused and comes
    again. Raises `OrderNotFoundError` for another's order.
    """
    order = load(deps.store, order_id).order
    if order.fulfilment_no != notice.order_no or order.biller is not biller:
        raise OrderNotFoundError
    if _AGREED.get(order.state) is notice.state:
        return
    answer = query(deps, order)
    if not isinstance(answer, FulfilmentReport) or answer.state not in _OUTCOMES:
        raise IssuerSilentError
    settle_recharge(deps, order, answer)


def _settle_late(deps: Deps, order: Order, report: FulfilmentReport) -> None:
    """A report about an order that is not recharging: a duplicate, or they contradict themselves."""
    said = report.state
    if said not in _OUTCOMES or _AGREED.get(order.state) is said:
        return
    now = deps.clock.now()
    deps.signals.count("IssuerContradicted", order_id=order.order_id, said=said.value)
    if order.issuer_reference.startswith(CONTRADICTED):
        return
    _record_contradiction(deps, order, report, now)


def _record_contradiction(deps: Deps, order: Order, report: FulfilmentReport, now: Instant) -> None:
    """Record it once; a delivery after a refusal is booked as our loss, and a person recovers it."""
    by = fulfiller_of(order).actor
    marked = order._replace(issuer_reference=f"{CONTRADICTED}{report.reference or order.issuer_reference}")
    _, writes = advance(order, marked, Event.ISSUER_CONTRADICTED, at=now, by=by, because=report.state.value)
    entries: list[Entry] = []
    if report.state is FulfilmentState.SUCCEEDED:
        entries.append(topup.recharge_contradicted(_delivered(order, report, now)))
    deps.store.commit(*writes, *(post(entry) for entry in entries))
