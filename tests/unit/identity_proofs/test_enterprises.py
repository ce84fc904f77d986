"""Enterprises: who gets in, who may change whom, and that an enterprise is never without an owner."""

import pytest
from unit.identity_proofs.desk import Desk, together

from octane.identity.acting import act_for
from octane.identity.enterprises import (
    MOST_MEMBERS,
    EnterpriseNotFoundError,
    LastOwnerError,
    MemberState,
    TooManyMembersError,
    enterprise_key,
    find_membership,
    get_enterprise,
    member_of,
    open_enterprise,
)
from octane.identity.members import remove_member, set_member
from octane.identity.refresh import refresh_session
from octane.identity.revocation import Revocations, TokenRevokedError
from octane.identity.sessions import Session, SessionRevokedError, session_key
from octane.identity.tokens import TokenVerifier
from octane.identity.users import UserNotFoundError
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.errors import ForbiddenError, KeyReusedError, OctaneError
from octane.store.items import Table
from octane.store.writes import Exists, Update


@pytest.fixture
def firm(desk: Desk, ann: Caller) -> str:
    return open_enterprise(desk, ann, "Fleet Ltd", "firm-1").enterprise_id


def read(desk: Desk, token: str) -> Caller:
    """What the authorizer makes of an access token now."""
    verifier = TokenVerifier.of({"public_jwks": {"keys": [desk.signer.key.as_dict(private=False)]}})
    caller, issued_at = verifier.read_issued(token, desk.clock.now())
    Revocations(desk.store, desk.clock).check(caller.user_id, issued_at)
    return caller


def acting(desk: Desk, person: Caller, firm: str) -> Caller:
    desk.clock.at += 1_000
    return read(desk, act_for(desk, person, firm).access_token)


def joined(desk: Desk, owner: Caller, firm: str, member: Member) -> Caller:
    """A new person who was invited and came; as they act for the enterprise."""
    person = desk.person()
    set_member(desk, owner, firm, person.user_id, member)
    return acting(desk, person, firm)


def private(caller: Caller) -> Caller:
    return caller._replace(enterprise_id="", member=None)


