"""Invite people to an enterprise, say what they are, let them go (ID3).

An invited person is nothing yet: nobody is drawn in against their will. The last owner neither leaves nor
becomes anything else. A changed or removed member's access tokens end within 60 seconds, and their next
refresh asks `member_of` again.
"""

from octane.audit.acts import act_of, record
from octane.identity.enterprises import (
    EnterpriseDeps,
    Membership,
    MemberState,
    find_membership,
    item_of,
    member_key,
    recounted,
    unchanged,
)
from octane.identity.revocation import revoke_tokens
from octane.identity.users import UserNotFoundError, user_key
from octane.kernel.caller import Caller, Member
from octane.kernel.clock import Instant
from octane.kernel.errors import ForbiddenError
from octane.store.store import until_settled
from octane.store.writes import Absent, Check, Delete, Exists, Put, Update, Write


def set_member(
    deps: EnterpriseDeps, caller: Caller, enterprise_id: str, user_id: str, member: Member
) -> Membership:
    """Invite a person, or say what else they are; the same again changes nothing.

    For an owner who acts for the enterprise: that they still are one is part of the commit. Raises
    `LastOwnerError`, `TooManyMembersError`, `UserNotFoundError`. Two AWS calls.
    """
    _must_act_as_owner(caller, enterprise_id)

    def settle() -> Membership:
        now, known = deps.clock.now(), find_membership(deps.store, enterprise_id, user_id)
        if known is not None and known.member is member:
            return known
        key = member_key(enterprise_id, user_id)
        if known is None:
            changed = Membership(user_id, member, MemberState.INVITED, now)
            there = Check(user_key(user_id), when=Exists(), otherwise=UserNotFoundError())
            writes: tuple[Write, ...] = (Put(key, item_of(changed), when=Absent()), there)
        else:
            changed = known._replace(member=member)
            renamed = Update(key, when=unchanged(known), assign={"member": member.value})
            writes = (renamed, *_revoked(known, now))
        act = act_of(
            caller, "set_member", enterprise_id, f"{user_id}#{now}", now, reason=f"{user_id}:{member}"
        )
        deps.store.commit(
            *_still_owner(caller, enterprise_id, known, user_id),
            *recounted(enterprise_id, known, changed),
            *writes,
            record(act),
        )
        return changed

    return until_settled(settle)


def remove_member(deps: EnterpriseDeps, caller: Caller, enterprise_id: str, user_id: str) -> None:
    """Remove a person, or leave oneself (or decline); whoever is gone stays gone.

    Raises `LastOwnerError`. Two AWS calls.
    """
    if user_id != caller.user_id:
        _must_act_as_owner(caller, enterprise_id)

    def settle() -> None:
        now, known = deps.clock.now(), find_membership(deps.store, enterprise_id, user_id)
        if known is None:
            return
        owner = _still_owner(caller, enterprise_id, known, user_id) if user_id != caller.user_id else ()
        act = act_of(caller, "remove_member", enterprise_id, f"{user_id}#{now}", now, reason=user_id)
        deps.store.commit(
            *owner,
            *recounted(enterprise_id, known, None),
            Delete(member_key(enterprise_id, user_id), when=unchanged(known)),
            *_revoked(known, now),
            record(act),
        )

    until_settled(settle)


def _revoked(known: Membership, now: Instant) -> tuple[Write, ...]:
    """End the person's access tokens. Who is only invited has none for it: whoever invites a stranger must
    not log them out."""
    return (revoke_tokens(known.user_id, now),) if known.state is MemberState.ACTIVE else ()


def _must_act_as_owner(caller: Caller, enterprise_id: str) -> None:
    if caller.enterprise_id != enterprise_id or caller.member is not Member.OWNER:
        raise ForbiddenError


def _still_owner(
    caller: Caller, enterprise_id: str, known: Membership | None, user_id: str
) -> tuple[Check, ...]:
    """Hold the caller's own ownership: a token may be older than their removal. Who changes themselves holds
    it by the change's own condition."""
    if user_id == caller.user_id:
        if known is None or not known.owns:
            raise ForbiddenError
        return ()
    owner = Membership(caller.user_id, Member.OWNER, MemberState.ACTIVE, Instant(0))
    key = member_key(enterprise_id, caller.user_id)
    return (Check(key, when=unchanged(owner), otherwise=ForbiddenError()),)
