"""The form interface: one address, forms both ways, SHA-256 over the sorted fields and the key."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from simulators.billers.desks import SERVICES, Asked, Style, check_time, parse_beijing, read_yuan, same
from simulators.billers.names import OK, PAID, REFUSED, REVOKED, RUNNING
from simulators.protocol import Call, Json, Letter, Now, RefusedError, Reply
from simulators.texts import stamp, yuan

FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
STYLE = Style(
    codes={
        OK: "0",
        "ACCOUNT_UNKNOWN": "E101",
        "ACCOUNT_CLOSED": "E102",
        "BILL_UNKNOWN": "E201",
        "BILL_NOT_OWED": "E202",
        "AMOUNT_NOT_ALLOWED": "E203",
        REVOKED: "E208",
        "BILLER_REFUSED": "E209",
        "ORDER_REUSED": "E210",
        "PAYMENT_UNKNOWN": "E301",
        "NOT_READY": "E401",
        "EMPTY_DAY": "E402",
        "SIGNATURE": "E901",
        "UNREADABLE": "E902",
        "REPLAYED": "E903",
        "SYSTEM": "E999",
    },
    states={RUNNING: "P", PAID: "S", REFUSED: "F"},
    fen=yuan,
    read_fen=read_yuan,
    flag=lambda value: "Y" if value else "N",
    moment=stamp,
)


class FormDesk:
    style = STYLE

    def __init__(self, key: str, now: Now) -> None:
        self._key = key
        self._now = now

    def operation(self, call: Call, path: str) -> str | None:
        service = flat(call).get("service", "")
        return service if path == "/gateway" and service in SERVICES else None

    def fields(self, call: Call) -> Json:
        return nested(flat(call))

    def open(self, call: Call) -> Asked:
        given = flat(call)
        if not same(given.pop("sign", ""), sign(given, self._key)):
            raise RefusedError(401, "SIGNATURE", "the signature is not right")
        try:
            check_time(self._now, parse_beijing(given.get("time", "")))
        except ValueError:
            raise RefusedError(400, "UNREADABLE", "no time") from None
        return Asked(nested(given), given.get("nonce", ""))

    def reply(self, call: Call, code: str, told: Json, *, wrong: bool) -> Reply:
        asked = flat(call)
        lead = {
            "service": asked.get("service", ""),
            "nonce": asked.get("nonce", ""),
            "code": self.style.codes.get(code, code),
        }
        return Reply(200, self._form({**lead, **told}, wrong=wrong), {"Content-Type": FORM_TYPE})

    def letter(self, told: Json, at: int, nonce: str, *, wrong: bool) -> Letter:
        return Letter(
            {"Content-Type": FORM_TYPE},
            self._form({"time": stamp(at), "nonce": nonce, **told}, wrong=wrong),
        )

    def _form(self, told: Json, *, wrong: bool) -> bytes:
        fields = dict(_counted(self.style.written(told)))
        key = f"not {self._key}" if wrong else self._key
        return urlencode({**fields, "sign": sign(fields, key)}).encode()


def sign(fields: Mapping[str, str], key: str) -> str:
    """Upper-case hex of the fields that are not empty, sorted."""
    pairs = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value)
    return sha256(f"{pairs}&key={key}".encode()).hexdigest().upper()


def flat(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))


def _counted(told: Json, lead: str = "") -> Iterator[tuple[str, str]]:
    for name, value in told.items():
        if isinstance(value, list):
            for place, each in enumerate(value, 1):
                yield from _counted(each, f"{lead}{name}.{place}.")
        else:
            yield f"{lead}{name}", str(value)


def nested(given: Mapping[str, str]) -> Json:
    """`bills.1.amount` becomes the first member of a list; merchants send one level only."""
    fields: Json = {}
    for name, value in given.items():
        head, dot, rest = name.partition(".")
        place, _, inner = rest.partition(".")
        if not dot:
            fields[name] = value
        elif place.isdecimal():
            members = fields.setdefault(head, [])
            while len(members) < min(int(place), 100):
                members.append({})
            members[min(int(place), 100) - 1][inner] = value
    return fields
