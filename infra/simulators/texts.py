"""Numbers and instants as the wires write them."""

from datetime import UTC, date, datetime, timedelta, timezone
from random import Random

CHINA = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz" + DIGITS
HEX = "0123456789abcdef"


def pick(random: Random, letters: str, length: int) -> str:
    return "".join(random.choices(letters, k=length))


def moment(at: int) -> datetime:
    """Epoch ms as China standard time, exactly."""
    return (EPOCH + timedelta(milliseconds=at)).astimezone(CHINA)


def midnight(day: date) -> int:
    """Epoch ms at which a day begins in Beijing."""
    return (datetime(day.year, day.month, day.day, tzinfo=CHINA) - EPOCH) // timedelta(milliseconds=1)


def stamp(at: int) -> str:
    """Epoch ms as `2026-01-02 03:04:05`, Beijing."""
    return f"{moment(at):%Y-%m-%d %H:%M:%S}"


def rfc3339(at: int) -> str:
    """Epoch ms as `2026-01-02T03:04:05+08:00`."""
    return moment(at).isoformat(timespec="seconds")


def parse_rfc3339(text: str) -> int:
    """Epoch ms; raises `ValueError` for another format or a missing offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no offset")
    return (instant - EPOCH) // timedelta(milliseconds=1)


def yuan(fen: int) -> str:
    """`12.30` for 1230 fen; fen may be negative."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"
