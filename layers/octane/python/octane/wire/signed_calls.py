"""Calls signed both ways with a key that we share with the other side: our own interfaces to the outside.

HMAC-SHA256 in hex over method, path with query, timestamp (epoch seconds), a nonce where the interface has
one, and body; the answer's over the request's signature, the status and the body, so that no answer fits
another question.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from octane.kernel.clock import SECOND, Clock
from octane.kernel.ids import Nonces
from octane.wire.http import Response, Transport, WireError


@dataclass(frozen=True, slots=True)
class SignedCalls:
    """The calls to one counterparty."""

    prefix: str
    """Of the headers: `<prefix>-timestamp`, `<prefix>-signature`."""
    key: str = field(repr=False)
    base_url: str
    timeout_s: float
    transport: Transport
    clock: Clock
    headers: Mapping[str, str] = field(default_factory=dict)
    """What else every call carries, unsigned."""
    nonces: Nonces | None = None
    """With it each call carries `<prefix>-nonce`, and a call that is heard twice can be told."""

    def call(self, method: str, target: str, body: bytes = b"") -> Response | str:
        """Return an answer whose signature verified, or why there is none: the call may have taken effect."""
        stamp = str(self.clock.now() // SECOND)
        once = {f"{self.prefix}-nonce": self.nonces.token()} if self.nonces else {}
        asked = self._sign("\n".join((method, target, stamp, *once.values(), "")).encode() + body)
        headers = {
            **self.headers,
            **once,
            f"{self.prefix}-timestamp": stamp,
            f"{self.prefix}-signature": asked,
            "content-type": "application/json",
        }
        url = self.base_url.rstrip("/") + target
        try:
            answer = self.transport.send(method, url, headers, body or None, self.timeout_s)
        except WireError as error:
            return f"{type(error).__name__} {error}"
        right = self._sign(f"{asked}\n{answer.status}\n".encode() + answer.body)
        given = answer.headers.get(f"{self.prefix}-signature", "")
        return answer if hmac.compare_digest(right.encode(), given.encode()) else "SIGNATURE"

    def _sign(self, message: bytes) -> str:
        return hmac.new(self.key.encode(), message, sha256).hexdigest()
