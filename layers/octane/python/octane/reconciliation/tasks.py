"""A person ends a difference: accept, write off, chase, recover; above a limit two of them (RC3).

Nothing is edited: each decision is an entry, a step with its reason, and the next version of the difference.

| action    | from    | money we lack (suspense > 0)        | money too much (suspense < 0)       |
|-----------|---------|-------------------------------------|-------------------------------------|
| ACCEPT    | OPEN    | the bill is right: our loss         | the bill is right: owed to the payer |
| WRITE_OFF | both    | given up: our loss                  | nobody's: our gain                  |
| CHASE     | OPEN    | claimed from the counterparty       | –                                   |
| RECOVER   | CHASED  | the counterparty's account has it   | –                                   |

What the bank gives back comes by a line of its own, with a task of its own: the two are written off together.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from octane.audit.acts import act_of, record, state_digest
from octane.kernel.caller import READS_DIFFERENCES, SETTLES_DIFFERENCES, Caller
from octane.kernel.clock import Instant
from octane.kernel.errors import ForbiddenError, InputError
from octane.kernel.statement import LineKind
from octane.ledger.accounts import (
    RECONCILIATION_GAIN,
    RECONCILIATION_LOSS,
    UNEXPECTED_RECEIPTS,
    claims,
)
from octane.ledger.entries import post
from octane.orders.deps import Deps
from octane.reconciliation.differences import (
    OPEN_SHARD,
    Difference,
    DifferenceNotFoundError,
    DifferenceState,
    DifferenceStateError,
    difference_key,
    difference_of,
    entry,
    holding_account,
    item_of,
    moved,
    partition,
    whole,
)
from octane.reconciliation.model import Source
from octane.store.cursors import read_cursor, write_cursor
from octane.store.items import OPEN, Key, Page, Query, Table
from octane.store.store import Store
from octane.store.writes import ChangedMeanwhileError, Put

PAGE = 50
SHORTEST_REASON = 4


class ReasonMissingError(InputError):
    code = "REASON_MISSING"
    summary = "Say why: a decision about money needs a reason."


class SamePersonError(ForbiddenError):
    code = "SAME_PERSON"
    summary = "Who proposed it cannot approve it: another person must."


class Action(StrEnum):
    ACCEPT = "ACCEPT"
    WRITE_OFF = "WRITE_OFF"
    CHASE = "CHASE"
    RECOVER = "RECOVER"


_FROM = {
    Action.ACCEPT: frozenset({False}),
    Action.WRITE_OFF: frozenset({False, True}),
    Action.CHASE: frozenset({False}),
    Action.RECOVER: frozenset({True}),
}
"""Whether the difference may have been chased before."""
_TO = {
    Action.ACCEPT: DifferenceState.ACCEPTED,
    Action.WRITE_OFF: DifferenceState.WRITTEN_OFF,
    Action.CHASE: DifferenceState.CHASED,
    Action.RECOVER: DifferenceState.RECOVERED,
}


Place = tuple[str, Source, str]
"""A difference's day, source and id."""


class DifferenceStep(NamedTuple):
    version: int
    state: DifferenceState
    action: str
    reason: str
    suspense: int
    at: Instant
    by: str


class DifferencePage(NamedTuple):
    differences: list[Difference]
    next_cursor: str | None


def list_differences(
    deps: Deps, caller: Caller, day: str | None, source: Source | None, cursor: str | None
) -> DifferencePage:
    """List what waits for a person, oldest first (two AWS calls), or all of one day's bill (one)."""
    caller.must_have(READS_DIFFERENCES)
    if (day is None) != (source is None):
        raise InputError("Name the day and the source, or neither.")
    if day and source:
        query = Query(Table.RECONCILIATION, partition(day, source), "DIFF#", "DIFF#~")
        return DifferencePage([difference_of(item) for item in deps.store.scan_pages(query)], None)
    after = read_cursor(cursor, OPEN_SHARD, OPEN)
    page = deps.store.query(Query(Table.RECONCILIATION, OPEN_SHARD, index=OPEN, limit=PAGE, after=after))
    return DifferencePage(_read(deps.store, page), write_cursor(page.cursor))


def _read(store: Store, page: Page) -> list[Difference]:
    """The differences behind a page of the index, oldest first. One AWS call."""
    keys = [Key(Table.RECONCILIATION, str(row["pk"]), str(row["sk"])) for row in page.items]
    return sorted(map(difference_of, store.batch_get(keys)), key=lambda each: (each.opened_at, each.id))


def waiting(store: Store) -> Iterator[Difference]:
    """Everything that waits for a person, oldest first."""
    query = Query(Table.RECONCILIATION, OPEN_SHARD, index=OPEN, limit=PAGE)
    while True:
        page = store.query(query)
        yield from _read(store, page)
        if page.cursor is None:
            return
        query = replace(query, after=page.cursor)


