"""Access tokens that end before their time: after a logout, a freeze, a changed membership, a stolen refresh
token (ID1, ID5).

| key                     | item                                                        |
|-------------------------|-------------------------------------------------------------|
| pk: `#EPOCHS`           | `at`: tokens of this shard's people issued until then (ms)  |
| sk: `000` … `3ff`       | are refused; `ttl`: when no such token can be alive         |

The authorizer keeps all epochs in memory and reads them with one call in 30 seconds and process; API Gateway
keeps the authorizer's answer for 30 seconds more: a revoked token is refused after at most 60 seconds. While
the table does not answer, what is known serves for 60 seconds (the bound is then 90), after which nobody gets
in: a stolen token must not outlive its revocation because a table is sick.

A revocation meets the other people of its shard too, one in 1,024 of those who are logged in: their next call
is answered 401 and they refresh once.
A token that is issued while its revocation is being committed, within the same milliseconds, may carry a
later time than the revocation and live its ten minutes: what guards money checks the account's own item.
"""

import hashlib
from typing import Protocol

from octane.identity.tokens import ACCESS_SECONDS, TokenVerifier
from octane.kernel.caller import Caller
from octane.kernel.clock import SECOND, Clock, Instant, later
from octane.kernel.errors import UnauthenticatedError, UnavailableError
from octane.store.items import Key, Query, Table
from octane.store.store import Store, StoreUnavailableError
from octane.store.writes import Absent, AtMost, Update, any_of

EPOCHS = "#EPOCHS"
SHARDS = 1_024
READ_MS = 30 * SECOND
KEPT_MS = 60 * SECOND
RETRY_MS = 5 * SECOND
"""While the table does not answer, it is asked this often and not by every request."""


class TokenRevokedError(UnauthenticatedError):
    code = "TOKEN_REVOKED"
    summary = "The access token was revoked; refresh the session, or log in again."


class RevocationsUnknownError(UnavailableError):
    code = "REVOCATIONS_UNKNOWN"


def shard_of(user_id: str) -> str:
    number = int.from_bytes(hashlib.sha256(user_id.encode()).digest()[:2]) % SHARDS
    return f"{number:03x}"


def revoke_tokens(user_id: str, now: Instant) -> Update:
    """Refuse every access token of this person that was issued until `now`: commit it with the reason.

    `ChangedMeanwhileError` when the shard knows a later revocation already: try again with the present time.
    """
    return Update(
        Key(Table.IDENTITY, EPOCHS, shard_of(user_id)),
        when=any_of(Absent(), AtMost("at", now)),
        assign={"at": now, "ttl": now // SECOND + 2 * ACCESS_SECONDS},
    )


class Revocations:
    """What this process knows of the epochs. One for a process; the wiring builds it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._epochs: dict[str, int] = {}
        self._read_at = Instant(0)
        self._due_at = Instant(0)

    def check(self, user_id: str, issued_at: Instant) -> None:
        """Raise `TokenRevokedError` for a token that must end, `RevocationsUnknownError` if nobody knows."""
        now = self._clock.now()
        if now >= self._due_at:
            self._read(now)
        if now - self._read_at > KEPT_MS:
            raise RevocationsUnknownError
        if issued_at <= self._epochs.get(shard_of(user_id), -1):
            raise TokenRevokedError

    def _read(self, now: Instant) -> None:
        try:
            found = list(self._store.scan_pages(Query(Table.IDENTITY, EPOCHS)))
        except StoreUnavailableError:
            self._due_at = later(now, RETRY_MS)
            return
        self._epochs = {str(item["sk"]): int(str(item["at"])) for item in found}
        self._read_at, self._due_at = now, later(now, READ_MS)


class AuthorizerDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def verifier(self) -> TokenVerifier: ...
    @property
    def revocations(self) -> Revocations: ...


def authorize(deps: AuthorizerDeps, token: str) -> Caller:
    """Say whose token this is, or raise `UnauthenticatedError`. No AWS call but the one in 30 seconds."""
    caller, issued_at = deps.verifier.read_issued(token, deps.clock.now())
    deps.revocations.check(caller.user_id, issued_at)
    return caller
