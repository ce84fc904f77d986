"""DER, as far as a timestamp needs it: elements by tag, and nothing beyond the end of a file."""

from collections.abc import Iterator
from typing import NamedTuple

SEQUENCE, SET, OID, OCTETS, INTEGER, TIME = 0x30, 0x31, 0x06, 0x04, 0x02, 0x18
LONG = 0x80
MOST_LENGTH_BYTES = 4


class DerError(ValueError):
    """It is no DER of the expected shape."""


class Element(NamedTuple):
    tag: int
    content: bytes
    whole: bytes
    """With tag and length."""

    def children(self) -> list["Element"]:
        return list(elements(self.content))


def elements(content: bytes) -> Iterator[Element]:
    """The elements that stand one after the other. Raises `DerError`."""
    at = 0
    while at < len(content):
        start = at
        header = content[at : at + 2]
        if len(header) < 2:  # noqa: PLR2004 - a tag and a length
            raise DerError("it ends within an element")
        tag, length, at = header[0], header[1], at + 2
        if length & LONG:
            count = length & ~LONG
            if not 1 <= count <= MOST_LENGTH_BYTES:
                raise DerError("an element's length is not DER")
            length, at = int.from_bytes(content[at : at + count], "big"), at + count
        if at + length > len(content):
            raise DerError("it ends within an element")
        yield Element(tag, content[at : at + length], content[start : at + length])
        at += length


def only(content: bytes, tag: int = SEQUENCE) -> Element:
    """The one element that is there."""
    found = list(elements(content))
    if len(found) != 1 or found[0].tag != tag:
        raise DerError(f"there is not one element {tag:#04x}")
    return found[0]


def oid(element: Element) -> str:
    if element.tag != OID or not element.content:
        raise DerError("there is no object identifier")
    numbers, number = [], 0
    for byte in element.content:
        number = number << 7 | byte & 0x7F
        if not byte & LONG:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
