"""A notice's form, read strictly: each name once, one charset, the raw bytes kept for the signature."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from octane.channels.port import NoticeUnreadableError

MEDIA_TYPE = "application/x-www-form-urlencoded"
NAME = re.compile(rb"[A-Za-z0-9_.\-]{1,64}")
ESCAPES = re.compile(rb"(?:[^%]|%[0-9A-Fa-f]{2})*", re.DOTALL)
HEADER_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_\-]+)")
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gbk", "gb2312": "gbk"}
MOST_BYTES = 65_536
MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Form:
    raw: Mapping[str, bytes]
    """Values as bytes, in the notice's own charset."""
    fields: Mapping[str, str]


def read_form(headers: Mapping[str, str], body: bytes) -> Form:
    """Read a form POST; raise `NoticeUnreadableError`. Header names are lower-case.

    The charset is the form's own `charset` field, UTF-8 without one; a Content-Type that says another, or a
    value that is not in it, makes the notice unreadable.
    """
    content_type = headers.get("content-type", "")
    if not content_type.lower().startswith(MEDIA_TYPE) or len(body) > MOST_BYTES:
        raise NoticeUnreadableError
    raw = _pairs(body)
    charset = CHARSETS.get(raw.get("charset", b"utf-8").decode("latin-1").lower())
    told = HEADER_CHARSET.search(content_type.lower())
    if charset is None or (told is not None and CHARSETS.get(told[1]) != charset):
        raise NoticeUnreadableError
    try:
        return Form(raw, {name: value.decode(charset) for name, value in raw.items()})
    except UnicodeDecodeError:
        raise NoticeUnreadableError from None


def _pairs(body: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    parts = body.split(b"&")
    if len(parts) > MOST_FIELDS:
        raise NoticeUnreadableError
    for part in parts:
        name, equals, value = part.partition(b"=")
        if not equals or NAME.fullmatch(name) is None or ESCAPES.fullmatch(value) is None:
            raise NoticeUnreadableError
        text = name.decode()
        if text in found:
            raise NoticeUnreadableError
        found[text] = unquote_to_bytes(value.replace(b"+", b" "))
    return found
