"""The XML interface: one address, the service in the document's head, HMAC over the document in a header."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.sax.saxutils import escape

from simulators.billers.desks import SERVICES, Asked, Style, check_time, mac, parse_beijing, read_yuan, same
from simulators.billers.names import OK, PAID, REFUSED, REVOKED, RUNNING
from simulators.protocol import Call, Json, Letter, Now, RefusedError, Reply
from simulators.texts import stamp, yuan

XML_TYPE = "application/xml; charset=utf-8"
LISTS = {"bills": "bill", "tiers": "tier"}
STYLE = Style(
    codes={
        OK: "0000",
        "ACCOUNT_UNKNOWN": "1001",
        "ACCOUNT_CLOSED": "1002",
        "BILL_UNKNOWN": "2001",
        "BILL_NOT_OWED": "2002",
        "AMOUNT_NOT_ALLOWED": "2003",
        REVOKED: "2008",
        "BILLER_REFUSED": "2009",
        "ORDER_REUSED": "2010",
        "PAYMENT_UNKNOWN": "3001",
        "NOT_READY": "4001",
        "EMPTY_DAY": "4002",
        "SIGNATURE": "9001",
        "UNREADABLE": "9002",
        "REPLAYED": "9003",
        "SYSTEM": "9999",
    },
    states={RUNNING: "0", PAID: "1", REFUSED: "9"},
    fen=yuan,
    read_fen=read_yuan,
    flag=lambda value: "true" if value else "false",
    moment=stamp,
)


class XmlDesk:
    style = STYLE

    def __init__(self, key: str, now: Now) -> None:
        self._key = key.encode()
        self._now = now

    def operation(self, call: Call, path: str) -> str | None:
        if path != "/service":
            return None
        try:
            service = self._head(call).get("service", "")
        except ValueError:
            return "query"  # whatever it was, it is answered that it cannot be read
        return service if service in SERVICES else None

    def fields(self, call: Call) -> Json:
        body = read(call.body).get("body")
        return body if isinstance(body, dict) else {}

    def open(self, call: Call) -> Asked:
        if not same(call.headers.get("biller-signature", ""), mac(self._key, call.body)):
            raise RefusedError(401, "SIGNATURE", "the signature is not right")
        try:
            head = self._head(call)
            check_time(self._now, parse_beijing(head.get("time", "")))
            return Asked(self.fields(call), head.get("nonce", ""))
        except ValueError:
            raise RefusedError(400, "UNREADABLE", "not such a document") from None

    def reply(self, call: Call, code: str, told: Json, *, wrong: bool) -> Reply:
        try:
            asked = self._head(call)
        except ValueError:
            asked = {}
        head = {
            "service": asked.get("service", ""),
            "time": stamp(self._now()),
            "nonce": asked.get("nonce", ""),
            "code": self.style.codes.get(code, code),
        }
        body = write("response", {"head": head, "body": self.style.written(told)})
        signature = mac(self._key, body, wrong=wrong)
        return Reply(200, body, {"Content-Type": XML_TYPE, "Biller-Signature": signature})

    def letter(self, told: Json, at: int, nonce: str, *, wrong: bool) -> Letter:
        head = {"time": stamp(at), "nonce": nonce}
        body = write("notice", {"head": head, "body": self.style.written(told)})
        signature = mac(self._key, body, wrong=wrong)
        return Letter({"Content-Type": XML_TYPE, "Biller-Signature": signature}, body)

    @staticmethod
    def _head(call: Call) -> dict[str, str]:
        head = read(call.body).get("head")
        if not isinstance(head, dict):
            raise ValueError("no head")
        return head


def write(root: str, fields: Mapping[str, object]) -> bytes:
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


def read(content: bytes) -> Json:
    """A document's fields; raise `ValueError`."""
    if b"<!" in content:
        raise ValueError("no declarations")
    try:
        root = fromstring(content)  # noqa: S314 - it declares nothing
    except ParseError:
        raise ValueError("not XML") from None
    found = _read(root)
    return found if isinstance(found, dict) else {}


def _read(element: Element) -> Json | list[object] | str:
    if element.tag in LISTS:
        return [_read(each) for each in element]
    if len(element):
        return {each.tag: _read(each) for each in element}
    return element.text or ""