def get_difference(deps: Deps, caller: Caller, place: Place) -> tuple[Difference, list[DifferenceStep]]:
    """Return a difference with all that was done about it."""
    caller.must_have(READS_DIFFERENCES)
    day, source, identifier = place
    difference = _load(deps, place)
    first = f"STEP#{identifier}#"
    rows = deps.store.scan_pages(
        Query(Table.RECONCILIATION, partition(day, source), first, f"{first}~"),
    )
    steps = [
        DifferenceStep(
            version=int(str(row["sk"]).rpartition("#")[2]),
            state=DifferenceState(str(row["state"])),
            action=str(row["action"]),
            reason=str(row["reason"]),
            suspense=whole(row["suspense"]),
            at=Instant(whole(row["at"])),
            by=str(row["by"]),
        )
        for row in rows
    ]
    return difference, steps


def decide(
    deps: Deps,
    caller: Caller,
    place: Place,
    action: Action,
    reason: str,
    version: int,
) -> Difference:
    """End (or chase) a difference; above the limit only propose it. `version` is the one
    that the person has seen. Raises `DifferenceStateError`, `ChangedMeanwhileError`."""
    caller.must_have(SETTLES_DIFFERENCES)
    old = _seen(_load(deps, place), version)
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        raise ReasonMissingError
    if old.state not in {DifferenceState.OPEN, DifferenceState.CHASED} or old.chased not in _FROM[action]:
        raise DifferenceStateError(f"A difference that is {old.state} does not take {action}.")
    if action is Action.RECOVER and old.source is Source.BANK:
        raise DifferenceStateError("What the bank gives back has a task of its own: write both off.")
    if action is Action.CHASE and old.suspense <= 0:
        raise DifferenceStateError("Only money that we lack can be claimed.")
    asked = old._replace(action=action.value, reason=said, proposed_by=caller.user_id)
    if old.size > deps.settings.four_eyes_limit:
        proposed = asked._replace(state=DifferenceState.PROPOSED)
        new, writes = moved(old, proposed, deps.clock.now(), caller.user_id)
        deps.store.commit(*writes, _act(deps, caller, "propose_difference", old, new))
        return new
    return _execute(deps, old, asked, caller, "decide_difference")


def approve(deps: Deps, caller: Caller, place: Place, version: int) -> Difference:
    """Do what another person has proposed."""
    caller.must_have(SETTLES_DIFFERENCES)
    old = _proposed(_load(deps, place), version)
    if caller.user_id == old.proposed_by:
        raise SamePersonError
    return _execute(deps, old, old, caller, "approve_difference")


def refuse(deps: Deps, caller: Caller, place: Place, reason: str, version: int) -> Difference:
    """Put a proposal back: the difference waits again as it did before. Its author may take it back too."""
    caller.must_have(SETTLES_DIFFERENCES)
    old = _proposed(_load(deps, place), version)
    said = reason.strip()
    if len(said) < SHORTEST_REASON:
        raise ReasonMissingError
    state = DifferenceState.CHASED if old.chased else DifferenceState.OPEN
    waiting = old._replace(state=state, action="REFUSED", reason=said, proposed_by="")
    new, writes = moved(old, waiting, deps.clock.now(), caller.user_id)
    deps.store.commit(*writes, _act(deps, caller, "refuse_difference", old, new))
    return new


def _act(deps: Deps, caller: Caller, action: str, old: Difference, new: Difference) -> Put:
    before, after = state_digest(item_of(old)), state_digest(item_of(new))
    once, now = str(new.version), deps.clock.now()
    return record(
        act_of(caller, action, old.subject, once, now, reason=new.reason, before=before, after=after)
    )


def _execute(deps: Deps, old: Difference, asked: Difference, caller: Caller, act: str) -> Difference:
    """Move the money and the difference together."""
    action, now = Action(asked.action), deps.clock.now()
    chases = action is Action.CHASE
    done = asked._replace(
        state=_TO[action],
        chased=chases or old.chased,
        suspense=old.suspense if chases else 0,
        decided_by=caller.user_id,
    )
    new, writes = moved(old, done, now, caller.user_id)
    if old.suspense:
        booked = entry(
            new,
            f"difference_{new.state.value.lower()}",
            old.suspense,
            debit=_destination(action, old),
            credit=holding_account(old),
            now=now,
        )
        writes = (*writes, post(booked))
    deps.store.commit(*writes, _act(deps, caller, act, old, new))
    return new


def _destination(action: Action, old: Difference) -> str:
    """Which account takes what was set apart."""
    match action:
        case Action.CHASE:
            return claims(old.source)
        case Action.RECOVER:
            return old.account
        case Action.ACCEPT if old.suspense < 0 and old.kind is LineKind.PAYMENT:
            return UNEXPECTED_RECEIPTS
        case _:
            return RECONCILIATION_LOSS if old.suspense > 0 else RECONCILIATION_GAIN


def _load(deps: Deps, place: Place) -> Difference:
    item = deps.store.get(difference_key(*place))
    if item is None:
        raise DifferenceNotFoundError
    return difference_of(item)


def _seen(difference: Difference, version: int) -> Difference:
    if difference.version != version:
        raise ChangedMeanwhileError
    return difference


def _proposed(difference: Difference, version: int) -> Difference:
    if difference.state is not DifferenceState.PROPOSED:
        raise DifferenceStateError(f"A difference that is {difference.state} has nothing to approve.")
    return _seen(difference, version)
