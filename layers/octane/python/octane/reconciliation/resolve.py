"""What becomes of a day's differences: repaired where it is safe, else suspense and a person's task (RC3).

After it, what the counterparty's account with us moved by that day is what its bill says: each line that the
two sides tell differently has its entry in suspense. Every commit is refused when a newer run of the day has
begun, so that of two runs the older cannot undo the newer.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from octane.billers.names import Biller
from octane.channels.port import ChannelName
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import StateError
from octane.kernel.statement import LineStatus, StatementLine
from octane.ledger.accounts import suspense
from octane.ledger.entries import entry_of, post
from octane.orders.deps import Deps
from octane.orders.repair import Repair, repair_line
from octane.reconciliation.cut import entry_keys, movement_of
from octane.reconciliation.differences import (
    ENDED,
    WAITING,
    Difference,
    DifferenceState,
    LineView,
    difference_of,
    entry,
    holding_account,
    moved,
    opened,
    partition,
)
from octane.reconciliation.model import BILLERS, MatchClass, Source, day_window
from octane.store.items import Key, Query, Table
from octane.store.store import until_settled
from octane.store.writes import Absent, AtMost, Check, Is, Update, Write, any_of

MOST_DIFFERENCES = 500
"""Of one source and day. More are no differences but a broken bill or a broken cut: nothing is booked, a
person looks first."""
FEE_TOLERANCE_FEN = 1
"""A line's fee may be rounded another way than we expect (half up): that is accepted without a person."""
ASKED: Mapping[Source, ChannelName | Biller] = {
    Source.WECHAT: ChannelName.WECHAT,
    Source.ALIPAY: ChannelName.ALIPAY,
    Source.UNIONPAY: ChannelName.UNIONPAY,
    **{source: Biller(source.value) for source in BILLERS},
}
"""Who is asked about a line of a source's bill; the issuer about those of its aggregator."""
ASKED_AGAIN = frozenset({Repair.SILENT, Repair.UNCONFIRMED})
"""Why a line was not repaired, where the next run asks once more."""
SILENT_MS = 20 * 3_600 * SECOND
"""Who tells a run nothing, and so long after tells another nothing, never will: then its bill is believed."""
BY = "reconciliation"


class StaleRunError(StateError):
    """A newer run of the day has begun."""

    code = "STALE_RUN"


class TooManyDifferencesError(StateError):
    code = "TOO_MANY_DIFFERENCES"


class Resolution(NamedTuple):
    """How many differences of the run went which way."""

    repaired: int = 0
    accepted: int = 0
    opened: int = 0
    cleared: int = 0
    known: int = 0


def run_key(day: str, source: Source) -> Key:
    return Key(Table.RECONCILIATION, partition(day, source), "#RUN")


def resolve_differences(
    deps: Deps, source: Source, day: str, version: int, found: Iterable[Difference]
) -> Resolution:
    """Act on what run `version` found. The fee of the bill is booked when it is settled (funds).

    May be called again after dying anywhere, and again for a newer version. Raises `StaleRunError`,
    `TooManyDifferencesError`.
    """
    run = _claim(deps, source, day, version)
    new = {each.id: each for each in found if each.match_class is not MatchClass.IN_TRANSIT}
    if len(new) > MOST_DIFFERENCES:
        deps.signals.count("TooManyDifferences", source=source.value, day=day, found=len(new))
        raise TooManyDifferencesError(f"{len(new)} differences of {source} on {day}.")
    rows = deps.store.scan_pages(Query(Table.RECONCILIATION, partition(day, source), "DIFF#", "DIFF#~"))
    known = {each.id: each for each in map(difference_of, rows)}
    counts = {"repaired": 0, "accepted": 0, "opened": 0, "cleared": 0, "known": 0}
    for identifier, difference in new.items():
        counts[_meet(deps, run, difference, known.get(identifier))] += 1
    for identifier, difference in known.items():
        if identifier not in new and _miss(deps, run, difference):
            counts["cleared"] += 1
    return Resolution(**counts)


