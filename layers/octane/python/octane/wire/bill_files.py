"""What all bill files have in common below their rows: how they are got, and opened within bounds."""

import gzip
import hashlib
import io
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from octane.kernel.clock import BEIJING, MINUTE, Instant, later
from octane.kernel.statement import BillNotReady, BillUnknown, BillUnreadableError
from octane.wire.http import Response, Transport, WireError

MOST_BYTES = 1 << 30
"""Of one file, unpacked. It is read line by line, so its size costs time and no memory."""
MOST_LINE = 1 << 14
BUFFER = 1 << 18
DOWNLOAD_SECONDS = 25.0
"""The addresses that channels give are good for 30 seconds."""
FINAL_MS = 34 * 60 * MINUTE
"""From a day's first moment to 10:00 of the next: by then the channels have made its bill."""
GZIP = b"\x1f\x8b"
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError),
    *(RuntimeError, NotImplementedError),
)
"""Whatever the readers of zip and gzip raise for damaged, encrypted or hostile archives."""

Opener = Callable[[], io.BufferedIOBase]


def midnight(day: date) -> Instant:
    """A day's first moment in Beijing."""
    return Instant(round(datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()) * 1_000)


def absent(day: date, now: Instant, final_ms: int = FINAL_MS) -> BillNotReady:
    """What "there is no such bill" means where one word stands for "not made yet" and for "nothing moved"."""
    return BillNotReady.EMPTY_DAY if now >= later(midnight(day), final_ms) else BillNotReady.NOT_READY


def is_as_safe(url: str, base_url: str) -> bool:
    """A bill travels as its address did: never in the clear unless that did (a simulator's)."""
    parts = urlsplit(url)
    return bool(parts.netloc) and parts.scheme in {"https", urlsplit(base_url).scheme}


def get(transport: Transport, url: str) -> bytes | BillUnknown:
    """Get a file whose address is its own permission."""
    try:
        response = transport.send("GET", url, {"user-agent": "octane/1"}, None, DOWNLOAD_SECONDS)
    except WireError as error:
        return BillUnknown(f"NO_BILL {error}")
    return body_of(response)


def body_of(response: Response) -> bytes | BillUnknown:
    return (
        response.body if response.status == HTTPStatus.OK else BillUnknown(f"NO_BILL HTTP_{response.status}")
    )


def plain_or_gzip(content: bytes) -> Opener:
    """Tell by its first bytes whether a file is packed; raise `BillUnreadableError` for what is no file."""
    check_present(content)
    if content.startswith(b"<"):
        raise BillUnreadableError("NOT_AN_ARCHIVE", "a page")
    if content.startswith(GZIP):
        return lambda: gzip.GzipFile(fileobj=io.BytesIO(content))
    return lambda: io.BytesIO(content)


def member_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opener:
    return lambda: cast("io.BufferedIOBase", archive.open(member))


def check_present(content: bytes) -> None:
    if not content:
        raise BillUnreadableError("TRUNCATED", "no byte at all")


def lines_of(opener: Opener, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Read a file line by line, without their ends (LF or CRLF); raise `BillUnreadableError`.

    Each reading opens the file anew.
    """
    number, left = 0, most
    with _opened(opener) as stream:
        while line := stream.readline(MOST_LINE):
            number += 1
            left -= len(line)
            if left < 0 or len(line) == MOST_LINE:
                raise BillUnreadableError("TOO_LARGE", line=number, column=1)
            yield line.removesuffix(b"\n").removesuffix(b"\r")


def tail_of(opener: Opener, most: int) -> list[tuple[int, bytes]]:
    """A file's last lines with their numbers, from 1: `most` at most, without the empty ones at its end."""
    tail = deque(enumerate(lines_of(opener), 1), most)
    while tail and not tail[-1][1]:
        tail.pop()
    return list(tail)


def check_digest(opener: Opener, algorithm: str, expected: str, most: int = MOST_BYTES) -> None:
    """Compare with the file's digest in hexadecimal; raise `BillUnreadableError`."""
    digest, left = hashlib.new(algorithm, usedforsecurity=False), most
    with _opened(opener) as stream:
        while chunk := stream.read(BUFFER):
            left -= len(chunk)
            if left < 0:
                raise BillUnreadableError("TOO_LARGE")
            digest.update(chunk)
    if digest.hexdigest() != expected.lower():
        raise BillUnreadableError("DIGEST")


@contextmanager
def _opened(opener: Opener) -> "Iterator[io.BufferedReader[io.BufferedIOBase]]":
    try:
        with opener() as raw, io.BufferedReader(raw, BUFFER) as stream:
            yield stream
    except BillUnreadableError:
        raise
    except EOFError:
        raise BillUnreadableError("TRUNCATED", "the archive ends too early") from None
    except DAMAGE:
        raise BillUnreadableError("NOT_AN_ARCHIVE") from None
