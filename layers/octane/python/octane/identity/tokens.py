"""Access tokens (JWT, Ed25519, minutes) and refresh tokens (opaque, rotated).

An access token says who asks: `sub`, `sid` (session), `role`, `openid` and `alipay` (the payer within WeChat
and Alipay), `ent` and `mem` (the enterprise that they act for and what they are there). `iat` has
milliseconds: a revocation tells tokens of the same second apart.

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

from octane.kernel.caller import Caller, Member, Role
from octane.kernel.clock import MINUTE, Instant
from octane.kernel.errors import UnauthenticatedError

ACCESS_SECONDS = 600
ALGORITHM = "Ed25519"
ISSUER = "octane"
MAX_TOKEN = 2_048
SKEW_MS = MINUTE
"""A token from further in the future than this was not made by a clock of ours."""


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
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": caller.user_id,
            "sid": caller.session_id,
            "role": caller.role.value,
            "openid": caller.openid,
            "iat": now / 1000,
            "exp": now // 1000 + ACCESS_SECONDS,
        }
        if caller.alipay_id:
            claims["alipay"] = caller.alipay_id
        if caller.enterprise_id and caller.member:
            claims |= {"ent": caller.enterprise_id, "mem": caller.member.value}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])

    def refresh(self, user_id: str, session_id: str, generation: int) -> str:
        body = f"{user_id}.{session_id}.{generation}"
        return f"{body}.{self.mac('refresh', body)}"

    def read_refresh(self, token: str) -> tuple[str, str, int]:
        """Return user, session and generation, or raise `UnauthenticatedError`."""
        body, _, mac = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(mac, self.mac("refresh", body)):
            raise UnauthenticatedError
        user_id, session_id, generation = body.split(".")
        return user_id, session_id, int(generation)

    def mac(self, kind: str, body: str) -> str:
        """Return an HMAC-SHA256 under the pepper; what was made for one kind is worth nothing for another."""
        digest = hmac.digest(self.pepper, f"{kind}:{body}".encode(), hashlib.sha256)
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
        return self.read_issued(token, now)[0]

    def read_issued(self, token: str, now: Instant) -> tuple[Caller, Instant]:
        """Return the caller and when the token was made; raises as `read`."""
        if len(token) > MAX_TOKEN:
            raise UnauthenticatedError
        try:
            claims = jwt.decode(token, self.keys, algorithms=[ALGORITHM]).claims
            if claims["iss"] != ISSUER:
                raise UnauthenticatedError
            expired = claims["exp"] * 1000 <= now
            issued_at = Instant(round(claims["iat"] * 1000))
            caller = _caller_in(claims)
        except (JoseError, ValueError, ArithmeticError, KeyError, TypeError, binascii.Error):
            raise UnauthenticatedError from None
        if issued_at > now + SKEW_MS:
            raise UnauthenticatedError
        if expired:
            raise TokenExpiredError
        return caller, issued_at


def _caller_in(claims: Mapping[str, Any]) -> Caller:
    enterprise_id = str(claims.get("ent", ""))
    return Caller(
        str(claims["sub"]),
        Role(claims["role"]),
        str(claims["sid"]),
        str(claims["openid"]),
        enterprise_id=enterprise_id,
        member=Member(claims["mem"]) if enterprise_id else None,
        alipay_id=str(claims.get("alipay", "")),
    )
