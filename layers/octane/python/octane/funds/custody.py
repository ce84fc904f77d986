"""The custody bank over HTTP, in an interface of ours: instructions and statements, signed both ways.

HMAC-SHA256 by a shared key over method, path with query, timestamp (epoch seconds) and body; the answer's
over the request's signature, the status and the body, so that no answer fits another question. The words are
in infra/docs/custody-statement.md.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from http import HTTPStatus

from octane.channels.port import Refused, Unknown
from octane.funds.model import BankAccount
from octane.funds.port import Accepted, Order
from octane.kernel.clock import SECOND, Clock
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown
from octane.wire.http import Response, Transport, WireError

INSTRUCTIONS, STATEMENTS = "/custody/v1/instructions", "/custody/v1/statements"
TAKEN = frozenset({"ACCEPTED", "DONE"})


@dataclass(frozen=True, slots=True)
class CustodyConfig:
    key: str = field(repr=False)
    base_url: str
    timeout_s: float = 10.0


class HttpCustodyBank:
    """Implements `octane.funds.port.CustodyBank`."""

    def __init__(self, config: CustodyConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._transport = transport
        self._clock = clock

    def instruct(self, order: Order) -> Accepted | Refused | Unknown:
        """POST an instruction. REFUSED only by the bank's signed word for this very number."""
        fields = {
            "number": order.number,
            "debit": order.debit.value,
            "credit": order.credit.value if order.credit else "",
            "amount_fen": order.amount,
            "remark": order.remark,
        }
        answer = self._call("POST", INSTRUCTIONS, json.dumps(fields, ensure_ascii=False).encode())
        if isinstance(answer, str):
            return Unknown(answer)
        told = _object(answer)
        if answer.status != HTTPStatus.OK or told.get("number") != order.number:
            return Unknown(f"HTTP_{answer.status} {_word(told, 'code')}")
        if told.get("amount_fen") != order.amount:
            return Unknown("ANSWER_FOREIGN")
        state = _word(told, "state")
        if state in TAKEN:
            return Accepted.ACCEPTED
        return Refused(_word(told, "code"), "") if state == "REFUSED" else Unknown("ANSWER_UNREADABLE")

    def fetch(self, account: BankAccount, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """GET a statement."""
        answer = self._call("GET", f"{STATEMENTS}?account={account}&day={day.isoformat()}", b"")
        if isinstance(answer, str):
            return BillUnknown(answer)
        if answer.status == HTTPStatus.OK:
            return BillOriginal(f"custody-{account.lower()}-{day.isoformat()}.csv", answer.body)
        code = _word(_object(answer), "code")
        return BillNotReady.NOT_READY if code == "NOT_READY" else BillUnknown(f"HTTP_{answer.status} {code}")

    def _call(self, method: str, target: str, body: bytes) -> Response | str:
        """Return a verified answer, or why there is none."""
        stamp = str(self._clock.now() // SECOND)
        asked = self._sign(f"{method}\n{target}\n{stamp}\n".encode() + body)
        headers = {"custody-timestamp": stamp, "custody-signature": asked, "content-type": "application/json"}
        url = self._config.base_url.rstrip("/") + target
        try:
            answer = self._transport.send(method, url, headers, body or None, self._config.timeout_s)
        except WireError as error:
            return f"{type(error).__name__} {error}"
        right = self._sign(f"{asked}\n{answer.status}\n".encode() + answer.body)
        if not hmac.compare_digest(right.encode(), answer.headers.get("custody-signature", "").encode()):
            return "SIGNATURE"
        return answer

    def _sign(self, message: bytes) -> str:
        return hmac.new(self._config.key.encode(), message, sha256).hexdigest()


def _object(answer: Response) -> Mapping[str, object]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _word(told: Mapping[str, object], name: str) -> str:
    word = told.get(name)
    return word if isinstance(word, str) else ""