def _claim(deps: Deps, source: Source, day: str, version: int) -> Check:
    """Take the day for this run, or raise; return the check that it is still ours."""
    key = run_key(day, source)
    claim = Update(
        key,
        when=any_of(Absent(), AtMost("version", version)),
        assign={"version": version},
        otherwise=StaleRunError(f"A newer run of {day} than {version} has begun."),
    )
    deps.store.commit(claim)
    return Check(key, when=Is("version", version), otherwise=StaleRunError())


def _meet(deps: Deps, run: Check, found: Difference, known: Difference | None) -> str:
    """Act on one difference; return what was done with it."""
    if known is None:
        return _open(deps, run, found)
    if known.state is DifferenceState.REPAIRED and _is_booked(deps, found):
        return "known"  # the run had cut our side before it was repaired
    if known.state in {DifferenceState.REPAIRED, DifferenceState.CLEARED}:
        again = found._replace(version=known.version, opened_at=known.opened_at, reason="FOUND_AGAIN")
        _suspend(deps, run, again, known)
        return "opened"
    if known.state is DifferenceState.OPEN and known.reason in ASKED_AGAIN and found.theirs:
        is_mute = known.silent_since and deps.clock.now() - known.silent_since >= SILENT_MS
        answer = _repair(deps, found, found.theirs, known.silent_since if is_mute else None)
        if answer is Repair.DONE:
            _settle(deps, run, known, DifferenceState.REPAIRED, "QUERY_AND_CONFIRM")
            return "repaired"
        known = _heard(deps, run, known, answer)
    return _follow(deps, run, known, found)


def _heard(deps: Deps, run: Check, known: Difference, answer: Repair) -> Difference:
    """Keep what the counterparty said last: any word of it ends its silence, which begins anew after it."""
    told = _told(known, answer, deps.clock.now())
    if told == known:
        return known
    new, writes = moved(known, told, deps.clock.now(), BY)
    deps.store.commit(run, *writes)
    return new


def _told(difference: Difference, answer: Repair, now: Instant) -> Difference:
    since = (difference.silent_since or now) if answer is Repair.SILENT else Instant(0)
    return difference._replace(reason=answer.value, silent_since=since)


def _is_booked(deps: Deps, found: Difference) -> bool:
    """Whether our books have the line, in the bill's own day: by the ledger itself, of which a run reads a
    copy."""
    theirs = found.theirs
    if found.match_class is not MatchClass.MISSING_HERE or theirs is None:
        return False
    window = day_window(found.source, date.fromisoformat(theirs.day))
    for item in filter(None, map(deps.store.get, entry_keys(found.kind, found.number))):
        entry = entry_of(item)
        moved_there = movement_of(entry, found.source)
        if moved_there and moved_there.amount == theirs.amount:
            return window.start <= entry.effective_at < window.end
    return False


def _open(deps: Deps, run: Check, found: Difference) -> str:
    now = deps.clock.now()
    difference = found._replace(opened_at=now)
    if _fee_within_rule(difference):
        accepted = difference._replace(state=DifferenceState.ACCEPTED, action="FEE_WITHIN_RULE")
        deps.store.commit(run, *opened(accepted))
        return "accepted"
    if difference.match_class is MatchClass.MISSING_HERE and difference.theirs:
        repair = _repair(deps, difference, difference.theirs, None)
        if repair is Repair.DONE:
            repaired = difference._replace(state=DifferenceState.REPAIRED, action="QUERY_AND_CONFIRM")
            deps.store.commit(run, *opened(repaired))
            return "repaired"
        difference = _told(difference, repair, now)
    _suspend(deps, run, difference, None)
    return "opened"


def _repair(deps: Deps, difference: Difference, theirs: LineView, silent_since: Instant | None) -> Repair:
    line = StatementLine(
        kind=difference.kind,
        number=difference.number,
        reference=theirs.reference,
        amount=theirs.amount,
        fee=theirs.fee,
        currency=theirs.currency,
        status=LineStatus(theirs.status),
        party=theirs.party,
        merchant=theirs.merchant,
        settled_at=Instant(theirs.settled_at),
        line=theirs.line,
    )
    if line.status is not LineStatus.SUCCEEDED:
        return Repair.UNCONFIRMED
    asked = ASKED.get(difference.source)
    return until_settled(lambda: repair_line(deps, asked, line, silent_since=silent_since))


