"""Calls signed both ways with a key that two parties share: of the custody bank, the alliance, some billers.

HMAC-SHA256 in hex, in the headers `<Prefix>-Timestamp` (epoch seconds), `<Prefix>-Signature` and, where a
call is heard once only, `<Prefix>-Nonce`.
"""

import hmac
from hashlib import sha256

from simulators.protocol import Call, Now, RefusedError, Reply

SKEW_SECONDS = 300


def request_signature(key: bytes, call: Call, stamp: str, nonce: str = "") -> str:
    """Over method, path with query, timestamp, nonce if any (each with a line feed behind it) and body."""
    once = f"{nonce}\n" if nonce else ""
    message = f"{call.method}\n{call.target}\n{stamp}\n{once}".encode() + call.body
    return hmac.new(key, message, sha256).hexdigest()


def answer_signature(key: bytes, asked: str, status: int, body: bytes) -> str:
    """Over the request's signature, the status and the body: an answer to another question is none."""
    return hmac.new(key, f"{asked}\n{status}\n".encode() + body, sha256).hexdigest()


def check(prefix: str, key: bytes, call: Call, now: Now) -> None:
    """Raise 401 SIGNATURE for a call that this key did not sign within five minutes."""
    stamp = call.headers.get(f"{prefix}-timestamp", "")
    fresh = stamp.isdecimal() and abs(int(stamp) - now() // 1000) <= SKEW_SECONDS
    given = call.headers.get(f"{prefix}-signature", "")
    right = request_signature(key, call, stamp, call.headers.get(f"{prefix}-nonce", ""))
    if not fresh or not hmac.compare_digest(given.encode(), right.encode()):
        raise RefusedError(401, "SIGNATURE", "the signature is not right, or too old")


def signed(prefix: str, key: bytes, call: Call, reply: Reply) -> Reply:
    """Sign an answer to `call`."""
    asked = call.headers.get(f"{prefix}-signature", "")
    signature = answer_signature(key, asked, reply.status, reply.body)
    return Reply(reply.status, reply.body, {**reply.headers, f"{prefix.title()}-Signature": signature})