def test_who_opens_it_owns_it(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    assert (owner.enterprise_id, owner.member, owner.account_id) == (firm, Member.OWNER, firm)
    assert [one.user_id for one in get_enterprise(desk, owner, firm).members] == [ann.user_id]


def test_the_same_key_is_the_same_enterprise(desk: Desk, ann: Caller, firm: str) -> None:
    assert open_enterprise(desk, ann, "Fleet Ltd", "firm-1").enterprise_id == firm
    with pytest.raises(KeyReusedError):
        open_enterprise(desk, ann, "Other Ltd", "firm-1")


def test_nobody_is_drawn_in_against_their_will(desk: Desk, ann: Caller, firm: str) -> None:
    # Given
    owner, bob = acting(desk, ann, firm), desk.person()

    # When
    invited = set_member(desk, owner, firm, bob.user_id, Member.FINANCE)

    # Then
    assert invited.state is MemberState.INVITED
    assert member_of(desk.store, firm, bob.user_id) is None
    assert get_enterprise(desk, bob, firm).name == "Fleet Ltd"
    came = acting(desk, bob, firm)
    assert (came.account_id, came.member) == (firm, Member.FINANCE)
    assert member_of(desk.store, firm, bob.user_id) is Member.FINANCE


def test_an_invitation_can_be_declined(desk: Desk, ann: Caller, firm: str) -> None:
    bob = desk.person()
    set_member(desk, acting(desk, ann, firm), firm, bob.user_id, Member.OWNER)
    remove_member(desk, bob, firm, bob.user_id)
    with pytest.raises(EnterpriseNotFoundError):
        act_for(desk, bob, firm)


def test_back_to_oneself(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    again = acting(desk, owner, "")
    assert (again.account_id, again.member) == (ann.user_id, None)


def test_it_does_not_exist_for_strangers(desk: Desk, firm: str) -> None:
    eve = desk.person()
    for attempt in (lambda: get_enterprise(desk, eve, firm), lambda: act_for(desk, eve, firm)):
        with pytest.raises(EnterpriseNotFoundError):
            attempt()
    auditor = desk.person(role=Role.AUDITOR)
    assert get_enterprise(desk, auditor, firm).name == "Fleet Ltd"


@pytest.mark.parametrize("member", [Member.FINANCE, Member.OPERATOR, Member.VIEWER])
def test_only_an_owner_changes_members(desk: Desk, ann: Caller, firm: str, member: Member) -> None:
    # Given
    owner = acting(desk, ann, firm)
    other, carl = joined(desk, owner, firm, member), desk.person()

    # When / Then
    for wrong in (other, private(owner), desk.person(), desk.person(role=Role.OPERATOR)):
        with pytest.raises(ForbiddenError):
            set_member(desk, wrong, firm, carl.user_id, Member.OWNER)
        with pytest.raises(ForbiddenError):
            remove_member(desk, wrong, firm, ann.user_id if wrong.user_id != ann.user_id else carl.user_id)
    with pytest.raises(ForbiddenError):
        set_member(desk, other, firm, other.user_id, Member.OWNER)


def test_an_owner_of_one_changes_nobody_in_another(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    others = open_enterprise(desk, desk.person(), "Other Ltd", "other").enterprise_id
    for attempt in (
        lambda: set_member(desk, owner, others, ann.user_id, Member.OWNER),
        lambda: remove_member(desk, owner, others, desk.person().user_id),
    ):
        with pytest.raises(ForbiddenError):
            attempt()


def test_only_people_who_exist_are_invited(desk: Desk, ann: Caller, firm: str) -> None:
    with pytest.raises(UserNotFoundError):
        set_member(desk, acting(desk, ann, firm), firm, "U" * 26, Member.VIEWER)


def test_the_same_again_changes_nothing(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    bob = joined(desk, owner, firm, Member.VIEWER)
    mark = desk.engine.mark()
    set_member(desk, owner, firm, bob.user_id, Member.VIEWER)
    remove_member(desk, owner, firm, "U" * 26)
    assert desk.engine.mark() == mark


def test_an_enterprise_has_an_end(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    desk.store.commit(Update(enterprise_key(firm), when=Exists(), assign={"members": MOST_MEMBERS}))
    with pytest.raises(TooManyMembersError):
        set_member(desk, owner, firm, desk.person().user_id, Member.VIEWER)


# ---- the last owner


def test_the_last_owner_stays(desk: Desk, ann: Caller, firm: str) -> None:
    owner, invited = acting(desk, ann, firm), desk.person()
    set_member(desk, owner, firm, invited.user_id, Member.OWNER)
    for attempt in (
        lambda: remove_member(desk, owner, firm, ann.user_id),
        lambda: set_member(desk, owner, firm, ann.user_id, Member.VIEWER),
    ):
        with pytest.raises(LastOwnerError):
            attempt()
    assert member_of(desk.store, firm, ann.user_id) is Member.OWNER


def test_with_a_second_owner_the_first_may_go(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    joined(desk, owner, firm, Member.OWNER)
    remove_member(desk, owner, firm, ann.user_id)
    assert member_of(desk.store, firm, ann.user_id) is None


def test_two_owners_who_leave_at_once_leave_one(desk: Desk, ann: Caller, firm: str) -> None:
    for _ in range(5):
        # Given
        (last,) = get_enterprise(desk, desk.person(role=Role.SUPPORT), firm).members
        first = acting(desk, Caller(last.user_id, Role.CUSTOMER, f"S{last.user_id}", "openid"), firm)
        second = joined(desk, first, firm, Member.OWNER)

        # When each removes the other, or themselves
        answers = together(
            lambda first=first: remove_member(desk, first, firm, first.user_id),
            lambda second=second: remove_member(desk, second, firm, second.user_id),
        )

        # Then
        assert sum(isinstance(answer, LastOwnerError) for answer in answers) == 1
        item = desk.store.get(enterprise_key(firm))
        assert item is not None
        assert (item["owners"], item["members"]) == (1, 1)


def test_two_owners_who_remove_each_other_leave_one(desk: Desk, ann: Caller, firm: str) -> None:
    first = acting(desk, ann, firm)
    second = joined(desk, first, firm, Member.OWNER)
    answers = together(
        lambda: remove_member(desk, first, firm, second.user_id),
        lambda: remove_member(desk, second, firm, first.user_id),
    )
    assert sum(isinstance(answer, OctaneError) for answer in answers) == 1
    left = [member_of(desk.store, firm, one.user_id) for one in (first, second)]
    assert left.count(Member.OWNER) == 1


# ---- who was removed or changed


def test_a_removed_owners_token_changes_nobody(desk: Desk, ann: Caller, firm: str) -> None:
    # Given a token from before
    owner = acting(desk, ann, firm)
    second = joined(desk, owner, firm, Member.OWNER)
    remove_member(desk, owner, firm, second.user_id)

    # When / Then
    with pytest.raises(ForbiddenError):
        set_member(desk, second, firm, desk.person().user_id, Member.VIEWER)
    with pytest.raises(ForbiddenError):
        remove_member(desk, second, firm, ann.user_id)
    with pytest.raises(ForbiddenError):
        set_member(desk, second, firm, second.user_id, Member.OWNER)


@pytest.mark.parametrize("change", ["removed", "changed"])
def test_the_tokens_of_who_was_removed_or_changed_end(
    desk: Desk, ann: Caller, firm: str, change: str
) -> None:
    # Given
    owner, bob = acting(desk, ann, firm), desk.person()
    set_member(desk, owner, firm, bob.user_id, Member.FINANCE)
    desk.clock.at += 1_000
    session = act_for(desk, bob, firm)
    assert read(desk, session.access_token).member is Member.FINANCE

    # When
    desk.clock.at += 1_000
    if change == "removed":
        remove_member(desk, owner, firm, bob.user_id)
    else:
        set_member(desk, owner, firm, bob.user_id, Member.VIEWER)

    # Then the access token is refused, and a refresh gives no more than there is
    with pytest.raises(TokenRevokedError):
        read(desk, session.access_token)
    desk.clock.at += 1_000
    if change == "removed":
        with pytest.raises(OctaneError):
            _refreshed(desk, session)
        with pytest.raises(EnterpriseNotFoundError):
            act_for(desk, bob, firm)
    else:
        assert read(desk, _refreshed(desk, session).access_token).member is Member.VIEWER


def _refreshed(desk: Desk, session: Session) -> Session:
    return refresh_session(desk, session.refresh_token)


def test_a_refresh_goes_on_for_the_enterprise(desk: Desk, ann: Caller, firm: str) -> None:
    session = act_for(desk, ann, firm)
    desk.clock.at += 1_000
    assert read(desk, _refreshed(desk, session).access_token).account_id == firm


def test_a_session_that_has_ended_acts_for_nobody(desk: Desk, ann: Caller, firm: str) -> None:
    key = session_key(ann.user_id, ann.session_id)
    desk.store.commit(Update(key, when=Exists(), assign={"revoked_at": desk.clock.now()}))
    with pytest.raises(SessionRevokedError):
        act_for(desk, ann, firm)


def test_a_staff_role_rests_while_acting(desk: Desk, ann: Caller, firm: str) -> None:
    support = desk.person(role=Role.SUPPORT)
    set_member(desk, acting(desk, ann, firm), firm, support.user_id, Member.VIEWER)
    assert acting(desk, support, firm).role is Role.CUSTOMER


def test_every_change_leaves_acts(desk: Desk, ann: Caller, firm: str) -> None:
    owner = acting(desk, ann, firm)
    bob = joined(desk, owner, firm, Member.VIEWER)
    set_member(desk, owner, firm, bob.user_id, Member.OPERATOR)
    desk.clock.at += 1_000
    remove_member(desk, owner, firm, bob.user_id)
    acts = [str(item["action"]) for item in desk.engine.items(Table.AUDIT) if item["pk"] == firm]
    assert acts == ["open_enterprise", "set_member", "join_enterprise", "set_member", "remove_member"]
    assert find_membership(desk.store, firm, bob.user_id) is None
