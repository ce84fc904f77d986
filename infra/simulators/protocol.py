"""What a simulated company is, whoever carries its messages.

The HTTP shell drives a `Company` over sockets in real time; a deterministic world may drive the very same
object in process with a virtual clock: `subject` -> `rules.take` -> `handle` -> `take_notices` -> `letter`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from simulators.misbehaviour import Faults, Rules

JSON_TYPE = "application/json; charset=utf-8"
Json = dict[str, Any]
Now = Callable[[], int]
"""Epoch milliseconds."""


class RefusedError(Exception):
    """A definite no, as the wire says it: HTTP status, error code, message, and details if any."""

    def __init__(self, status: int, code: str, message: str, detail: Json | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came: signatures cover the raw target and the raw body, so both stay as they are."""

    method: str
    target: str
    """Raw path and query, still percent-encoded."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def json(self) -> Json:
        """The body as a JSON object; raises `ValueError` for anything else. No number is read as a float."""
        content = json.loads(self.body, parse_float=str)
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
        return content


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: the operation, and every number by which a misbehave rule may name it."""

    operation: str
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a company owes its merchant word of. `content` is the plain text, signed per delivery."""

    number: int
    operation: str
    event: str
    keys: frozenset[str]
    url: str
    created_at: int
    content: Json


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery of a notice, signed: the same notice delivered twice makes two different letters."""

    headers: Mapping[str, str]
    body: bytes


class Company(Protocol):
    name: str
    operations: frozenset[str]
    """What a misbehave rule may name."""
    rules: Rules
    retry_ms: tuple[int, ...]
    """Waits between deliveries of one notice that is not accepted, unscaled."""

    def subject(self, call: Call) -> Subject | None:
        """None when the company has no such address."""
        ...

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply: ...

    def settle(self) -> int | None:
        """Do what has fallen due by now; answer when the next thing falls due (epoch ms), or None."""
        ...

    def take_notices(self) -> list[Notice]: ...

    def letter(self, notice: Notice, faults: Faults) -> Letter: ...

    def accepted(self, status: int, body: bytes) -> bool:
        """Whether the merchant's answer to a letter ends its delivery."""
        ...

    def command(self, name: str, order: Json) -> Json | None:
        """A control-plane command of this company alone, `POST /cashier/pay`; None when it has none such."""
        ...

    def books(self) -> Json: ...

    def reset(self) -> None: ...


class Quiet:
    """The part of a company that sends no notices and leaves nothing to fall due."""

    retry_ms: tuple[int, ...] = ()

    def settle(self) -> int | None:
        return None

    def take_notices(self) -> list[Notice]:
        return []

    def letter(self, notice: Notice, faults: Faults) -> Letter:
        raise NotImplementedError("this company sends no notices")

    def accepted(self, status: int, body: bytes) -> bool:
        return False


def json_reply(status: int, content: Json | list[Any]) -> Reply:
    return Reply(status, compact(content), {"Content-Type": JSON_TYPE})


def compact(content: Json | list[Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
