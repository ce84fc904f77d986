"""Cut an answer of the gateway into its signed content and its signature, byte for byte.

Alipay signs the text of `<method>_response` as it wrote it, so that text is found by reading the JSON
object's outline: nothing is parsed and written again. One key twice, or anything after the object, makes the
whole answer unreadable: two readers could see two things in it.
"""

import json
import re
from dataclasses import dataclass

SPACE = re.compile(r"[ \t\r\n]*")
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
OUTSIDE_STRINGS = re.compile(r'[^"{}\[\]]+')
SCALAR = re.compile(r"[^\s,{}\[\]\":]+")
ERROR_RESPONSE = "error_response"
OPENS, CLOSES = "{[", "}]"


class EnvelopeError(ValueError):
    """Not an answer of the gateway; the text is never repeated in the message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    content: str
    """The signed object, as Alipay wrote it."""
    signature: str
    """Empty when the answer carries none."""
    certificate_sn: str
    """Which certificate the signature belongs to; empty in key mode."""


def open_envelope(text: str, method: str) -> Envelope:
    """Find the answer to `method`, or the gateway's error in its place; raise `EnvelopeError`."""
    parts = outline(text)
    name = method.replace(".", "_") + "_response"
    if (name in parts) == (ERROR_RESPONSE in parts):
        raise EnvelopeError("no answer to this method, or two")
    content = parts[name if name in parts else ERROR_RESPONSE]
    if not content.startswith("{"):
        raise EnvelopeError("the answer is no object")
    return Envelope(content, _text(parts, "sign"), _text(parts, "alipay_cert_sn"))


def outline(text: str) -> dict[str, str]:
    """Return each member of a JSON object as it is written; raise `EnvelopeError`."""
    parts: dict[str, str] = {}
    at = _expect(text, 0, "{")
    if text[at : at + 1] == "}":
        return _finish(text, at, parts)
    while True:
        name, at = _string(text, at)
        at = _expect(text, at, ":")
        end = _value_end(text, at)
        if name in parts:
            raise EnvelopeError("one key twice")
        parts[name] = text[at:end]
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return _finish(text, at, parts)
        at = _expect(text, at, ",")


def _finish(text: str, at: int, parts: dict[str, str]) -> dict[str, str]:
    if _skip(text, at + 1) != len(text):
        raise EnvelopeError("more after the object")
    return parts


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, mark: str) -> int:
    """Step over `mark` and the space around it."""
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise EnvelopeError("not an object")
    return _skip(text, at + 1)


def _string(text: str, at: int) -> tuple[str, int]:
    found = STRING.match(text, at)
    if found is None:
        raise EnvelopeError("no name")
    try:
        name: str = json.loads(found[0])
    except ValueError:
        raise EnvelopeError("no name") from None
    return name, found.end()


def _value_end(text: str, at: int) -> int:
    """Return where the value that starts at `at` ends: brackets inside strings do not count."""
    first = text[at : at + 1]
    if first == '"':
        return _string(text, at)[1]
    if not first or first not in OPENS:
        scalar = SCALAR.match(text, at)
        if scalar is None:
            raise EnvelopeError("no value")
        return scalar.end()
    depth = 0
    while at < len(text):
        mark = text[at]
        if mark == '"':
            string = STRING.match(text, at)
            if string is None:
                raise EnvelopeError("an open string")
            at = string.end()
            continue
        if mark in OPENS:
            depth += 1
        elif mark in CLOSES:
            depth -= 1
            if depth == 0:
                return at + 1
        between = OUTSIDE_STRINGS.match(text, at)
        at = between.end() if between else at + 1
    raise EnvelopeError("an open object")


def _text(parts: dict[str, str], name: str) -> str:
    if name not in parts:
        return ""
    try:
        value = json.loads(parts[name])
    except ValueError:
        raise EnvelopeError(name) from None
    if not isinstance(value, str):
        raise EnvelopeError(name)
    return value
