"""Realistic bugs in reviews, freezes and erasure: ends that come twice, too early, too late, or halfway."""

from simulation.planting import Mutant, mutant

HOLD, PAYMENT, DUE = "octane.orders.review", "octane.orders.payment", "octane.orders.due"
DECIDING, WAITING = "octane.reviews.deciding", "octane.reviews.waiting"

PAY, ERASING = "octane.orders.pay", "octane.rights.erasing"

REVIEW_MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "large_is_delivered",
        "delivers a large order as soon as it is paid",
        (f"{PAYMENT}:paid_order", "    if order.review:", "    if False:"),
    ),
    mutant(
        "review_apart",
        "ends the review first and moves the order's money after it",
        (
            f"{DECIDING}:decide",
            "        deps.store.commit(*writes, record(",
            "        deps.store.commit(writes[-1])\n        deps.store.commit(*writes[:-1], record(",
        ),
    ),
    mutant(
        "one_person_is_two",
        "lets one person approve a huge order twice",
        (f"{DECIDING}:_must_be_another", "    if caller.user_id in review.approved_by:", "    if False:"),
        (
            f"{DECIDING}:_decided",
            "if len(approved.approved_by) < review.needed:",
            "if len(approved.approved_by) < review.needed and False:",
        ),
    ),
    mutant(
        "one_reviewer_is_enough",
        "asks for one reviewer, whatever the amount",
        (f"{HOLD}:hold", "needed = 2 if", "needed = 1 if"),
    ),
    mutant(
        "own_review",
        "lets staff approve the order that they placed",
        (f"{DECIDING}:_must_be_another", "in {review.account_id, review.placed_by, review.paid_by}", "in ()"),
    ),
    mutant(
        "approved_after_its_time",
        "does not look at the deadline when somebody approves",
        (f"{DECIDING}:_must_wait", "    if now >= review.expires_at:", "    if False:"),
    ),
    mutant(
        "face_forgotten",
        "lets reviewers have an order whose customer has shown no face",
        (f"{DECIDING}:claim", "if review.state is ReviewState.FACE or (taken and", "if (taken and"),
    ),
    mutant(
        "expires_without_return",
        "ends the review at its deadline and leaves the money where it is",
        (
            f"{DUE}:_settle_order",
            "            deps.store.commit(*expire(dossier, now))",
            "            deps.store.commit(*expire(dossier, now)[-2:])",
        ),
    ),
    mutant(
        "expires_too_early",
        "takes the machine's word for the time",
        (f"{WAITING}:_ended", "if order.due_at is None or now < order.due_at:", "if order.due_at is None:"),
    ),
    mutant(
        "held_for_good",
        "lets an order go without taking its money out of the hold",
        (
            f"{HOLD}:release",
            "return (*writes, post(topup.review_released(order.order_id, order.amount, now, because)))",
            "return writes",
        ),
    ),
    mutant(
        "listed_for_ever",
        "leaves an ended review in the list",
        (f"{HOLD}:expire", 'remove=("open_shard", "token")', 'remove=("token",)'),
    ),
    mutant(
        "freeze_stops_no_payment",
        "looks at a freeze when an order is placed, and not when it is paid",
        (f"{PAY}:_open_attempt", "*not_frozen(caller.user_id, order.user_id), ", "*(), "),
    ),
    mutant(
        "frozen_is_read_before",
        "looks at a freeze before the order's transaction, not in it",
        ("octane.risk.counting:_count_person", 'Missing("frozen_at")', 'Missing("never")'),
    ),
    mutant(
        "erased_while_open",
        "takes a card's number out of an order that is still under way",
        (
            f"{ERASING}:_orders_forgotten",
            "            settled = False\n            continue\n",
            "            settled = False\n",
        ),
    ),
    mutant(
        "erased_in_part",
        "forgets who paid and keeps the card",
        (
            f"{ERASING}:_forget",
            'if place.sk == "#ORDER" and fields:',
            'if place.sk == "#ORDER" and not fields:',
        ),
    ),
)
