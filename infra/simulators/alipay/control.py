"""Alipay's own control commands: the cashier (the customer's phone), refunds, keys, settings."""

from collections.abc import Callable

from simulators.alipay import views
from simulators.alipay.desk import Desk
from simulators.alipay.keys import MODES, alipay_secret
from simulators.protocol import Json, RefusedError

REFERENCES = ("qr_code", "trade_no", "out_trade_no")
SWITCHES = ("cancel_voids_codes", "early_bills")


def pay(desk: Desk, order: Json) -> Json:
    """The customer pays (and scans first, if need be); `amount_fen` and `late` are the faults of PY8."""
    unknown = set(order) - {*REFERENCES, "buyer_open_id", "amount_fen", "late"}
    amount, late = order.get("amount_fen"), order.get("late", False)
    if unknown or not isinstance(late, bool):
        raise ValueError(f"late is true or false; unknown: {sorted(unknown)}")
    if amount is not None and (not isinstance(amount, int) or isinstance(amount, bool) or amount < 1):
        raise ValueError("amount_fen is a whole number from 1")
    buyer = str(order.get("buyer_open_id", ""))
    return views.booked(desk.trades.pay(_reference(order), buyer, amount, late))


def scan(desk: Desk, order: Json) -> Json:
    """The customer scans the code and has not paid yet: now the trade exists."""
    return views.booked(desk.trades.scan(_reference(order), str(order.get("buyer_open_id", ""))))


def put_away(desk: Desk, order: Json) -> Json:
    """The customer puts the phone away: nothing changes, the trade can still be paid."""
    reference = _reference(order)
    trade, code = desk.trades.look_up(reference), desk.trades.look_up_code(reference)
    if trade is None and code is None:
        raise RefusedError(404, "ACQ.TRADE_NOT_EXIST", "交易不存在")
    return (
        views.coded(code)
        if trade is None and code is not None
        else views.booked(desk.trades.trade(reference))
    )


def end_refund(desk: Desk, order: Json) -> Json:
    fail = order.get("status", "SUCCESS") == "FAILED"
    return views.booked_refund(desk.trades.end_refund(str(order["out_request_no"]), fail))


def keys(desk: Desk, order: Json) -> Json:
    """What the merchant is given; `mode=key|certificate`."""
    mode = str(order.get("mode", "certificate"))
    if mode not in MODES:
        raise ValueError(f"mode: {' or '.join(MODES)}")
    return alipay_secret(desk.signer.keys, mode)


def settings(desk: Desk, order: Json) -> Json:
    return {
        "refund_ms": desk.trades.refund_ms,
        "cancel_voids_codes": desk.trades.cancel_voids_codes,
        "early_bills": desk.bills.early,
        "sub_merchant": desk.signer.keys.sub_merchant,
    }


def change_settings(desk: Desk, order: Json) -> Json:
    refund_ms = order.get("refund_ms", desk.trades.refund_ms)
    switches = [order.get(name, False) for name in SWITCHES]
    if set(order) - {"refund_ms", *SWITCHES} or not all(isinstance(switch, bool) for switch in switches):
        raise ValueError(
            "settings: refund_ms (whole number), cancel_voids_codes, early_bills (true or false)"
        )
    if not isinstance(refund_ms, int) or isinstance(refund_ms, bool) or refund_ms < 0:
        raise ValueError("refund_ms is a whole number")
    desk.trades.refund_ms = refund_ms
    desk.trades.cancel_voids_codes = order.get("cancel_voids_codes", desk.trades.cancel_voids_codes)
    desk.bills.early = order.get("early_bills", desk.bills.early)
    return settings(desk, order)


def _reference(order: Json) -> str:
    given = [str(order[name]) for name in REFERENCES if order.get(name)]
    if len(given) != 1:
        raise ValueError(f"name the trade by one of {', '.join(REFERENCES)}")
    return given[0]


COMMANDS: dict[str, Callable[[Desk, Json], Json]] = {
    "POST /cashier/pay": pay,
    "POST /cashier/scan": scan,
    "POST /cashier/cancel": put_away,
    "POST /refunds/end": end_refund,
    "GET /keys": keys,
    "GET /settings": settings,
    "POST /settings": change_settings,
}
"""A command raises `RefusedError` when it cannot be done, `ValueError` or `KeyError` when it is badly put."""
