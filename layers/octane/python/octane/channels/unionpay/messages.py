"""A message is a set of text fields: how it is signed, and how the two wires carry it (ACP 5.1.0).

Requests and notices are forms, percent-encoded once. Answers are the raw `name=value` pairs joined by `&`:
the plus signs and equals signs of their base64 values stand as they are, so an answer is never decoded.
"""

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

Fields = Mapping[str, str]

CHARSET = "UTF-8"
"""The one we ask for, and the one that is signed. A message in another one is not read."""
MOST_FIELDS = 100
MOST_NOTICE_BYTES = 65_536


class MessageUnreadableError(ValueError):
    """Bytes that are no message: not the charset, a field twice, no `=`."""


def signing_message(fields: Fields) -> str:
    """The lower-case hexadecimal SHA-256 over the sorted raw pairs; this text is what RSA signs.

    `signature` and empty fields take no part: an empty field is the same as an absent one.
    """
    pairs = sorted((name, value) for name, value in fields.items() if value and name != "signature")
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return hashlib.sha256(joined.encode()).hexdigest()


def write_form(fields: Fields) -> bytes:
    return urlencode({name: value for name, value in fields.items() if value}).encode()


def read_answer(body: bytes) -> Fields:
    """Split an answer without decoding it; raise `MessageUnreadableError`."""
    pairs = []
    for part in _text(body).split("&"):
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise MessageUnreadableError("no pair")
        pairs.append((name, value))
    return _checked(pairs)


def read_form(body: bytes) -> Fields:
    """Decode a notice exactly once; raise `MessageUnreadableError`."""
    if not body or len(body) > MOST_NOTICE_BYTES or not body.isascii():
        raise MessageUnreadableError("empty, too large, or bytes that a form escapes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding=CHARSET,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise MessageUnreadableError("not a form in UTF-8") from None
    return _checked(pairs)


def _text(body: bytes) -> str:
    try:
        return body.decode(CHARSET)
    except UnicodeDecodeError:
        raise MessageUnreadableError("not UTF-8") from None


def _checked(pairs: Iterable[tuple[str, str]]) -> Fields:
    """A field that comes twice could be read as one thing and verified as another."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if not name or name in fields or len(fields) >= MOST_FIELDS:
            raise MessageUnreadableError("a field twice, unnamed, or too many")
        fields[name] = value
    if fields.get("encoding", CHARSET).upper() != CHARSET:
        raise MessageUnreadableError("another charset")
    return fields