def _fee_within_rule(difference: Difference) -> bool:
    ours, theirs = difference.ours, difference.theirs
    if difference.fields != ("fee",) or ours is None or theirs is None:
        return False
    return abs(ours.fee - theirs.fee) <= FEE_TOLERANCE_FEN


def _suspend(deps: Deps, run: Check, found: Difference, known: Difference | None) -> None:
    """Open a task, or one that was closed without a person again, with its money in suspense."""
    now = deps.clock.now()
    difference = found._replace(
        state=DifferenceState.OPEN, suspense=-found.delta, booked=found.delta, chased=False
    )
    writes: tuple[Write, ...]
    if known is None:
        writes = opened(difference)
    else:
        difference, writes = moved(known, difference, now, BY)
    deps.store.commit(run, *writes, *_into_suspense(difference, difference.suspense, now))
    deps.signals.count(
        "DifferenceOpened", source=difference.source.value, match_class=difference.match_class.value
    )


def _follow(deps: Deps, run: Check, known: Difference, found: Difference) -> str:
    """The bill or our books may say something else by now: what is set apart follows. What a person has ended
    is opened again for the change, and only for it."""
    change = found.delta - known.booked
    is_ended = known.state not in WAITING
    if not change and (known.said == found.said or (is_ended and _fee_within_rule(found))):
        return "known"
    followed = known._replace(
        ours=found.ours,
        theirs=found.theirs,
        fields=found.fields,
        suspense=known.suspense - change,
        booked=found.delta,
        action="CORRECTED",
    )
    if is_ended:
        _reopen(deps, run, known, followed, "FIGURES_CHANGED")
        return "opened"
    if known.state is DifferenceState.PROPOSED:  # what was proposed was about other figures
        state = DifferenceState.CHASED if known.chased else DifferenceState.OPEN
        followed = followed._replace(state=state, proposed_by="")
    now = deps.clock.now()
    new, writes = moved(known, followed, now, BY)
    deps.store.commit(run, *writes, *_into_suspense(new, -change, now))
    return "known"


def _miss(deps: Deps, run: Check, known: Difference) -> bool:
    """The run does not find it any more: the account is as if it had never been; return whether that was all.
    What a person has ended meanwhile is apart again, the other way."""
    if known.state not in WAITING and not (known.state in ENDED and known.booked):
        return False
    left = known.suspense + known.booked
    if not left:
        _settle(deps, run, known, DifferenceState.CLEARED, "NOT_FOUND_AGAIN")
        return True
    if known.booked:
        gone = known._replace(suspense=left, booked=0, action="NOT_FOUND_AGAIN")
        _reopen(deps, run, known, gone, "GONE")
    return False


def _reopen(deps: Deps, run: Check, known: Difference, apart: Difference, why: str) -> None:
    """What it holds is in suspense again, and a person's. What was claimed is claimed no more."""
    now = deps.clock.now()
    opened_again = apart._replace(
        state=DifferenceState.OPEN, chased=False, reason=why, proposed_by="", decided_by="", opened_at=now
    )
    new, writes = moved(known, opened_again, now, BY)
    claimed = known.suspense if known.chased else 0
    back = _into_suspense(known._replace(version=new.version), -claimed, now)
    apart_now = _into_suspense(new, new.suspense - known.suspense + claimed, now)
    deps.store.commit(run, *writes, *back, *apart_now)
    deps.signals.count("DifferenceOpened", source=new.source.value, match_class=new.match_class.value)


def _settle(deps: Deps, run: Check, known: Difference, state: DifferenceState, action: str) -> None:
    """Nothing is apart: what it holds goes back where it came from."""
    now = deps.clock.now()
    done = known._replace(state=state, action=action, suspense=0, booked=0)
    new, writes = moved(known, done, now, BY)
    deps.store.commit(run, *writes, *_into_suspense(new, -known.suspense, now))


def _into_suspense(difference: Difference, amount: int, now: Instant) -> tuple[Write, ...]:
    """Set an amount apart, or take it back when it is negative."""
    if not amount:
        return ()
    account = holding_account(difference)
    kind = "suspense_booked" if account == suspense(difference.source) else "claim_corrected"
    return (post(entry(difference, kind, amount, debit=account, credit=difference.account, now=now)),)
