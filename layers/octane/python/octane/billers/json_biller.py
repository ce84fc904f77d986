"""The billers' JSON interface: electricity and parking (infra/docs/billers.md).

Calls are signed both ways as octane.wire.signed_calls has it, with a nonce. A letter is signed over its
timestamp, its nonce and its body. Amounts are whole fen, moments RFC 3339.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus

from octane.billers import codes
from octane.billers.dialect import NOTICE_LIMIT, Line, Operation, Told, Words, check_fresh
from octane.billers.port import BillerNoticeRefusedError
from octane.kernel.clock import SECOND, Instant, parse_rfc3339
from octane.kernel.fulfilment import FulfilmentState
from octane.kernel.money import MAX_FEN, Fen
from octane.wire.signed_calls import SignedCalls

PREFIX = "biller"
MOST_DIGITS = 12


def whole_fen(value: object) -> Fen:
    """A whole number, never negative; raise `ValueError`: `true` is none, nor is `1.0`."""
    if type(value) is not int or not 0 <= value <= MAX_FEN:
        raise ValueError
    return Fen(value)


def true_or_false(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def rfc3339(value: object) -> Instant:
    if not isinstance(value, str):
        raise ValueError
    return parse_rfc3339(value)


WORDS = Words(
    ok="OK",
    codes={word: word for word in (*codes.PAYMENT, codes.PAYMENT_UNKNOWN, codes.NOT_READY, codes.EMPTY_DAY)},
    states={
        "RUNNING": FulfilmentState.RUNNING,
        "PAID": FulfilmentState.SUCCEEDED,
        "REFUSED": FulfilmentState.REFUSED,
    },
    fen=whole_fen,
    write_fen=int,
    moment=rfc3339,
    flag=true_or_false,
)


class JsonDialect:
    """Implements `octane.billers.dialect.Dialect`."""

    words = WORDS

    def __init__(self, line: Line) -> None:
        config = line.config
        self._key = config.key.encode()
        self._path = config.path
        self._line = line
        self._calls = SignedCalls(
            PREFIX,
            config.key,
            config.base_url,
            config.timeout_s,
            line.transport,
            line.clock,
            nonces=line.nonces,
        )

    def ask(self, operation: Operation, fields: Told) -> Told | str:
        """POST, so that no account number stands in an address."""
        body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        calls = replace(self._calls, timeout_s=self._line.timeout_s(operation))
        answer = calls.call("POST", f"{self._path}/v1/{operation.value}", body)
        if isinstance(answer, str):
            return answer
        if answer.status != HTTPStatus.OK:
            return f"HTTP_{answer.status}"
        return _object(answer.body) or "ANSWER_UNREADABLE"

    def read_letter(self, body: bytes, headers: Mapping[str, str]) -> Told:
        stamp, nonce, given = (
            headers.get(f"{PREFIX}-{name}", "") for name in ("timestamp", "nonce", "signature")
        )
        right = hmac.new(self._key, f"{stamp}\n{nonce}\n".encode() + body, sha256).hexdigest()
        if len(body) > NOTICE_LIMIT or not hmac.compare_digest(right.encode(), given.encode()):
            raise BillerNoticeRefusedError
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= MOST_DIGITS):
            raise BillerNoticeRefusedError
        check_fresh(self._line.clock.now(), Instant(int(stamp) * SECOND))
        return _object(body)


def _object(body: bytes) -> dict[str, object]:
    """A JSON object, empty for anything else. No number is read as a float."""
    try:
        found = json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
