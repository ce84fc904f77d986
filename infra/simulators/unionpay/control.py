"""UnionPay's own control commands: the customer's app, voids and refunds, keys, habits."""

from collections.abc import Callable

from simulators.protocol import Json, RefusedError
from simulators.unionpay import views
from simulators.unionpay.authority import unionpay_secret
from simulators.unionpay.operations import Desk
from simulators.unionpay.records import SUCCESS, Trade

REFERENCES = ("tn", "order_id", "query_id")
CODE_LENGTH = 2
HABITS = {"unpaid": ("05", "34"), "files": ("cut", "now")}


def pay(desk: Desk, order: Json) -> Json:
    """The customer pays; `amount_fen` other than the order's and `late` are the faults of PY8."""
    amount, late = order.get("amount_fen"), order.get("late", False)
    unknown = set(order) - {*REFERENCES, "amount_fen", "late"}
    if unknown or not isinstance(late, bool):
        raise ValueError(f"late is true or false; unknown: {sorted(unknown)}")
    if amount is not None and (not isinstance(amount, int) or isinstance(amount, bool) or amount < 1):
        raise ValueError("amount_fen is a whole number from 1")
    return view(desk, desk.trades.pay(_reference(order), amount, late))


def fail(desk: Desk, order: Json) -> Json:
    """The customer's card is refused with `code` (64: not enough on it); the tn can still be paid."""
    return view(desk, desk.trades.fail(_reference(order), _code(order, "64")))


def cancel(desk: Desk, order: Json) -> Json:
    """The customer puts the phone away: nothing changes."""
    trade = desk.trades.look_up(_reference(order))
    if trade is None:
        raise RefusedError(200, "34", "查无此交易")
    return view(desk, trade)


def end_refund(desk: Desk, order: Json) -> Json:
    """End the void or refund `order_id`: `code` 00 is success, another one its failure."""
    return views.back(desk.trades.end_return(str(order["order_id"]), _code(order, SUCCESS)))


def keys(desk: Desk, order: Json) -> Json:
    """What the merchant is given."""
    return unionpay_secret(desk.keys)


def settings(desk: Desk, order: Json) -> Json:
    return {
        "refund_ms": desk.trades.refund_ms,
        "unpaid": desk.habits.unpaid,
        "files": desk.habits.files,
    }


def change_settings(desk: Desk, order: Json) -> Json:
    refund_ms = order.get("refund_ms", desk.trades.refund_ms)
    if set(order) - {"refund_ms", *HABITS} or not isinstance(refund_ms, int) or refund_ms < 0:
        raise ValueError("settings: refund_ms (whole number), unpaid (05, 34), files (cut, now)")
    for name, allowed in HABITS.items():
        if order.get(name, allowed[0]) not in allowed:
            raise ValueError(f"{name}: {' or '.join(allowed)}")
    desk.trades.refund_ms = refund_ms
    desk.habits.unpaid = str(order.get("unpaid", desk.habits.unpaid))
    desk.habits.files = str(order.get("files", desk.habits.files))
    return settings(desk, order)


def view(desk: Desk, trade: Trade) -> Json:
    return {
        **views.payment(trade, desk.trades.is_over(trade)),
        "tn": trade.tn,
        "late": trade.late,
        "captured_fen": trade.paid_fen if trade.paid else 0,
    }


def _reference(order: Json) -> str:
    given = [str(order[name]) for name in REFERENCES if order.get(name)]
    if len(given) != 1:
        raise ValueError(f"name the trade by one of {', '.join(REFERENCES)}")
    return given[0]


def _code(order: Json, default: str) -> str:
    code = str(order.get("code", default))
    if len(code) != CODE_LENGTH or not code.isalnum():
        raise ValueError("code: two letters or digits")
    return code


COMMANDS: dict[str, Callable[[Desk, Json], Json]] = {
    "POST /cashier/pay": pay,
    "POST /cashier/fail": fail,
    "POST /cashier/cancel": cancel,
    "POST /refunds/end": end_refund,
    "GET /keys": keys,
    "GET /settings": settings,
    "POST /settings": change_settings,
}
"""A command raises `RefusedError` when it cannot be done, `ValueError` or `KeyError` when it is badly put."""
