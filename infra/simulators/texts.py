"""Numbers and instants as the wires write them."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

CHINA = timezone(timedelta(hours=8))
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz" + DIGITS
HEX = "0123456789abcdef"


def pick(random: Random, letters: str, length: int) -> str:
    return "".join(random.choices(letters, k=length))


def moment(at: int) -> datetime:
    """Epoch ms as China standard time, exactly."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(CHINA)


def rfc3339(at: int) -> str:
    """Epoch ms as `2026-01-02T03:04:05+08:00`."""
    return moment(at).isoformat(timespec="seconds")


def parse_rfc3339(text: str) -> int:
    """Epoch ms; raises `ValueError` for another format or a missing offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no offset")
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def yuan(fen: int) -> str:
    """`12.30` for 1230 fen; fen may be negative."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"
