"""The family of a session: rotation, reuse, and the access tokens that end with it (ID1, ID5)."""

from collections.abc import Callable
from typing import Any

import pytest
from unit.identity.conftest import Town

from octane.audit.acts import ActOutcome
from octane.identity.acting import act_for
from octane.identity.enterprises import open_enterprise
from octane.identity.members import remove_member, set_member
from octane.identity.refresh import MembershipEndedError
from octane.identity.revocation import TokenRevokedError
from octane.identity.sessions import Session, SessionRevokedError, log_out
from octane.identity.users import user_key
from octane.kernel.caller import Member
from octane.kernel.errors import UnauthenticatedError
from octane.store.writes import Delete, Exists


def test_reuse_ends_the_family_its_access_tokens_and_is_told(town: Town) -> None:
    # Given a token that was rotated a while ago
    stolen = town.by_wechat()
    newest = town.refresh(stolen.refresh_token)
    other = town.by_wechat()
    town.move(seconds=61)
    later = town.refresh(newest.refresh_token)

    # When
    town.move(seconds=1)
    with pytest.raises(SessionRevokedError):
        town.refresh(stolen.refresh_token)

    # Then every refresh token and every access token of the family is worth nothing
    for session in (stolen, newest, later):
        with pytest.raises(SessionRevokedError):
            town.refresh(session.refresh_token)
        with pytest.raises(TokenRevokedError):
            town.later_process().authorize(session)

    # Then the person's other session goes on, by a refresh
    town.move(seconds=0.001)
    town.authorize(town.refresh(other.refresh_token))
    told = [act for act in town.acts(stolen.user.user_id) if act.outcome is ActOutcome.REFUSED]
    assert [(act.action, act.reason) for act in told] == [("refresh_session", "REFRESH_REUSED")]
    assert told[0].ip == "1.2.3.4"


def test_access_tokens_of_the_family_end_within_sixty_seconds(town: Town) -> None:
    # Given an authorizer that has just read the epochs, and API Gateway that has just asked it
    stolen = town.by_wechat()
    town.authorize(stolen)
    asked_at = town.now()
    log_out(town, town.caller(stolen))

    # When / Then the authorizer knows after 30 seconds; its answer was kept for 30 more at most
    town.move(seconds=29.999)
    town.authorize(stolen)
    town.move(seconds=0.001)
    with pytest.raises(TokenRevokedError):
        town.authorize(stolen)
    assert town.now() - asked_at <= 30_000


def test_the_same_token_from_two_places_at_once(town: Town, racing: Any) -> None:
    """The owner and a thief, or a client that asks twice: one rotation, one next token for both."""
    # Given
    session = town.by_wechat()

    # When
    answers = racing(*(lambda: town.refresh(session.refresh_token) for _ in range(8)))

    # Then
    assert {type(answer) for answer in answers} == {Session}
    assert len({answer.refresh_token for answer in answers}) == 1


def test_a_thief_and_the_owner_who_share_a_token_part_soon(town: Town) -> None:
    # Given a thief who used the owner's token within its grace
    owner = town.by_wechat()
    mine = town.refresh(owner.refresh_token)
    theirs = town.refresh(owner.refresh_token)
    assert mine.refresh_token == theirs.refresh_token

    # When the owner refreshes and the thief comes ten minutes later
    newest = town.refresh(mine.refresh_token)
    town.move(seconds=600)
    with pytest.raises(SessionRevokedError):
        town.refresh(theirs.refresh_token)

    # Then it is over for both
    with pytest.raises(SessionRevokedError):
        town.refresh(newest.refresh_token)


def test_parallel_reuse_is_one_theft(town: Town, racing: Any) -> None:
    # Given
    session = town.by_wechat()
    newest = town.refresh(session.refresh_token)
    town.move(seconds=61)

    # When the old one comes from many places while the newest is used
    answers = racing(
        *(lambda: town.refresh(session.refresh_token) for _ in range(8)),
        lambda: town.refresh(newest.refresh_token),
    )

    # Then
    assert sum(isinstance(answer, Session) for answer in answers) <= 1
    with pytest.raises(SessionRevokedError):
        town.refresh(newest.refresh_token)
    assert [act.reason for act in town.acts(session.user.user_id)].count("REFRESH_REUSED") == 1


def test_a_session_of_nobody(town: Town) -> None:
    """A person who was erased: not a word about them."""
    session = town.by_wechat()
    town.store.commit(Delete(user_key(session.user.user_id), when=Exists()))
    with pytest.raises(SessionRevokedError):
        town.refresh(session.refresh_token)


@pytest.mark.parametrize("number", range(4), ids=["user", "session", "generation", "mac"])
def test_a_token_with_another_part(town: Town, number: int) -> None:
    parts = town.by_wechat().refresh_token.split(".")
    parts[number] = "1" if number == 2 else parts[number][:-1] + ("A" if parts[number][-1] != "A" else "B")
    with pytest.raises(UnauthenticatedError):
        town.refresh(".".join(parts))


def test_a_code_is_no_refresh_token(town: Town) -> None:
    """One pepper, two kinds: a mac of the one is no mac of the other."""
    body = "U.S.0"
    with pytest.raises(UnauthenticatedError):
        town.refresh(f"{body}.{town.signer.mac('sms', body)}")


Joined = Callable[[], tuple[Session, str]]


@pytest.fixture
def joined(town: Town) -> Joined:
    """Bob acts for Ann's enterprise as an operator."""

    def join() -> tuple[Session, str]:
        ann, bob = town.caller(town.by_wechat("ann")), town.caller(town.by_wechat("bob"))
        enterprise_id = open_enterprise(town, ann, "Fleet", "key-000001").enterprise_id
        set_member(town, act_of_owner(town, enterprise_id), enterprise_id, bob.user_id, Member.OPERATOR)
        return act_for(town, bob, enterprise_id), enterprise_id

    return join


def act_of_owner(town: Town, enterprise_id: str) -> Any:
    return town.caller(act_for(town, town.caller(town.by_wechat("ann")), enterprise_id))


def test_a_refresh_says_what_the_member_is_now(town: Town, joined: Joined) -> None:
    # Given
    session, enterprise_id = joined()
    assert town.caller(session).member is Member.OPERATOR
    newest = town.refresh(session.refresh_token)
    assert town.caller(newest).account_id == enterprise_id

    # When
    owner = act_of_owner(town, enterprise_id)
    set_member(town, owner, enterprise_id, session.user.user_id, Member.VIEWER)

    # Then, with one AWS call more than for oneself
    with town.counted() as usage:
        refreshed = town.refresh(newest.refresh_token)
    assert town.caller(refreshed).member is Member.VIEWER
    assert usage.calls == 3


def test_whoever_was_removed_cannot_refresh(town: Town, joined: Joined) -> None:
    # Given
    session, enterprise_id = joined()
    town.move(seconds=1)

    # When
    remove_member(town, act_of_owner(town, enterprise_id), enterprise_id, session.user.user_id)

    # Then
    with pytest.raises(TokenRevokedError):
        town.later_process().authorize(session)
    with pytest.raises(MembershipEndedError):
        town.refresh(session.refresh_token)


def test_two_aws_calls(town: Town) -> None:
    session = town.by_wechat()
    with town.counted() as refreshing:
        newest = town.refresh(session.refresh_token)
    with town.counted() as leaving:
        log_out(town, town.caller(newest))
    assert (refreshing.calls, leaving.calls) == (2, 1)
