"""What every request is measured against before it is parsed, and what every answer wears (SE4).

Powertools and pydantic judge what a body says; this judges what it costs to read it.
"""

import os
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from octane.kernel.errors import InputError, OctaneError

MAX_BODY = 65_536
"""Bytes; no request of ours is near it."""
MAX_DEPTH = 16
MAX_MEMBERS = 5_000
"""Values and names in one body."""
MAX_TEXT = 8_192
"""Characters of one string."""
MAX_HEADERS = 10_240
"""Bytes of all headers, names included: API Gateway's own limit, here for whatever stands in its place."""
JSON = "application/json"

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
)
"""On every answer. It is JSON for a program: nothing may guess, keep, frame or run it."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # matches from every quote, so the scan is linear
_NO_BRACKET = re.compile(r"[^\[\]{}]+")


class BodyInvalidError(InputError):
    code = "BODY_INVALID"
    summary = "The body is not a JSON object that this call takes."


class BodyTooLargeError(InputError):
    code = "BODY_TOO_LARGE"
    status = 413
    summary = f"The body is over {MAX_BODY} bytes."


class MediaTypeError(InputError):
    code = "MEDIA_TYPE_UNSUPPORTED"
    status = 415
    summary = "Send application/json in UTF-8."


class HeadersTooLargeError(InputError):
    code = "HEADERS_TOO_LARGE"
    summary = f"The headers are over {MAX_HEADERS} bytes."


def refusal_of(event: Mapping[str, Any]) -> OctaneError | None:
    """Why a request is not read at all; None: let it in."""
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    if sum(_size(name) + _size(value) for name, value in headers.items()) > MAX_HEADERS:
        return HeadersTooLargeError()
    body = event.get("body") or ""
    if not body:
        return None
    if _size(body) > MAX_BODY:
        return BodyTooLargeError()
    if event.get("isBase64Encoded"):
        return MediaTypeError()
    media, _, rest = headers.get("content-type", JSON).partition(";")
    if media.strip().lower() != JSON or ("charset" in rest.lower() and "utf-8" not in rest.lower()):
        return MediaTypeError()
    told = _too_much(body)
    return BodyInvalidError(told) if told else None


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _too_much(body: str) -> str:
    """What is over its limit in a body, in words; empty for nothing. Costs one pass, whatever is nested."""
    if max(map(len, _STRING.findall(body)), default=0) > MAX_TEXT + 2:
        return f"A text in the body is over {MAX_TEXT} characters."
    plain = _STRING.sub("", body)
    brackets = _NO_BRACKET.sub("", plain)
    if plain.count(",") + plain.count(":") + len(brackets) > MAX_MEMBERS:
        return f"The body holds over {MAX_MEMBERS} values and names."
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return f"The body is nested over {MAX_DEPTH} levels deep."
    return ""


def dress(event: Mapping[str, Any], answer: dict[str, Any]) -> None:
    """Put on an answer what every answer wears; what the function itself says stays."""
    headers: dict[str, list[str]] = answer.setdefault("multiValueHeaders", {})
    for name, value in HEADERS.items():
        headers.setdefault(name, [value])
    allowed = allowed_origin()
    if not allowed:
        return
    headers["Vary"] = ["Origin"]
    sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if sent.get("origin") == allowed:
        headers["Access-Control-Allow-Origin"] = [allowed]
        headers["Access-Control-Expose-Headers"] = ["ETag, Retry-After"]


@cache
def allowed_origin() -> str:
    """The one web page that a browser lets read our answers; empty: none.

    Tokens travel in a header that a page sets itself, never in cookies, so credentials are never allowed.
    """
    return os.environ.get("OCTANE_ALLOWED_ORIGIN", "")
