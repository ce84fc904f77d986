"""Realistic bugs in what an order holds: coupons, stock, bills and plans."""

from simulation.planting import Mutant, mutant

HOLDINGS, PAYMENT, RECHARGE = "octane.orders.holdings", "octane.orders.payment", "octane.orders.recharge"
COUPONS, STOCK, CLAIMS = "octane.coupons.holding", "octane.coupons.stock", "octane.coupons.claims"
BILLS, REFUND = "octane.bills.holding", "octane.orders.refund"

PROMISE_MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "coupon_held_without_condition",
        "reads a coupon's state and does not compare it in the write",
        (
            f"{COUPONS}:hold",
            "when=_HOLDABLE if coupon.returns else _HOLDABLE_ONCE,",
            'when=Missing("never"),',
        ),
    ),
    mutant(
        "coupon_after_its_time",
        "does not look at a coupon's window",
        (f"{COUPONS}:_must_fit", "not coupon.valid_from <= now < coupon.valid_until", "False"),
    ),
    mutant(
        "coupon_not_redeemed",
        "leaves a paid order's coupons held",
        (f"{HOLDINGS}:follow", "            return coupons.redeem(*held)", "            return ()"),
    ),
    mutant(
        "coupon_not_released",
        "forgets the coupons of an order that closes unpaid",
        (f"{HOLDINGS}:follow", "(*coupons.release(*held), *_let_go(new))", "_let_go(new)"),
    ),
    mutant(
        "coupon_lost_with_the_refund",
        "gives the money back and forgets the coupons",
        (f"{HOLDINGS}:follow", "(*coupons.give_back(*held, now), *_let_go(new))", "_let_go(new)"),
    ),
    mutant(
        "coupon_unbooked",
        "books what the customer paid as all that the order is worth",
        (f"{PAYMENT}:_received", "COUPON_EXPENSE: order.discount,", ""),
    ),
    mutant(
        "coupon_paid_out",
        "refunds what the order was worth, the coupons' part too",
        (f"{RECHARGE}:_fail", "        order.captured,\n", "        order.amount,\n"),
    ),
    mutant(
        "stock_without_condition",
        "counts a unit off without looking whether there is one",
        (
            f"{STOCK}:taking",
            'when=all_of(Is("version", campaign.version), AtLeast("left", 1)),',
            'when=Is("version", campaign.version),',
        ),
    ),
    mutant(
        "sold_out_too_early",
        "says sold out at the first empty shard",
        (
            f"{CLAIMS}:Claims._choose",
            "            turn -= units",
            "            return None",
        ),
    ),
    mutant(
        "claimed_twice_by_a_replay",
        "takes another unit for a claim that was sent again",
        (
            f"{CLAIMS}:Claims._try",
            "item, when=Absent(),",
            'item, when=any_of(Absent(), Missing("never")),',
        ),
    ),
    mutant(
        "limit_without_condition",
        "counts an account's claims and does not compare them",
        (
            f"{CLAIMS}:_counted",
            'when=any_of(Missing("claimed"), AtMost("claimed", campaign.offer.per_user_limit - 1)),',
            'when=any_of(Missing("claimed"), AtMost("claimed", 99)),',
        ),
    ),
    mutant(
        "bill_held_by_two",
        "lets a second order pay a bill that is in payment",
        (
            f"{BILLS}:hold",
            'mine = any_of(Absent(), Is("order_id", held.order_id))',
            'mine = Missing("never")',
        ),
    ),
    mutant(
        "bill_held_for_good",
        "keeps the bills of an order that failed",
        (
            f"{HOLDINGS}:follow",
            "(*coupons.give_back(*held, now), *_let_go(new))",
            "coupons.give_back(*held, now)",
        ),
    ),
    mutant(
        "instalments_uncounted",
        "counts one instalment, however many were paid",
        (f"{BILLS}:paid", 'add={"paid": held.instalments},', 'add={"paid": 1},'),
    ),
    mutant(
        "plan_bound_for_good",
        "forgets to unbind the plan of an order that failed",
        (f"{BILLS}:let_go", "    if not held.plan_id:", "    if held.plan_id or not held.plan_id:"),
    ),
)
