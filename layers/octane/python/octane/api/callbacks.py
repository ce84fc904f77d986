"""The edge of provider callbacks: the raw body to the handler, the provider's own acknowledgement back."""

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from octane.api.doors import HEADERS
from octane.api.telemetry import flush, logger
from octane.kernel.errors import InputError, OctaneError
from octane.store.store import until_settled

MAX_BODY = 65_536
REPEATED = "NOTICE_REPLAYED"
"""Alipay and UnionPay send the same words again until they are acknowledged; WeChat Pay writes new ones."""


class CallbackInvalidError(InputError):
    code = "CALLBACK_INVALID"
    summary = "The callback cannot be read."


class Callback(NamedTuple):
    """Header names are lower-case; the body is as it came over the wire: signatures cover its bytes."""

    headers: dict[str, str]
    body: bytes
    sender: str = ""
    """Who calls, where one address serves several (`{biller}`)."""


Act = Callable[[Callback], None]


def wechat_callback(act: Act, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer as WeChat Pay expects: 200 SUCCESS, or 4xx/5xx FAIL, after which it sends again."""
    error = _attempt(act, event, context)
    if error is None:
        return _answer(200, "application/json", json.dumps({"code": "SUCCESS"}))
    body = {"code": "FAIL", "message": error.code}
    return _answer(error.status, "application/json", json.dumps(body))


def issuer_callback(act: Act, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer as the issuer or a biller expects: `success`, or anything else, after which they send again."""
    error = _attempt(act, event, context)
    if error is None:
        return _answer(200, "text/plain", "success")
    return _answer(error.status, "text/plain", error.code)


def alipay_callback(act: Act, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer as Alipay expects: the word `success` and nothing else, or it sends again."""
    error = _attempt(act, event, context)
    if error is None or error.code == REPEATED:
        return _answer(200, "text/plain", "success")
    return _answer(error.status, "text/plain", "fail")


def unionpay_callback(act: Act, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer as UnionPay expects: HTTP 200, or it sends again."""
    error = _attempt(act, event, context)
    if error is None or error.code == REPEATED:
        return _answer(200, "text/plain", "ok")
    return _answer(error.status, "text/plain", error.code)


def _attempt(act: Act, event: dict[str, Any], context: Any) -> OctaneError | None:
    gateway = event.get("requestContext") or {}
    request_id = gateway.get("requestId") or getattr(context, "aws_request_id", "")
    logger().append_keys(request_id=request_id)
    try:
        callback = _read(event)
        until_settled(lambda: act(callback))
    except OctaneError as error:
        logger().warning("callback refused", extra={"code": error.code})
        return error
    finally:
        flush()
    logger().info("callback accepted")
    return None


def _read(event: dict[str, Any]) -> Callback:
    body = event.get("body") or ""
    if len(body) > MAX_BODY:
        raise CallbackInvalidError
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except ValueError:  # no base64, or half a character: nothing that a provider sends
        raise CallbackInvalidError from None
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    return Callback(headers, raw, (event.get("pathParameters") or {}).get("biller", ""))


def _answer(status: int, media: str, body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": media, **HEADERS}, "body": body}
