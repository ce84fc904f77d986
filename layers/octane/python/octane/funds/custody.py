"""The custody bank over HTTP, in an interface of ours: instructions and statements, signed both ways.

How they are signed: octane.wire.signed_calls. The words are in infra/docs/custody-statement.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus

from octane.channels.port import Refused, Unknown
from octane.funds.model import BankAccount
from octane.funds.port import Accepted, Order
from octane.kernel.clock import Clock
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown
from octane.wire.http import Response, Transport
from octane.wire.signed_calls import SignedCalls

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
        self._calls = SignedCalls("custody", config.key, config.base_url, config.timeout_s, transport, clock)

    def instruct(self, order: Order) -> Accepted | Refused | Unknown:
        """POST an instruction. REFUSED only by the bank's signed word for this very number."""
        fields = {
            "number": order.number,
            "debit": order.debit.value,
            "credit": order.credit.value if order.credit else "",
            "amount_fen": order.amount,
            "remark": order.remark,
        }
        answer = self._calls.call("POST", INSTRUCTIONS, json.dumps(fields, ensure_ascii=False).encode())
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
        answer = self._calls.call("GET", f"{STATEMENTS}?account={account}&day={day.isoformat()}")
        if isinstance(answer, str):
            return BillUnknown(answer)
        if answer.status == HTTPStatus.OK:
            return BillOriginal(f"custody-{account.lower()}-{day.isoformat()}.csv", answer.body)
        code = _word(_object(answer), "code")
        return BillNotReady.NOT_READY if code == "NOT_READY" else BillUnknown(f"HTTP_{answer.status} {code}")


def _object(answer: Response) -> Mapping[str, object]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _word(told: Mapping[str, object], name: str) -> str:
    word = told.get(name)
    return word if isinstance(word, str) else ""
