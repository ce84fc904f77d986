"""What the desks of the three protocols have in common: the words that each writes in its own way."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, Protocol

from simulators.protocol import Call, Json, Letter, Now, RefusedError, Reply
from simulators.texts import CHINA

SKEW_MS = 300_000
AMOUNTS = frozenset({"amount", "owed", "minimum", "late_fee"})
FLAGS = frozenset({"partial"})
MOMENTS = frozenset({"finished_at"})
SERVICES = frozenset({"owed", "pay", "query", "settlement"})


class Style(NamedTuple):
    """How a protocol writes what a biller tells."""

    codes: Mapping[str, str]
    """By the biller's word; a word without a code of its own stands as it is."""
    states: Mapping[str, str]
    fen: Callable[[int], object]
    read_fen: Callable[[object], int]
    """Raises `ValueError`."""
    flag: Callable[[bool], object]
    moment: Callable[[int], str]

    def written(self, told: Json) -> Json:
        """A biller's fields as the protocol has them."""
        return {name: self._value(name, value) for name, value in told.items()}

    def _value(self, name: str, value: object) -> object:
        if isinstance(value, list):
            return [self.written(each) for each in value]
        if name in AMOUNTS:
            return self.fen(int(str(value)))
        if name in FLAGS:
            return self.flag(bool(value))
        if name in MOMENTS:
            return self.moment(int(str(value)))
        if name == "state":
            return self.states[str(value)]
        return self.codes.get(str(value), value) if name in ("refusal", "code") else value


class Asked(NamedTuple):
    """A call that was signed by the merchant."""

    fields: Json
    """As the protocol wrote them."""
    nonce: str


class Desk(Protocol):
    style: Style

    def operation(self, call: Call, path: str) -> str | None:
        """What is asked at an address below the biller's; None where there is none."""
        ...

    def fields(self, call: Call) -> Json:
        """What a call says, before anything of it is believed; raise `ValueError` for what cannot be read."""
        ...

    def open(self, call: Call) -> Asked:
        """Verify and read; raise `RefusedError` SIGNATURE, UNREADABLE."""
        ...

    def reply(self, call: Call, code: str, told: Json, *, wrong: bool) -> Reply:
        """Sign an answer, with a `wrong` key if it is to be."""
        ...

    def letter(self, told: Json, at: int, nonce: str, *, wrong: bool) -> Letter: ...


def read_yuan(value: object) -> int:
    """Exactly two decimals at most; raise `ValueError`."""
    whole, dot, part = str(value).partition(".")
    if not whole.isdecimal() or (dot and not (part.isdecimal() and len(part) <= 2)):  # noqa: PLR2004
        raise ValueError("not yuan")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


def parse_beijing(text: str) -> int:
    """Epoch ms of `2026-11-22 10:00:00`; raise `ValueError`."""
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp()) * 1_000


def mac(key: bytes, message: bytes, *, wrong: bool = False) -> str:
    return hmac.new(b"not " + key if wrong else key, message, sha256).hexdigest()


def same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def check_time(now: Now, at: int) -> None:
    if abs(now() - at) > SKEW_MS:
        raise RefusedError(401, "SIGNATURE", "too old")
