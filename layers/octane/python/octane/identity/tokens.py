"""Access tokens (JWT, Ed25519, minutes) and refresh tokens (opaque, rotated).

A refresh token names its session and generation and carries an HMAC over both, so that it is made and checked
without a table, and the same generation always gives the same token: a lost answer can be given again.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant
from octane.kernel.errors import UnauthenticatedError

ACCESS_SECONDS = 600
ALGORITHM = "Ed25519"
ISSUER = "octane"
MAX_TOKEN = 2_048


class TokenExpiredError(UnauthenticatedError):
    code = "TOKEN_EXPIRED"
    summary = "The access token has expired; refresh the session."


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """Makes tokens; only login and refresh hold its private key."""

    key: OKPKey
    pepper: bytes

    @classmethod
    def of(cls, secret: Mapping[str, Any]) -> "TokenSigner":
        return cls(OKPKey.import_key(secret["private_jwk"]), bytes.fromhex(secret["pepper"]))

    def access(self, caller: Caller, now: Instant) -> str:
        header = {"alg": ALGORITHM, "kid": self.key.kid or ""}
        claims = {
            "iss": ISSUER,
            "sub": caller.user_id,
            "sid": caller.session_id,
            "role": caller.role.value,
            "openid": caller.openid,
            "iat": now // 1000,
            "exp": now // 1000 + ACCESS_SECONDS,
        }
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])

    def refresh(self, user_id: str, session_id: str, generation: int) -> str:
        body = f"{user_id}.{session_id}.{generation}"
        return f"{body}.{self._mac(body)}"

    def read_refresh(self, token: str) -> tuple[str, str, int]:
        """Return user, session and generation, or raise `UnauthenticatedError`."""
        body, _, mac = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(mac, self._mac(body)):
            raise UnauthenticatedError
        user_id, session_id, generation = body.split(".")
        return user_id, session_id, int(generation)

    def _mac(self, body: str) -> str:
        digest = hmac.digest(self.pepper, f"refresh:{body}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Checks access tokens with public keys only: no call, no secret that could make one."""

    keys: KeySet

    @classmethod
    def of(cls, secret: Mapping[str, Any]) -> "TokenVerifier":
        return cls(KeySet.import_key_set(secret["public_jwks"]))

    def read(self, token: str, now: Instant) -> Caller:
        """Return the caller, or raise `UnauthenticatedError` (unknown) or `TokenExpiredError`."""
        if len(token) > MAX_TOKEN:
            raise UnauthenticatedError
        try:
            claims = jwt.decode(token, self.keys, algorithms=[ALGORITHM]).claims
            if claims["iss"] != ISSUER:
                raise UnauthenticatedError
            expired = claims["exp"] * 1000 <= now
            caller = Caller(
                str(claims["sub"]), Role(claims["role"]), str(claims["sid"]), str(claims["openid"])
            )
        except (JoseError, ValueError, KeyError, TypeError, binascii.Error):
            raise UnauthenticatedError from None
        if expired:
            raise TokenExpiredError
        return caller
