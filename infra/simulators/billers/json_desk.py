"""The JSON interface: an address an operation, whole fen, RFC 3339, signed in headers."""

from simulators import shared_key
from simulators.billers.desks import SERVICES, Asked, Style, mac
from simulators.billers.names import PAID, REFUSED, RUNNING
from simulators.protocol import Call, Json, Letter, Now, RefusedError, Reply, compact, json_reply
from simulators.texts import rfc3339

PREFIX = "biller"
OPERATIONS = {f"/v1/{name}": name for name in SERVICES}
STATUS = {"SIGNATURE": 401, "REPLAYED": 401, "UNREADABLE": 400, "SYSTEM": 500}


def read_fen(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not fen")
    return value


STYLE = Style(
    codes={},
    states={RUNNING: RUNNING, PAID: PAID, REFUSED: REFUSED},
    fen=int,
    read_fen=read_fen,
    flag=bool,
    moment=rfc3339,
)


class JsonDesk:
    style = STYLE

    def __init__(self, key: str, now: Now) -> None:
        self._key = key.encode()
        self._now = now

    def operation(self, call: Call, path: str) -> str | None:
        return OPERATIONS.get(path)

    def fields(self, call: Call) -> Json:
        return call.json()

    def open(self, call: Call) -> Asked:
        shared_key.check(PREFIX, self._key, call, self._now)
        try:
            return Asked(call.json(), call.headers.get(f"{PREFIX}-nonce", ""))
        except ValueError:
            raise RefusedError(400, "UNREADABLE", "not a JSON object") from None

    def reply(self, call: Call, code: str, told: Json, *, wrong: bool) -> Reply:
        answer = json_reply(STATUS.get(code, 200), {"code": code, **self.style.written(told)})
        return shared_key.signed(PREFIX, b"not " + self._key if wrong else self._key, call, answer)

    def letter(self, told: Json, at: int, nonce: str, *, wrong: bool) -> Letter:
        body, stamped = compact(self.style.written(told)), str(at // 1_000)
        signature = mac(self._key, f"{stamped}\n{nonce}\n".encode() + body, wrong=wrong)
        headers = {
            "Content-Type": "application/json",
            "Biller-Timestamp": stamped,
            "Biller-Nonce": nonce,
            "Biller-Signature": signature,
        }
        return Letter(headers, body)
