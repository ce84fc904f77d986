"""HTTP out: one call, bounded in time and size, never redirected and never retried.

WireError
├── NotSentError     proof that nothing left: no connection, no such host, untrusted peer, circuit open
└── NoAnswerError    the request may have taken effect: time-out, reset, truncated or oversized answer

No message carries a URL's query, a header or a body: providers put secrets there.
"""

import ssl
from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError, SSLError

from octane.kernel.clock import Clock, Instant, later
from octane.wire.breaker import Breaker

CONNECT_SECONDS = 3.0
RESPONSE_LIMIT = 1 << 20
"""Bytes; every provider answer that we read is far smaller."""
CHUNK = 1 << 16
IDLE_MS = 15_000
"""A kept connection idle for longer is dropped: a frozen function wakes with its peers gone, and a request
written to a dead connection has an unknown outcome that a new connection would not have."""
SERVER_ERROR = 500
KEPT_WAITING_MS = 1_000
"""A failed call that took so long was a time-out; a broken connection costs nobody's time."""


class WireError(Exception):
    """A call that brought no answer."""


class NotSentError(WireError):
    """Proof that the request never left this process."""


class NoAnswerError(WireError):
    """The request may or may not have reached the other side."""


class Response(NamedTuple):
    """An answer as it arrived: header names in lower case, the body byte for byte (signatures need it so)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        """Make one call within `timeout_s` seconds; raise `NotSentError` or `NoAnswerError`."""
        ...


class HttpTransport:
    """The real transport. The connection pool is built on the first call."""

    def __init__(
        self, clock: Clock, breaker: Breaker | None = None, response_limit: int = RESPONSE_LIMIT
    ) -> None:
        self._clock = clock
        self._breaker = breaker or Breaker(clock)
        self._response_limit = response_limit
        self._connections: urllib3.PoolManager | None = None
        self._last_used = Instant(0)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        host = urlsplit(url).netloc
        if not self._breaker.allows(host):
            raise NotSentError(f"circuit open: {host}")
        began = self._clock.now()
        try:
            response = self._exchange(method, url, headers, body, timeout_s)
        except WireError:
            self._breaker.failed(host, kept_waiting=self._clock.now() - began >= KEPT_WAITING_MS)
            raise
        if response.status >= SERVER_ERROR:
            self._breaker.failed(host)
        else:
            self._breaker.succeeded(host)
        return response

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        host = urlsplit(url).netloc
        deadline = later(self._clock.now(), round(timeout_s * 1_000))
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout_s), read=timeout_s, total=timeout_s)
        try:
            answer = self._pool().request(
                method,
                url,
                body=body,
                headers={"accept-encoding": "identity", **headers},
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            content = self._read(answer, deadline, host)
        except (ConnectTimeoutError, LocationValueError) as error:
            raise NotSentError(f"{type(error).__name__}: {host}") from None
        except SSLError as error:
            raise _tls_failure(error, host) from None
        except HTTPError as error:
            raise NoAnswerError(f"{type(error).__name__}: {host}") from None
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status, names, content)

    def _read(self, answer: urllib3.BaseHTTPResponse, deadline: Instant, host: str) -> bytes:
        """Read the body, bounded as a whole: the socket's own time-out starts afresh with every byte."""
        content = bytearray()
        while chunk := answer.read1(CHUNK):
            content += chunk
            if len(content) > self._response_limit:
                answer.close()
                raise NoAnswerError(f"answer too large: {host}")
            if self._clock.now() >= deadline:
                answer.close()
                raise NoAnswerError(f"answer too slow: {host}")
        answer.release_conn()
        return bytes(content)

    def _pool(self) -> urllib3.PoolManager:
        now = self._clock.now()
        if self._connections is None:
            self._connections = urllib3.PoolManager(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
        elif now - self._last_used > IDLE_MS:
            self._connections.clear()
        self._last_used = now
        return self._connections


def _tls_failure(error: SSLError, host: str) -> WireError:
    """An untrusted certificate ends the handshake before the request; any other TLS fault may come later."""
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in (*error.args, error.__cause__)):
        return NotSentError(f"certificate not trusted: {host}")
    return NoAnswerError(f"{type(error).__name__}: {host}")
