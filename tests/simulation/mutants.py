"""Realistic bugs, each a small change; `python -m simulation --mutants` shows every one found."""

from simulation.channel_mutants import CHANNEL_MUTANTS
from simulation.planting import mutant
from simulation.promise_mutants import PROMISE_MUTANTS
from simulation.reconcile_mutants import RECONCILE_MUTANTS
from simulation.review_mutants import REVIEW_MUTANTS

ORDERS = "octane.orders"
PAYMENT, RECHARGE, REFUND = f"{ORDERS}.payment", f"{ORDERS}.recharge", f"{ORDERS}.refund"
PAY, DUE, MODEL = f"{ORDERS}.pay", f"{ORDERS}.due", f"{ORDERS}.model"
BALANCES, STORE = "octane.ledger.balances", "octane.store.store"

MUTANTS = (
    mutant(
        "claim_without_condition",
        "drops the claim's condition: a message that comes twice claims again",
        (
            f"{RECHARGE}:start_recharge",
            'all_of(Is("state", OrderState.RECHARGING.value), Is("recharge", RechargeStatus.READY.value))',
            'Is("pk", order_id)',
        ),
    ),
    mutant(
        "queue_outside_transaction",
        "sends to the queue after the commit instead of through the outbox",
        (f"{PAYMENT}:paid_order", "Queue.RECHARGE", "None"),
        (
            f"{PAYMENT}:accept_payment",
            "    return with_attempt(dossier, paid, new)",
            "    if not refusal:\n"
            '        deps.queues.send(Queue.RECHARGE, [{"order_id": order.order_id, "event": "OrderPaid"}])\n'
            "    return with_attempt(dossier, paid, new)",
        ),
    ),
    mutant(
        "issuer_timeout_is_refusal",
        "treats a submit that timed out as failed, and refunds",
        (
            f"{RECHARGE}:_submit",
            "    if isinstance(answer, FulfilmentReport) and",
            "    if isinstance(answer, FulfilmentUnknown):\n"
            "        answer = FulfilmentReport(order.fulfilment_no, FulfilmentState.REFUSED)\n"
            "    if isinstance(answer, FulfilmentReport) and",
        ),
    ),
    mutant(
        "channel_timeout_is_refusal",
        "treats a prepay that timed out as refused",
        (
            f"{PAY}:_prepare",
            "outcome = deps.channel_of(attempt.method.channel).prepare(request)",
            "outcome = deps.channel_of(attempt.method.channel).prepare(request)\n"
            '    outcome = outcome if isinstance(outcome, Prepared) else Refused("TIMEOUT", "")',
        ),
    ),
    mutant(
        "new_issuer_number",
        "submits again under a new order number",
        (
            f"{MODEL}:Order.fulfilment_no",
            'f"{self.order_id}R01"',
            'f"{self.order_id}R{self.checks + 1:02d}"',
        ),
    ),
    mutant(
        "refund_without_proof",
        "takes 'not found' for 'not recharged', and refunds",
        (
            f"{RECHARGE}:settle_recharge",
            "_submit_again(deps, order)",
            "_fail(deps, order, report)",
        ),
    ),
    mutant(
        "any_refusal_is_proof",
        "believes a refusal although an earlier submit may be under way",
        (
            f"{RECHARGE}:_is_proof",
            "return answer.state is not FulfilmentState.REFUSED or order.recharge_clean",
            "return True",
        ),
    ),
    mutant(
        "amount_not_compared",
        "trusts that what was paid is what was asked",
        (f"{PAYMENT}:_why_unexpected", "if proof.amount != attempt.amount:", "if not proof.amount:"),
    ),
    mutant(
        "acknowledge_before_commit",
        "answers the notice well although its transaction was refused",
        (
            f"{PAYMENT}:confirm_payment",
            "    return accept_payment(deps, dossier, proof)",
            "    try:\n"
            "        return accept_payment(deps, dossier, proof)\n"
            "    except Exception:\n"
            "        return dossier",
        ),
    ),
    mutant(
        "relay_forgets",
        "lets the stream go on although the queue refused",
        (
            f"{ORDERS}.dispatch:dispatch",
            "        deps.queues.send(queue, messages)",
            "        try:\n            deps.queues.send(queue, messages)\n"
            "        except Exception:\n            pass",
        ),
    ),
    mutant(
        "sweeper_skips_a_state",
        "settles only orders that wait for a payment",
        (f"{DUE}:_settle_order", "check_recharge(deps, dossier)", "return"),
    ),
    mutant(
        "sweeper_skips_a_shard",
        "counts the shards from one",
        (f"{DUE}:sweep_due", "range(DUE_SHARDS)", "range(1, DUE_SHARDS)"),
    ),
    mutant(
        "sweeper_skips_refunds",
        "looks after refunds that were never sent, not after those under way",
        (f"{DUE}:settle_due", "refund.status in OPEN_REFUND", 'refund.status == "REQUESTED"'),
    ),
    mutant(
        "compare_then_set_refund",
        "checks the sum of refunds on what it read first, and writes against what it reads then",
        (
            f"{REFUND}:grant_refund",
            "            dossier,\n            order,\n",
            "            (fresh := load(deps.store, order_id)),\n"
            "            fresh.order._replace(refunding=order.refunding),\n",
        ),
    ),
    mutant(
        "refund_of_any_payment",
        "refunds the first payment it finds, be it one that was returned already (found by this simulation)",
        (f"{MODEL}:Dossier.paid_attempt", " and attempt.no == self.order.attempt_no", ""),
    ),
    mutant(
        "refusal_ends_a_shared_attempt",
        "ends an attempt on a refusal while another page's prepay is under way (found by this simulation)",
        (
            f"{ORDERS}.records:change_attempt",
            "if new.status in {AttemptStatus.REFUSED, AttemptStatus.CLOSED}:",
            "if not new.status:",
        ),
    ),
    mutant(
        "one_key_two_refunds",
        "does not remember what the staff's key made",
        (
            f"{REFUND}:grant_refund",
            "deps.store.commit(remember(replay, digest, made, now), *writes, record(act))",
            "deps.store.commit(*writes, record(act._replace(act_id=made)))",
        ),
    ),
    mutant(
        "duplicate_notice_books_twice",
        "recognises a duplicate only when it is the same message",
        (
            f"{PAYMENT}:accept_payment",
            "if attempt.status is AttemptStatus.PAID:",
            "if attempt.status is AttemptStatus.PAID and attempt.notice_nonce == proof.nonce:",
        ),
    ),
    mutant(
        "close_without_asking",
        "closes an expired or cancelled order without closing at the channel",
        (
            f"{PAYMENT}:settle_payment",
            "    answer = deps.channel_of(",
            "    if closing:\n        return close_order(deps, dossier, attempt, by, closing)\n"
            "    answer = deps.channel_of(",
        ),
    ),
    mutant(
        "paid_at_close_is_closed",
        "takes the channel's 'paid already' at a close for a success",
        (
            f"{PAYMENT}:_close_trade",
            "case CloseResult.CLOSED:",
            "case CloseResult.CLOSED | CloseResult.PAID:",
        ),
    ),
    mutant(
        "late_success_ignored",
        "drops a payment of an order that is closed",
        (
            f"{PAYMENT}:accept_payment",
            "    order, now = dossier.order, deps.clock.now()",
            "    order, now = dossier.order, deps.clock.now()\n"
            "    if order.state is OrderState.CLOSED:\n        return dossier",
        ),
    ),
    mutant(
        "late_success_revives",
        "lets a late payment bring a closed order back",
        (
            f"{PAYMENT}:_why_unexpected",
            "if order.state is not OrderState.PAYING:",
            "if order.state not in {OrderState.PAYING, OrderState.CLOSED}:",
        ),
    ),
    mutant(
        "lost_answer_is_success",
        "takes a commit whose answer was lost for done",
        (
            f"{STORE}:Store.commit",
            "                lost = True\n                continue",
            "                return",
        ),
    ),
    mutant(
        "version_not_compared",
        "changes an order on the condition of its state alone",
        (
            "octane.orders.records:unchanged",
            'all_of(Is("version", order.version), Is("state", order.state.value))',
            'Is("state", order.state.value)',
        ),
    ),
    mutant(
        "issuer_notice_is_proof",
        "settles on the issuer's notice, whose signature does not cover the outcome",
        (
            f"{RECHARGE}:confirm_recharge",
            "answer = query(deps, order)",
            "answer = notice",
        ),
    ),
    mutant(
        "lease_ignored",
        "ends an attempt that the channel does not know while its prepay is under way",
        (
            f"{PAYMENT}:_end_unknown_trade",
            "if call_under_way(deps, attempt, deps.settings.lease_ms):",
            "if not attempt.started_at:",
        ),
    ),
    mutant(
        "nobody_looks_again",
        "forgets the order's deadline when an attempt ends",
        (f"{PAYMENT}:_end_attempt", "due_at=order.expires_at", "due_at=None"),
    ),
    mutant(
        "accepted_refund_is_done",
        "books a refund as paid when the channel has only taken it",
        (
            f"{REFUND}:settle_refund",
            "case RefundState.SUCCEEDED:",
            "case RefundState.SUCCEEDED | RefundState.PROCESSING:",
        ),
    ),
    mutant(
        "new_refund_number",
        "asks for a refund again under a new number",
        (
            f"{REFUND}:refund_request",
            "refund_no=refund.refund_no,",
            'refund_no=f"{refund.order_id}F{refund.no + 10 * refund.tries:02d}",',
        ),
    ),
    mutant(
        "push_tells_where_from",
        "pushes the state that the order has left",
        ("octane.orders.changes:changes_in", "step.target.value", "(step.source or step.target).value"),
    ),
    mutant(
        "hold_without_condition",
        "sets money aside without looking whether there is enough",
        (f"{BALANCES}:hold", 'when=AtLeast("available", amount)', 'when=AtLeast("held", 0)'),
    ),
    mutant(
        "hold_settled_twice",
        "settles a hold whatever its state is",
        (
            f"{BALANCES}:settle_hold",
            'Is("state", HoldState.HELD.value), Is("amount", amount)',
            'Is("amount", amount)',
        ),
    ),
    *CHANNEL_MUTANTS,
    *RECONCILE_MUTANTS,
    *REVIEW_MUTANTS,
    *PROMISE_MUTANTS,
)
