"""Revoked tokens: exact to the millisecond, bounded in time, closed when nobody knows (ID5)."""

from collections.abc import Callable
from itertools import count

import pytest
from unit.identity.conftest import Town

from octane.identity.revocation import (
    EPOCHS,
    SHARDS,
    RevocationsUnknownError,
    TokenRevokedError,
    revoke_tokens,
    shard_of,
)
from octane.identity.sessions import Session, log_out
from octane.kernel.clock import Instant
from octane.store.engine import AnswerLost, Throttled
from octane.store.items import Table
from octane.store.writes import ChangedMeanwhileError

Break = Callable[[], None]


def same_shard_as(user_id: str) -> str:
    shard = shard_of(user_id)
    return next(name for name in (f"U{number}" for number in count()) if shard_of(name) == shard)


def test_the_same_second_is_not_the_same_moment(town: Town) -> None:
    """iat has milliseconds: one made before is refused, one made after is good, in one second."""
    # Given
    before = town.by_wechat()
    town.store.commit(revoke_tokens(before.user.user_id, town.now()))
    at_once = town.by_wechat(key="key-at-once")
    town.clock.at -= 1  # `by_wechat` moves it on
    assert town.now() // 1_000 == (town.now() + 1) // 1_000

    # When / Then
    with pytest.raises(TokenRevokedError):
        town.later_process().authorize(before)
    town.move(seconds=0.001)
    town.later_process().authorize(at_once)


def test_a_token_of_the_very_millisecond_is_refused(town: Town) -> None:
    session = town.by_wechat()
    town.store.commit(revoke_tokens(session.user.user_id, town.now()))
    with pytest.raises(TokenRevokedError):
        town.authorize(session)


def test_a_revocation_costs_its_shard_one_refresh(town: Town) -> None:
    # Given a shard's mate, and somebody of another shard
    mate = town.by_wechat("mate")
    other = next(
        session
        for session in (town.by_wechat(f"other-{number}".replace("-", "")) for number in count())
        if shard_of(session.user.user_id) != shard_of(mate.user.user_id)
    )

    # When
    town.move(seconds=1)
    town.store.commit(revoke_tokens(same_shard_as(mate.user.user_id), town.now()))
    town.move(seconds=1)

    # Then
    town.authorize(other)
    with pytest.raises(TokenRevokedError):
        town.authorize(mate)
    town.authorize(town.refresh(mate.refresh_token))


def test_shards_are_even() -> None:
    shards = [shard_of(f"U{number}") for number in range(40 * SHARDS)]
    assert len(set(shards)) == SHARDS
    assert max(shards.count(shard) for shard in set(shards[:50])) < 80


def test_a_later_revocation_is_never_taken_back(town: Town) -> None:
    """Two machines, one a little ahead: the earlier one must not lower the epoch."""
    town.store.commit(revoke_tokens("U1", Instant(town.now() + 5)))
    with pytest.raises(ChangedMeanwhileError):
        town.store.commit(revoke_tokens("U1", town.now()))


def test_one_aws_call_in_thirty_seconds(town: Town) -> None:
    # Given
    session = town.by_wechat()
    calls = []

    # When
    for seconds in (0, 10, 19.999, 0.001, 29.999, 0.001):
        town.move(seconds=seconds)
        with town.counted() as usage:
            for _ in range(5):
                town.authorize(session)
        calls.append(usage.calls)

    # Then
    assert calls == [1, 0, 0, 1, 0, 1]


@pytest.fixture
def broken(town: Town, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Take the table away."""

    def take_away() -> None:
        def fail(_query: object) -> None:
            raise Throttled if town.now() % 2 else AnswerLost

        monkeypatch.setattr(town.engine, "query", fail)

    return take_away


def test_what_was_known_serves_for_a_minute_and_then_nobody_gets_in(town: Town, broken: Break) -> None:
    # Given
    revoked = town.by_wechat("bob")
    town.store.commit(revoke_tokens(revoked.user.user_id, town.now()))
    session = town.by_wechat("ann")
    town.authorize(session)
    broken()

    # When / Then
    town.move(seconds=60)
    town.authorize(session)
    with pytest.raises(TokenRevokedError):
        town.authorize(revoked)
    town.move(seconds=0.001)
    with pytest.raises(RevocationsUnknownError):
        town.authorize(session)


def test_a_process_that_never_knew_lets_nobody_in(town: Town, broken: Break) -> None:
    session = town.by_wechat()
    broken()
    with pytest.raises(RevocationsUnknownError):
        town.authorize(session)


def test_a_sick_table_is_not_asked_by_every_request(town: Town, broken: Break) -> None:
    # Given
    session = town.by_wechat()
    town.authorize(session)
    broken()
    asked = []
    query = town.engine.query
    town.engine.query = lambda wanted: (asked.append(wanted), query(wanted))[1]  # type: ignore[method-assign]

    # When
    town.move(seconds=31)
    for _ in range(20):
        town.authorize(session)

    # Then the store's own five tries, once
    assert len(asked) == 5


def test_it_knows_again_when_the_table_is_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    session = town.by_wechat()
    town.authorize(session)
    with monkeypatch.context() as patched:
        patched.setattr(town.engine, "query", lambda _: (_ for _ in ()).throw(Throttled()))
        town.move(seconds=70)
        with pytest.raises(RevocationsUnknownError):
            town.authorize(session)

    # When
    town.move(seconds=5)

    # Then
    town.authorize(session)


def test_epochs_are_forgotten_when_no_token_can_be_alive(town: Town) -> None:
    session = town.by_wechat()
    log_out(town, town.caller(session))
    [item] = [item for item in town.engine.items(Table.IDENTITY) if item["pk"] == EPOCHS]
    assert int(str(item["ttl"])) - town.now() // 1_000 == 1_200


def test_logging_out_twice_revokes_once(town: Town) -> None:
    session: Session = town.by_wechat()
    caller = town.caller(session)
    log_out(town, caller)
    town.move(seconds=1)
    log_out(town, caller)
    assert [act.action for act in town.acts(caller.user_id)] == ["log_in", "log_out"]
