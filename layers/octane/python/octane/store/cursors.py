"""Where a listing goes on, as a word that a client sends back."""

import base64
import binascii
from collections.abc import Mapping

import orjson

from octane.kernel.errors import InputError
from octane.store.items import Index


class CursorInvalidError(InputError):
    code = "CURSOR_INVALID"
    summary = "The cursor is not one that a listing returned."


def write_cursor(cursor: Mapping[str, str | int] | None) -> str | None:
    """A page's cursor for the client; None at the end."""
    return base64.urlsafe_b64encode(orjson.dumps(dict(cursor))).decode() if cursor else None


def read_cursor(
    text: str | None, partition: str, index: Index | None = None, *, first: str = "", last: str = ""
) -> dict[str, str] | None:
    """Read a cursor back; one of another partition's listing, outside its bounds (of the sort key, both
    inclusive, none when empty), or made by hand, is refused."""
    if not text:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(text.encode()))
    except (binascii.Error, ValueError):
        raise CursorInvalidError from None
    names = {"pk", "sk"} | ({index.partition, index.sort} if index else set())
    if not isinstance(found, dict) or set(found) != names:
        raise CursorInvalidError
    if not all(value and isinstance(value, str) for value in found.values()):
        raise CursorInvalidError
    if found[index.partition if index else "pk"] != partition:
        raise CursorInvalidError
    sort = found[index.sort if index else "sk"]
    if sort < first or (last and sort > last):
        raise CursorInvalidError
    return found
