"""Realistic bugs in routing, failover, quotas and wallets."""

from simulation.planting import Mutant, mutant

PAY, PAYMENT = "octane.orders.pay", "octane.orders.payment"
ROUTES, ATTEMPTS, REFUND = "octane.orders.routes", "octane.orders.attempts", "octane.orders.refund"
BALANCES, QUOTA, HEALTH = "octane.ledger.balances", "octane.routing.quota", "octane.routing.health"

CHANNEL_MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "failover_on_unknown",
        "goes on to the next channel when the first did not answer in time",
        (
            f"{PAY}:_start",
            "            raise PaymentUnknownError",
            '            outcome = Refused("UNKNOWN", "")',
        ),
    ),
    mutant(
        "failover_on_not_found",
        "lets a channel go that does not know the trade, while the prepare may be on its way",
        (
            f"{PAYMENT}:release_attempt",
            '    return _close_trade(deps, dossier, attempt, "customer", None)',
            "    said = deps.channel_of(attempt.method.channel).close(attempt.trade)\n"
            "    if said in (CloseResult.CLOSED, CloseResult.NOT_FOUND):\n"
            '        return _end_attempt(deps, dossier, attempt, "customer", None)\n'
            "    raise ChannelSilentError",
        ),
    ),
    mutant(
        "second_refusal_is_proof",
        "ends an attempt when a second call of it is refused, whatever became of the first",
        (
            f"{PAY}:_continue",
            "    if isinstance(outcome, Refused) and outcome.code == NOT_SENT:\n",
            "    if isinstance(outcome, Refused):\n"
            "        ended, now = AttemptStatus.REFUSED, deps.clock.now()\n"
            "        _, writes = end_unpaid(dossier.order, called, ended, now, outcome.code)\n"
            "        deps.store.commit(*writes)\n",
        ),
    ),
    mutant(
        "switched_without_close",
        "opens the other way to pay without closing the first at its channel",
        (
            f"{PAY}:_pay",
            "            dossier = _released(deps, dossier, open_attempt)",
            "            now = deps.clock.now()\n"
            "            ended, writes = end_unpaid(dossier.order, open_attempt, AttemptStatus.CLOSED, now)\n"
            "            deps.store.commit(*writes)\n"
            "            dossier = with_attempt(dossier, ended)",
        ),
    ),
    mutant(
        "decision_apart",
        "stores the decision before the attempt, not with it",
        (
            f"{ROUTES}:reserve_and_commit",
            'writes += (Put(key, {"decision": text}, when=Absent()),)',
            'deps.store.commit(Put(key, {"decision": text}, when=Absent()))',
        ),
    ),
    mutant(
        "quota_apart",
        "reserves the quota before the attempt, not with it",
        (
            f"{ROUTES}:reserve_and_commit",
            "deps.store.commit(*writes, put(stored), *updates)",
            "deps.store.commit(*updates)\n        deps.store.commit(*writes, put(stored))",
        ),
    ),
    mutant(
        "quota_without_condition",
        "takes from a quota what was free when it was read",
        (f"{QUOTA}:_taking", 'AtMost("used", limit - amount)', 'AtLeast("used", 0)'),
    ),
    mutant(
        "quota_kept",
        "forgets to give the quota back when an attempt ends unpaid",
        (f"{ATTEMPTS}:give_back", "if quota and attempt.quota:", "if quota and attempt.quota and now < 0:"),
    ),
    mutant(
        "quota_given_back_twice",
        "gives the quota back with the attempt, and again when the order ends",
        (
            f"{PAYMENT}:_end_attempt",
            "    return with_attempt(dossier, closed, waiting)",
            "    if attempt.quota:\n"
            "        deps.store.commit(*give_back(order, attempt, deps.clock.now())[-1:])\n"
            "    return with_attempt(dossier, closed, waiting)",
        ),
    ),
    mutant(
        "quota_of_money_taken",
        "gives the quota back when the channel took the wrong amount",
        (f"{PAYMENT}:accept_payment", "now, quota=False)", "now)"),
    ),
    mutant(
        "hold_not_voided",
        "leaves the wallet's part set aside when the attempt ends unpaid",
        (
            f"{ATTEMPTS}:give_back",
            "writes = _settle(order, attempt, HoldState.VOIDED)",
            "writes: tuple[Write, ...] = ()",
        ),
    ),
    mutant(
        "hold_not_posted",
        "books the wallet's part and leaves it set aside",
        (f"{PAYMENT}:accept_payment", "writes += spend_held(order, attempt)", "writes += ()"),
    ),
    mutant(
        "wallet_part_forgotten",
        "accepts a late payment although the wallet's part of it was given back",
        (
            f"{PAYMENT}:_why_unexpected",
            "if attempt.wallet and not attempt.is_open:",
            "if attempt.wallet < 0:",
        ),
        (
            f"{ATTEMPTS}:_settle",
            "if not attempt.wallet:",
            "if not attempt.wallet or not attempt.is_open:",
        ),
    ),
    mutant(
        "spent_without_condition",
        "pays from the balance that it read",
        (f"{BALANCES}:spend", 'AtLeast("available", amount)', 'AtLeast("available", 0)'),
    ),
    mutant(
        "refund_all_to_channel",
        "sends all of a combined payment back to the channel",
        (f"{REFUND}:_parts", "outside = min(amount, attempt.paid - returned)", "outside = amount"),
    ),
    mutant(
        "refund_wallet_first",
        "gives the wallet's part back first, so that a balance becomes cash",
        (
            f"{REFUND}:_parts",
            "outside = min(amount, attempt.paid - returned)",
            "outside = min(max(0, amount - attempt.wallet), attempt.paid - returned)",
        ),
    ),
    mutant(
        "wallet_refund_apart",
        "credits the wallet before the refund is booked, not with it",
        (
            f"{REFUND}:_succeed",
            "    deps.store.commit(*writes, change_refund(refund, done), post(entry), *credited)",
            "    deps.store.commit(*credited)\n"
            "    deps.store.commit(*writes, change_refund(refund, done), post(entry))",
        ),
    ),
    mutant(
        "wallet_filled_twice",
        "credits the wallet before the order is done, not with it",
        (
            "octane.orders.recharge:_credit_wallet",
            "    deps.store.commit(*writes, post(entry), credit(account, SHARD, order.amount))",
            "    deps.store.commit(credit(account, SHARD, order.amount))\n"
            "    deps.store.commit(*writes, post(entry))",
        ),
    ),
    mutant(
        "probe_not_single",
        "lets everybody probe a sick channel",
        (f"{HEALTH}:probe_claimed", "when=any_of(over, deserted)", "when=Exists()"),
    ),
)
