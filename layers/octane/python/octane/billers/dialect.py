"""What a biller's protocol has to say for itself, so that all are read the same way (GW7, FU2).

A dialect carries a question and brings its answer: as fields, whose signature verified. Its words say how the
protocol writes amounts, moments and states, and which of its codes mean what.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple, Protocol

from octane.billers.config import BillerConfig
from octane.billers.port import BillerNoticeRefusedError
from octane.kernel.clock import Clock, Instant, in_beijing
from octane.kernel.fulfilment import FulfilmentState
from octane.kernel.ids import Nonces
from octane.kernel.money import Fen
from octane.wire.bill_rows import fen_of, moment_of
from octane.wire.http import Response, Transport, WireError

Told = Mapping[str, object]
"""An answer's fields: text or numbers, and lists of such mappings."""
NOTICE_LIMIT = 8_192
"""Bytes."""
SKEW_MS = 300_000
"""How far a letter's time may be from ours."""


class Operation(StrEnum):
    """What is asked, as all wires have it."""

    OWED = "owed"
    PAY = "pay"
    QUERY = "query"
    SETTLEMENT = "settlement"


class Words(NamedTuple):
    """How a protocol writes what all of them tell. Every reading raises `ValueError`."""

    ok: str
    codes: Mapping[str, str]
    """Its codes, in the words of `octane.billers.codes`; a code that is not listed is no word at all."""
    states: Mapping[str, FulfilmentState]
    fen: Callable[[object], Fen]
    write_fen: Callable[[Fen], int | str]
    moment: Callable[[object], Instant]
    flag: Callable[[object], bool]


class Dialect(Protocol):
    """One protocol, spoken with one biller."""

    words: Words

    def ask(self, operation: Operation, fields: Told) -> Told | str:
        """Make one call; return the verified answer's fields, or why there are none: the call may have taken
        effect."""
        ...

    def read_letter(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """Verify a notice and return its fields; raise `BillerNoticeRefusedError`."""
        ...


class Line(NamedTuple):
    """What a dialect is made with."""

    config: BillerConfig
    transport: Transport
    clock: Clock
    nonces: Nonces

    def timeout_s(self, operation: Operation) -> float:
        config = self.config
        return config.owed_timeout_s if operation is Operation.OWED else config.timeout_s


def lead_of(line: Line, operation: Operation) -> dict[str, str]:
    """What a question of one address begins with: what is asked, when, and what its answer repeats."""
    time = f"{in_beijing(line.clock.now()):%Y-%m-%d %H:%M:%S}"
    return {"service": operation.value, "time": time, "nonce": line.nonces.token()}


def is_answer(lead: Told, told: Told) -> bool:
    """Whether it is this question's."""
    return all(told.get(name) == lead[name] for name in ("service", "nonce"))


def post(
    line: Line, operation: Operation, path: str, headers: Mapping[str, str], body: bytes
) -> Response | str:
    """Make the call at a path of the biller's; return why there is no answer to read."""
    config = line.config
    url = f"{config.base_url.rstrip('/')}{config.path}{path}"
    try:
        answer = line.transport.send("POST", url, headers, body, line.timeout_s(operation))
    except WireError as error:
        return f"{type(error).__name__} {error}"
    return answer if answer.status == HTTPStatus.OK else f"HTTP_{answer.status}"


def check_fresh(now: Instant, at: Instant) -> None:
    """Raise `BillerNoticeRefusedError` for a letter of another time."""
    if abs(now - at) > SKEW_MS:
        raise BillerNoticeRefusedError


def yuan(value: object) -> Fen:
    """Read `12.30`, never negative; raise `ValueError`, for part of a fen too."""
    amount = fen_of(value) if isinstance(value, str) else -1
    if amount < 0:
        raise ValueError
    return Fen(amount)


def beijing(value: object) -> Instant:
    """Read `2026-11-22 10:00:00`, Beijing; raise `ValueError`."""
    if not isinstance(value, str):
        raise ValueError
    return moment_of(value)
