"""Time as integer epoch milliseconds, always from an injected clock."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import NewType, Protocol

Instant = NewType("Instant", int)
"""Epoch milliseconds."""

SECOND = 1_000
MINUTE = 60 * SECOND
BEIJING = timezone(timedelta(hours=8))


class Clock(Protocol):
    """Where the present comes from; tests move it by hand."""

    def now(self) -> Instant: ...


class SystemClock:
    """The machine's clock; built in the wiring room only."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000)


def later(instant: Instant, milliseconds: int) -> Instant:
    return Instant(instant + milliseconds)


def in_beijing(instant: Instant) -> datetime:
    """The whole second in Beijing, whose days and words the channels use."""
    return datetime.fromtimestamp(instant // SECOND, BEIJING)


def rfc3339(instant: int) -> str:
    """Write an instant as RFC 3339 in UTC: `2026-11-22T08:00:00.000Z`."""
    moment = datetime.fromtimestamp(instant / 1_000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1_000:03d}Z"


def parse_rfc3339(text: str) -> Instant:
    """Read RFC 3339 with an offset, as WeChat Pay writes it: `2018-06-08T10:34:56+08:00`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return Instant(round(moment.timestamp() * 1_000))
