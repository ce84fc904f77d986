"""XML as the billers' interface uses it: elements and text, in bounds, and nothing else.

No declaration of types, no entities of one's own, no comments, no processing instructions, no attributes:
with any of them a document is refused before it is read further, so neither expansion nor a foreign file is
possible.
"""

from collections.abc import Mapping
from typing import Final
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

MOST_BYTES = 1 << 18
MOST_DEPTH = 7
"""response, body, bills, bill, tiers, tier, amount."""
MOST_ELEMENTS = 8_000
LISTS: Final = {"bills": "bill", "tiers": "tier"}
"""Elements that hold a list, and what each of its members is called."""


class XmlRefusedError(ValueError):
    """A document that is not of this form."""


def write_document(root: str, fields: Mapping[str, object]) -> bytes:
    """A document of fields: text, mappings, and the lists of `LISTS`."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root}>{_written(fields)}</{root}>'.encode()


def _written(fields: Mapping[str, object]) -> str:
    return "".join(f"<{name}>{_content(name, value)}</{name}>" for name, value in fields.items())


def _content(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return _written(value)
    if isinstance(value, list):
        member = LISTS[name]
        return "".join(f"<{member}>{_written(each)}</{member}>" for each in value)
    return escape(str(value))


def read_document(root: str, content: bytes) -> dict[str, object]:
    """Read a document into fields; raise `XmlRefusedError`. No element stands twice but a list's members."""
    if len(content) > MOST_BYTES:
        raise XmlRefusedError("too large")
    reading = _Reading(root)
    parser = ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.data
    for handler in (
        *("StartDoctypeDeclHandler", "EntityDeclHandler", "UnparsedEntityDeclHandler", "ElementDeclHandler"),
        *("AttlistDeclHandler", "NotationDeclHandler", "ExternalEntityRefHandler", "SkippedEntityHandler"),
        *("CommentHandler", "ProcessingInstructionHandler", "StartCdataSectionHandler"),
    ):
        setattr(parser, handler, _refuse)
    try:
        content.decode()  # a byte order mark would outweigh the parser's own encoding
        parser.Parse(content, True)
    except (ExpatError, UnicodeDecodeError):
        raise XmlRefusedError("not well-formed") from None
    return reading.fields


def _refuse(*_: object) -> None:
    raise XmlRefusedError("markup that is not an element")


class _Reading:
    """The elements that are open, from the root on."""

    def __init__(self, root: str) -> None:
        self.fields: dict[str, object] = {}
        self._root = root
        self._open: list[tuple[str, dict[str, object] | list[object], list[str]]] = []
        self._elements = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if attributes or len(self._open) >= MOST_DEPTH or self._elements > MOST_ELEMENTS:
            raise XmlRefusedError("too much")
        if not self._open and name != self._root:
            raise XmlRefusedError("another document")
        holder: dict[str, object] | list[object] = [] if name in LISTS else {}
        self._open.append((name, holder, []))

    def data(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _: str) -> None:
        name, holder, texts = self._open.pop()
        text = "".join(texts)
        if (holder or name in LISTS) and text.strip():
            raise XmlRefusedError("text between elements")
        if not self._open:
            self.fields = holder if isinstance(holder, dict) else {}
            return
        value = holder if holder or name in LISTS else text
        outer_name, outer, _texts = self._open[-1]
        if isinstance(outer, list):
            if LISTS[outer_name] != name:
                raise XmlRefusedError("another member")
            outer.append(value)
        elif name in outer:
            raise XmlRefusedError("an element twice")
        else:
            outer[name] = value
