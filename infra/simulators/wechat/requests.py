"""Read what a merchant asks of WeChat Pay v3; refuse what the documents do not allow (PARAM_ERROR, 400)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from simulators.protocol import Json, RefusedError
from simulators.texts import parse_rfc3339
from simulators.wechat.records import Owner, Prepay, RefundOrder

TRADE_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
MOST_FEN = 100_000_000_00


def parameter_error(field: str, issue: str) -> RefusedError:
    detail = {"field": field, "issue": issue, "location": "body"}
    return RefusedError(400, "PARAM_ERROR", f"参数错误: {field}: {issue}", detail)


def text(content: Mapping[str, Any], field: str, most: int, least: int = 1) -> str:
    """A text of `least` to `most` characters; a missing one is empty, and refused when `least` is above 0."""
    value = content.get(field, "")
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise parameter_error(field, f"a text of {least} to {most} characters")
    return value


def part(content: Mapping[str, Any], field: str) -> Json:
    value = content.get(field)
    if not isinstance(value, dict):
        raise parameter_error(field, "an object")
    return value


def fen(content: Mapping[str, Any], field: str) -> int:
    value = content.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_FEN:
        raise parameter_error(f"amount.{field}", "a whole number of fen from 1")
    return value


def notify_url(content: Mapping[str, Any], least: int) -> str:
    """A callback address: at most 255 characters, http(s), no query."""
    url = text(content, "notify_url", 255, least)
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or "?" in url):
        raise parameter_error("notify_url", "an http(s) address without a query")
    return url


def parse_prepay(content: Json, kind: str, partner: bool) -> Prepay:
    """The body of a prepay; `kind` is JSAPI or NATIVE."""
    prefix = "sp_" if partner else ""
    amount = part(content, "amount")
    if amount.get("currency", "CNY") != "CNY":
        raise parameter_error("amount.currency", "CNY")
    out_trade_no = text(content, "out_trade_no", 32, 6)
    if TRADE_NUMBER.fullmatch(out_trade_no) is None:
        raise parameter_error("out_trade_no", "digits, letters and _-|*")
    sub_appid = text(content, "sub_appid", 32, 0) if partner else ""
    openid, sub_openid = _payer(content, partner, sub_appid) if kind == "JSAPI" else ("", "")
    return Prepay(
        kind=kind,
        appid=text(content, f"{prefix}appid", 32),
        mchid=text(content, f"{prefix}mchid", 32),
        sub_appid=sub_appid,
        sub_mchid=text(content, "sub_mchid", 32) if partner else "",
        out_trade_no=out_trade_no,
        description=text(content, "description", 127),
        attach=text(content, "attach", 128, 0),
        total_fen=fen(amount, "total"),
        notify_url=notify_url(content, 1),
        openid=openid,
        sub_openid=sub_openid,
        expires_at=_expiry(content),
    )


def parse_refund(content: Json, mchid: str) -> RefundOrder:
    """The body of a refund request, direct or (with sub_mchid) partner."""
    amount = part(content, "amount")
    if amount.get("currency") != "CNY":
        raise parameter_error("amount.currency", "CNY")
    out_refund_no = text(content, "out_refund_no", 64)
    if REFUND_NUMBER.fullmatch(out_refund_no) is None:
        raise parameter_error("out_refund_no", "digits, letters and _-|*@")
    out_trade_no = text(content, "out_trade_no", 32, 0)
    transaction_id = text(content, "transaction_id", 32, 0)
    if not out_trade_no and not transaction_id:
        raise parameter_error("transaction_id", "transaction_id or out_trade_no")
    refund_fen, total_fen = fen(amount, "refund"), fen(amount, "total")
    if refund_fen > total_fen:
        raise parameter_error("amount.refund", "at most amount.total")
    owner: Owner = (mchid, text(content, "sub_mchid", 32, 0))
    return RefundOrder(
        owner=owner,
        out_refund_no=out_refund_no,
        out_trade_no=out_trade_no,
        transaction_id=transaction_id,
        refund_fen=refund_fen,
        total_fen=total_fen,
        reason=text(content, "reason", 80, 0),
        notify_url=notify_url(content, 0),
    )


def _payer(content: Json, partner: bool, sub_appid: str) -> tuple[str, str]:
    payer = part(content, "payer")
    if not partner:
        return text(payer, "openid", 128), ""
    openid, sub_openid = text(payer, "sp_openid", 128, 0), text(payer, "sub_openid", 128, 0)
    if not openid and not sub_openid:
        raise parameter_error("payer", "sp_openid or sub_openid")
    if sub_openid and not sub_appid:
        raise parameter_error("sub_appid", "required with sub_openid")
    return openid, sub_openid


def _expiry(content: Json) -> int | None:
    value = text(content, "time_expire", 64, 0)
    if not value:
        return None
    try:
        return parse_rfc3339(value)
    except ValueError as wrong:
        raise parameter_error("time_expire", "RFC 3339 with an offset") from wrong
