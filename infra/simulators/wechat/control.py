"""WeChat's own control commands: the cashier (the customer's phone), refunds, certificates, signing mode."""

from collections.abc import Callable

from simulators.keys import wechat_secret
from simulators.protocol import Json, RefusedError
from simulators.wechat import views
from simulators.wechat.desk import Desk
from simulators.wechat.records import RefundStatus
from simulators.wechat.signer import Mode

REFERENCES = ("prepay_id", "code_url", "out_trade_no", "transaction_id")


def pay(desk: Desk, order: Json) -> Json:
    """The customer pays; `amount_fen` other than the order's and `late` are the faults of PY8."""
    unknown = set(order) - {*REFERENCES, "openid", "amount_fen", "late"}
    amount, late = order.get("amount_fen"), order.get("late", False)
    if unknown or not isinstance(late, bool):
        raise ValueError(f"late is true or false; unknown: {sorted(unknown)}")
    if amount is not None and (not isinstance(amount, int) or isinstance(amount, bool) or amount < 1):
        raise ValueError("amount_fen is a whole number from 1")
    return views.transaction(desk.trades.pay(_reference(order), str(order.get("openid", "")), amount, late))


def cancel(desk: Desk, order: Json) -> Json:
    """The customer puts the phone away: nothing changes, the trade can still be paid."""
    trade = desk.trades.look_up(_reference(order))
    if trade is None:
        raise RefusedError(404, "ORDER_NOT_EXIST", "订单不存在")
    return views.transaction(trade)


def end_refund(desk: Desk, order: Json) -> Json:
    status = RefundStatus(order.get("status", "SUCCESS"))
    if status is RefundStatus.PROCESSING:
        raise ValueError("a refund ends in SUCCESS, CLOSED or ABNORMAL")
    return views.refund(desk.trades.end_refund(str(order["out_refund_no"]), status))


def end_face(desk: Desk, order: Json) -> Json:
    """The customer before the camera: `result` pass, fail, abandon, or begin (and be not done yet)."""
    return desk.faces.end(str(order["verify_id"]), str(order.get("result", "pass")))


def forget_person(desk: Desk, order: Json) -> Json:
    """From now on the authority has no picture of this identity number's owner."""
    desk.faces.unknown.add(str(order["cert_no"]))
    return {"unknown": sorted(desk.faces.unknown)}


def messages(desk: Desk, order: Json) -> Json:
    """The subscribe messages that arrived, `?openid=` at one phone."""
    openid = order.get("openid")
    return {"messages": [one for one in desk.subscribed.sent if openid in (None, one["openid"])]}


def allow_messages(desk: Desk, order: Json) -> Json:
    """The customer's answer to wx.requestSubscribeMessage: `times` messages more; 0 refuses."""
    return desk.subscribed.allow(str(order["openid"]), order["times"])


def withdraw_template(desk: Desk, order: Json) -> Json:
    desk.subscribed.withdrawn.add(str(order["template_id"]))
    return {"withdrawn": sorted(desk.subscribed.withdrawn)}


def rotate(desk: Desk, order: Json) -> Json:
    """Publish one more platform certificate and sign with it from now on."""
    return {"serial_no": desk.signer.rotate()}


def keys(desk: Desk, order: Json) -> Json:
    """What the merchant is given; `mode=partner`, `verifier=certificate|public_key|both`."""
    verifier = str(order.get("verifier", "both"))
    if verifier not in ("certificate", "public_key", "both"):
        raise ValueError("verifier: certificate, public_key or both")
    return wechat_secret(desk.signer.keys, order.get("mode") == "partner", verifier)


def _reference(order: Json) -> str:
    given = [str(order[name]) for name in REFERENCES if order.get(name)]
    if len(given) != 1:
        raise ValueError(f"name the trade by one of {', '.join(REFERENCES)}")
    return given[0].removeprefix("prepay_id=")


def settings(desk: Desk, order: Json) -> Json:
    return {
        "refund_ms": desk.trades.refund_ms,
        "signing": str(desk.signer.mode),
        "early_bills": desk.bills.early,
    }


def change_settings(desk: Desk, order: Json) -> Json:
    refund_ms, early = (
        order.get("refund_ms", desk.trades.refund_ms),
        order.get("early_bills", desk.bills.early),
    )
    unknown = set(order) - {"refund_ms", "signing", "early_bills"}
    if unknown or not isinstance(refund_ms, int) or refund_ms < 0 or not isinstance(early, bool):
        raise ValueError(
            "settings: refund_ms (whole number), signing (certificate, public_key, mixed), early_bills"
        )
    desk.signer.mode = Mode(order.get("signing", desk.signer.mode))
    desk.trades.refund_ms, desk.bills.early = refund_ms, early
    return settings(desk, order)


COMMANDS: dict[str, Callable[[Desk, Json], Json]] = {
    "POST /cashier/pay": pay,
    "POST /cashier/cancel": cancel,
    "POST /refunds/end": end_refund,
    "POST /faces/end": end_face,
    "POST /faces/unknown": forget_person,
    "GET /messages": messages,
    "POST /messages/allow": allow_messages,
    "POST /messages/templates/withdraw": withdraw_template,
    "POST /certificates/rotate": rotate,
    "GET /keys": keys,
    "GET /settings": settings,
    "POST /settings": change_settings,
}
"""A command raises `RefusedError` when it cannot be done, `ValueError` or `KeyError` when it is badly put."""
