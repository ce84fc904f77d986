"""Act for an enterprise, or for oneself again (ID3)."""

from typing import Protocol

from octane.audit.acts import act_of, record
from octane.identity.enterprises import (
    EnterpriseNotFoundError,
    MemberState,
    find_membership,
    member_key,
    recounted,
    unchanged,
)
from octane.identity.sessions import Session, SessionRevokedError, issue, session_key
from octane.identity.tokens import TokenSigner
from octane.identity.users import get_user
from octane.kernel.caller import Caller, Member
from octane.kernel.clock import Clock, Instant
from octane.store.store import Store, until_settled
from octane.store.writes import Check, Is, Missing, Update, Write, all_of


class ActingDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def signer(self) -> TokenSigner: ...


def act_for(deps: ActingDeps, caller: Caller, enterprise_id: str) -> Session:
    """Act for an enterprise from now on, or for oneself (empty id): new tokens of the same session.

    Whoever was invited accepts by this. The tokens carry the time from before the membership is looked at,
    so that a removal meanwhile revokes them. Raises `EnterpriseNotFoundError`, `SessionRevokedError`.
    """

    def settle() -> Session:
        now = deps.clock.now()
        user = get_user(deps.store, caller.user_id)
        user.must_not_be_frozen()
        stored = session_key(caller.user_id, caller.session_id)
        session = deps.store.get(stored)
        if session is None or "revoked_at" in session:
            raise SessionRevokedError
        member, writes = _joined(deps.store, caller, enterprise_id, now) if enterprise_id else (None, ())
        generation = int(str(session["generation"]))
        deps.store.commit(
            Update(
                stored,
                when=all_of(Is("generation", generation), Missing("revoked_at")),
                assign={"enterprise_id": enterprise_id},
            ),
            *writes,
            record(act_of(caller, "act_for", caller.user_id, f"{enterprise_id}#{now}", now)),
        )
        return issue(deps, user, caller.session_id, generation, enterprise_id, member, now)

    return until_settled(settle)


def _joined(
    store: Store, caller: Caller, enterprise_id: str, now: Instant
) -> tuple[Member, tuple[Write, ...]]:
    """What the caller is there, and the writes that hold it so: the check, or the acceptance."""
    known = find_membership(store, enterprise_id, caller.user_id)
    if known is None:
        raise EnterpriseNotFoundError
    key = member_key(enterprise_id, caller.user_id)
    if known.state is MemberState.ACTIVE:
        return known.member, (Check(key, when=unchanged(known)),)
    joined = known._replace(state=MemberState.ACTIVE, since=now)
    accepted = Update(key, when=unchanged(known), assign={"state": joined.state.value, "since": now})
    act = act_of(caller, "join_enterprise", enterprise_id, str(now), now, reason=known.member.value)
    return known.member, (accepted, *recounted(enterprise_id, known, joined), record(act))
