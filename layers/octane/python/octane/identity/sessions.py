"""Sessions: log in, refresh with rotation and reuse detection, log out (ID1)."""

from dataclasses import dataclass
from typing import Protocol

from octane.identity.tokens import ACCESS_SECONDS, TokenSigner
from octane.identity.users import User, find_user, get_user, open_account, set_phone, user_id_of
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import SECOND, Clock, Instant
from octane.kernel.errors import KeyReusedError, UnauthenticatedError
from octane.kernel.ids import derive_id
from octane.store.items import Item, Key, Table
from octane.store.store import Store, until_settled
from octane.store.writes import Absent, Exists, Is, Missing, Put, Update, all_of

SESSION_SECONDS = 30 * 24 * 3600
GRACE_MS = 60 * SECOND
"""A client whose refresh answer was lost may send the old token once more within this time."""
LOGIN_REPLAY_MS = 600 * SECOND
"""A client whose login answer was lost may send the same code and key again within this time."""


class SessionRevokedError(UnauthenticatedError):
    code = "SESSION_REVOKED"
    summary = "This session has ended; log in again."


class Identified(Protocol):
    @property
    def openid(self) -> str: ...


class LoginProvider(Protocol):
    """WeChat, as login needs it."""

    def identify(self, code: str) -> Identified: ...

    def phone_number(self, code: str) -> str: ...


class IdentityDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def signer(self) -> TokenSigner: ...
    @property
    def login_provider(self) -> LoginProvider: ...


@dataclass(frozen=True, slots=True)
class Session:
    user: User
    access_token: str
    refresh_token: str
    expires_in: int = ACCESS_SECONDS
    """Seconds."""


def log_in(deps: IdentityDeps, code: str, key: str) -> Session:
    """Exchange a one-time code for a session; the first login opens the account.

    A code works once at the provider, so a replay (same code and key, within ten minutes) is answered from
    what the first call stored.
    """
    now = deps.clock.now()
    receipt = Key(Table.IDENTITY, derive_id("L", code, key), "#LOGIN")
    stored = deps.store.get(receipt)
    if stored is not None:
        if now - int(str(stored["at"])) > LOGIN_REPLAY_MS:
            raise UnauthenticatedError("This login was used; ask for a new code.")
        user_id, session_id = str(stored["user_id"]), str(stored["session_id"])
        if "revoked_at" in (deps.store.get(_session_key(user_id, session_id)) or {"revoked_at": now}):
            raise SessionRevokedError
        return _issue(deps, get_user(deps.store, user_id), session_id, 0, now)
    openid = deps.login_provider.identify(code).openid
    user_id = user_id_of("WECHAT", openid)
    session_id = derive_id("S", user_id, key)
    user = until_settled(lambda: _open_session(deps, openid, user_id, session_id, receipt, now))
    return _issue(deps, user, session_id, 0, now)


def _open_session(
    deps: IdentityDeps, openid: str, user_id: str, session_id: str, receipt: Key, now: Instant
) -> User:
    """Store the session and the login's receipt, with the account when it is the first: one transaction."""
    known = find_user(deps.store, user_id)
    user = known or User(user_id, Role.CUSTOMER, openid, None, now)
    session: Item = {
        "generation": 0,
        "rotated_at": now,
        "created_at": now,
        "ttl": now // 1000 + SESSION_SECONDS,
    }
    login: Item = {"user_id": user_id, "session_id": session_id, "at": now, "ttl": now // 1000 + 3600}
    deps.store.commit(
        *([] if known else [open_account(user)]),
        Put(receipt, login, when=Absent()),
        Put(_session_key(user_id, session_id), session, when=Absent(), otherwise=KeyReusedError()),
    )
    return user


def refresh_session(deps: IdentityDeps, token: str) -> Session:
    """Rotate the refresh token. An older one than the last ends the session: somebody else has it (ID5)."""
    user_id, session_id, generation = deps.signer.read_refresh(token)
    now = deps.clock.now()
    key = _session_key(user_id, session_id)
    session = deps.store.get(key)
    if session is None or "revoked_at" in session:
        raise SessionRevokedError
    current = int(str(session["generation"]))
    in_grace = now - int(str(session["rotated_at"])) <= GRACE_MS
    if generation == current:
        rotate = Update(
            key,
            assign={"rotated_at": now, "ttl": now // 1000 + SESSION_SECONDS},
            add={"generation": 1},
            when=all_of(Is("generation", current), Missing("revoked_at")),
        )
        deps.store.commit(rotate)
        current += 1
    elif not (generation == current - 1 and in_grace):
        _revoke(deps, key, now)
        raise SessionRevokedError
    return _issue(deps, get_user(deps.store, user_id), session_id, current, now)


def log_out(deps: IdentityDeps, caller: Caller) -> None:
    """End the session. Its access token lives on for at most `ACCESS_SECONDS`."""
    _revoke(deps, _session_key(caller.user_id, caller.session_id), deps.clock.now())


def bind_phone(deps: IdentityDeps, caller: Caller, code: str) -> User:
    """Read the phone number that the person agreed to share, and keep it (ID1)."""
    phone = deps.login_provider.phone_number(code)
    deps.store.commit(set_phone(caller.user_id, phone))
    return get_user(deps.store, caller.user_id)


def _issue(deps: IdentityDeps, user: User, session_id: str, generation: int, now: Instant) -> Session:
    caller = Caller(user.user_id, user.role, session_id, user.openid)
    refresh = deps.signer.refresh(user.user_id, session_id, generation)
    return Session(user, deps.signer.access(caller, now), refresh)


def _revoke(deps: IdentityDeps, key: Key, now: Instant) -> None:
    deps.store.commit(Update(key, assign={"revoked_at": now}, when=Exists(), otherwise=SessionRevokedError()))


def _session_key(user_id: str, session_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"SESSION#{session_id}")
