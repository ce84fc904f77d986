"""Refresh: each token once, each use makes the next one; an older one is a theft (ID1, ID5).

    newest generation          → the next one
    the one before, in 60 s    → the newest again: its answer may have been lost
    anything older             → the family ends, and its access tokens within 60 seconds

What a thief can do with a stolen refresh token: within the 60 seconds after its owner used it, or by using it
first, they get the same newest token as the owner and an access token of ten minutes. From then on both hold
the same token; the next refresh of one leaves the other with an old one, and when that one comes later than
the 60 seconds, it ends the family for both and is in the audit. So a thief stays unseen for as long as both
go on to refresh within 60 seconds of each other, or the owner does not come back.
"""

from octane.audit.acts import ActOutcome, act_of
from octane.identity.enterprises import member_of
from octane.identity.logins import is_linked
from octane.identity.sessions import (
    SESSION_SECONDS,
    IdentityDeps,
    Session,
    SessionRevokedError,
    end_session,
    issue,
    session_key,
)
from octane.identity.users import user_in, user_key
from octane.kernel.caller import Caller, Client, Member
from octane.kernel.clock import SECOND
from octane.kernel.errors import UnauthenticatedError
from octane.store.items import Item
from octane.store.store import until_settled
from octane.store.writes import Is, Missing, Update, all_of

GRACE_MS = 60 * SECOND
"""A client whose refresh answer was lost may send the old token once more within this time."""


class MembershipEndedError(UnauthenticatedError):
    code = "MEMBERSHIP_ENDED"
    summary = "You are no member of this enterprise any more; log in again."


def refresh_session(deps: IdentityDeps, token: str, client: Client = Client()) -> Session:  # noqa: B008 (a value)
    """Rotate the refresh token. Two AWS calls, three for who acts for an enterprise.

    The new tokens say what is true now: role, logins, membership. Raises `SessionRevokedError`,
    `AccountFrozenError`, `MembershipEndedError`.
    """
    user_id, session_id, generation = deps.signer.read_refresh(token)
    return until_settled(lambda: _refresh(deps, user_id, session_id, generation, client))


def _refresh(deps: IdentityDeps, user_id: str, session_id: str, generation: int, client: Client) -> Session:
    now = deps.clock.now()
    key = session_key(user_id, session_id)
    found = {str(item["sk"]): item for item in deps.store.batch_get([key, user_key(user_id)])}
    session, person = found.get(key.sk), found.get("#USER")
    if session is None or person is None or "revoked_at" in session:
        raise SessionRevokedError
    user = user_in(person)
    user.must_not_be_frozen()
    current = int(str(session["generation"]))
    in_grace = now - int(str(session["rotated_at"])) <= GRACE_MS
    if generation != current and not (generation == current - 1 and in_grace):
        thief = Caller(user_id, user.role, session_id, ip=client.ip, device=client.device)
        once, refused = f"{session_id} {generation}", ActOutcome.REFUSED
        act = act_of(thief, "refresh_session", user_id, once, now, outcome=refused, reason="REFRESH_REUSED")
        deps.store.commit(*end_session(user_id, session_id, now, act))
        raise SessionRevokedError
    if not is_linked(user, session):
        raise SessionRevokedError
    enterprise_id, member = _enterprise(deps, user_id, session)
    if generation == current:
        rotate = Update(
            key,
            assign={"rotated_at": now, "ttl": now // SECOND + SESSION_SECONDS},
            add={"generation": 1},
            when=all_of(Is("generation", current), Missing("revoked_at")),
        )
        deps.store.commit(rotate)
        current += 1
    return issue(deps, user, session_id, current, enterprise_id, member, now)


def _enterprise(deps: IdentityDeps, user_id: str, session: Item) -> tuple[str, Member | None]:
    """For whom the session acts, and as what: asked again at each refresh."""
    enterprise_id = str(session.get("enterprise_id", ""))
    if not enterprise_id:
        return "", None
    member = member_of(deps.store, enterprise_id, user_id)
    if member is None:
        raise MembershipEndedError
    return enterprise_id, member
