"""Read what a merchant asks of Alipay; refuse what the documents do not allow (ACQ.INVALID_PARAMETER)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulators.alipay.records import Order
from simulators.alipay.rules import business_error
from simulators.protocol import RefusedError
from simulators.texts import CHINA

NUMBER = re.compile(r"[0-9A-Za-z_\-]{1,64}")
AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?")
FORBIDDEN = frozenset("/=&")


def invalid(field: str) -> RefusedError:
    return business_error("INVALID_PARAMETER", f"参数无效: {field}")


def text(content: Mapping[str, Any], field: str, most: int, least: int = 0) -> str:
    """A text of `least` to `most` characters; a missing one is empty."""
    value = content.get(field, "")
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise invalid(field)
    return value


def number(content: Mapping[str, Any], field: str) -> str:
    """A number of the merchant's own, or nothing."""
    value = text(content, field, 64)
    if value and NUMBER.fullmatch(value) is None:
        raise invalid(field)
    return value


def fen(content: Mapping[str, Any], field: str) -> int:
    """Yuan with at most two decimals, from 0.01; a JSON number is read as it is written."""
    value = content.get(field)
    written = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if AMOUNT.fullmatch(written) is None:
        raise invalid(field)
    whole, _, rest = written.partition(".")
    amount = int(whole) * 100 + int(rest.ljust(2, "0"))
    if amount < 1:
        raise invalid(field)
    return amount


def numbers(content: Mapping[str, Any]) -> tuple[str, str]:
    """out_trade_no and trade_no: one of the two names the trade."""
    out_trade_no, trade_no = number(content, "out_trade_no"), number(content, "trade_no")
    if not out_trade_no and not trade_no:
        raise invalid("out_trade_no")
    return out_trade_no, trade_no


def parse_order(content: Mapping[str, Any], method: str, notify_url: str, sub_merchant: str) -> Order:
    """The content of a create or precreate; `sub_merchant` is the only one that may be named."""
    out_trade_no = number(content, "out_trade_no")
    subject = text(content, "subject", 256, 1)
    below = content.get("sub_merchant") or {}
    named = str(below.get("merchant_id", "")) if isinstance(below, dict) else "?"
    if not out_trade_no or FORBIDDEN & set(subject):
        raise invalid("out_trade_no, subject")
    if named not in ("", sub_merchant):
        raise business_error("SECONDARY_MERCHANT_NOT_MATCH", "二级商户不匹配")
    buyer, product = text(content, "buyer_open_id", 128), text(content, "product_code", 64)
    if method == "create" and (product != "JSAPI_PAY" or not buyer or not text(content, "op_app_id", 32)):
        raise invalid("product_code, buyer_open_id, op_app_id")
    return Order(
        method=method,
        out_trade_no=out_trade_no,
        total_fen=fen(content, "total_amount"),
        subject=subject,
        buyer_open_id=buyer,
        op_app_id=text(content, "op_app_id", 32),
        product_code=product,
        sub_merchant=named,
        notify_url=notify_url,
        expires_at=_expiry(content),
    )


def _expiry(content: Mapping[str, Any]) -> int | None:
    value = text(content, "time_expire", 32)
    if not value:
        return None
    try:
        return int(datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp()) * 1000
    except ValueError:
        raise invalid("time_expire") from None
