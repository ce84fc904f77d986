"""Sessions: what a login opens, a refresh carries on and a logout ends (ID1).

A session is the *family* of all refresh tokens that come from one login: its item holds the generation of the
newest one. What revokes it revokes all of them, and the person's access tokens with them (`revocation`).
"""

from typing import NamedTuple, Protocol

from octane.audit.acts import Act, act_of, record
from octane.identity.revocation import revoke_tokens
from octane.identity.tokens import ACCESS_SECONDS, TokenSigner
from octane.identity.users import User
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.clock import SECOND, Clock, Instant
from octane.kernel.errors import KeyReusedError, UnauthenticatedError
from octane.store.items import Item, Key, Table
from octane.store.store import Store, until_settled
from octane.store.writes import Absent, Exists, Missing, Put, Update, Write, all_of

SESSION_SECONDS = 30 * 24 * 3600


class SessionRevokedError(UnauthenticatedError):
    code = "SESSION_REVOKED"
    summary = "This session has ended; log in again."


class IdentityDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def signer(self) -> TokenSigner: ...


class Session(NamedTuple):
    user: User
    access_token: str
    refresh_token: str
    expires_in: int = ACCESS_SECONDS
    """Seconds."""


def issue(
    deps: IdentityDeps,
    user: User,
    session_id: str,
    generation: int,
    enterprise_id: str = "",
    member: Member | None = None,
    now: Instant | None = None,
) -> Session:
    """Make the tokens of a session's generation. Who read the person long ago gives the `now` of that time: a
    revocation since then must meet the token."""
    role = Role.CUSTOMER if enterprise_id else user.role  # a staff role rests meanwhile
    caller = Caller(
        user.user_id,
        role,
        session_id,
        user.openid,
        enterprise_id=enterprise_id,
        member=member,
        alipay_id=user.alipay_id,
    )
    refresh = deps.signer.refresh(user.user_id, session_id, generation)
    issued_at = deps.clock.now() if now is None else now
    return Session(user, deps.signer.access(caller, issued_at), refresh)


def session_key(user_id: str, session_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"SESSION#{session_id}")


def open_session(user_id: str, session_id: str, provider: str, login_id: str, now: Instant) -> Put:
    """Write a new family. Raises `KeyReusedError` when the key that it derives from made one before."""
    item: Item = {
        "generation": 0,
        "rotated_at": now,
        "created_at": now,
        "provider": provider,
        "login_id": login_id,
        "ttl": now // SECOND + SESSION_SECONDS,
    }
    return Put(session_key(user_id, session_id), item, when=Absent(), otherwise=KeyReusedError())


def end_session(user_id: str, session_id: str, now: Instant, act: Act) -> tuple[Write, ...]:
    """Revoke the family, its access tokens within 60 seconds, and say so. Raises `SessionRevokedError` when
    that was done before."""
    ended = Update(
        session_key(user_id, session_id),
        when=all_of(Exists(), Missing("revoked_at")),
        assign={"revoked_at": now},
        otherwise=SessionRevokedError(),
    )
    return ended, revoke_tokens(user_id, now), record(act)


def log_out(deps: IdentityDeps, caller: Caller) -> None:
    """End the session; once more changes nothing. One AWS call. Access tokens of the person's other sessions
    end too, and are refreshed."""

    def end() -> None:
        now = deps.clock.now()
        act = act_of(caller, "log_out", caller.user_id, caller.session_id, now)
        deps.store.commit(*end_session(caller.user_id, caller.session_id, now, act))

    try:
        until_settled(end)
    except SessionRevokedError:
        return
