"""Differences that wait for a person, how they stand in the table, and the writes that move them (RC3).

| sort key                 | item                                            |
|--------------------------|-------------------------------------------------|
| `#RUN`                   | a source's latest run of the day                |
| `DIFF#<id>`              | a difference (index: open)                      |
| `STEP#<id>#000003`       | what version 3 changed: immutable, the audit    |

All share the partition `DAY#2026-11-21#WECHAT`. A difference is named by what it is about (source, run day,
class, kind, number, and which one of several), so a rerun of the day meets it again.
"""

import hashlib
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.errors import NotFoundError, StateError
from octane.kernel.money import Fen
from octane.kernel.statement import LineKind, LineStatus
from octane.ledger.accounts import biller_payable, channel_receivable, claims, issuer_payable, suspense
from octane.ledger.entries import Entry, transfer
from octane.reconciliation.model import BILLERS, MatchClass, Source
from octane.store.items import Item, Key, Table, Value
from octane.store.writes import Absent, Is, Put, Update, Write, all_of

ID_LENGTH = 26
OPEN_SHARD = "open"


class DifferenceNotFoundError(NotFoundError):
    code = "DIFFERENCE_NOT_FOUND"
    summary = "There is no such difference."


class DifferenceStateError(StateError):
    code = "DIFFERENCE_STATE"
    summary = "The difference's state does not allow that."


class DifferenceState(StrEnum):
    OPEN = "OPEN"
    PROPOSED = "PROPOSED"
    """One person has proposed an end; another must approve it."""
    CHASED = "CHASED"
    """Claimed from the counterparty; open until it is recovered or written off."""
    REPAIRED = "REPAIRED"
    """Our books were put right by a query, without a person."""
    CLEARED = "CLEARED"
    """A later run of the day does not find it any more."""
    ACCEPTED = "ACCEPTED"
    WRITTEN_OFF = "WRITTEN_OFF"
    RECOVERED = "RECOVERED"


WAITING = frozenset({DifferenceState.OPEN, DifferenceState.PROPOSED, DifferenceState.CHASED})
ENDED = frozenset({DifferenceState.ACCEPTED, DifferenceState.WRITTEN_OFF})
"""The account stays moved. What was recovered moved it back."""


class LineView(NamedTuple):
    """What one side says. Amounts in fen."""

    amount: int
    fee: int
    currency: str
    status: str
    party: str
    merchant: str
    reference: str
    settled_at: int
    day: str
    line: int


class Difference(NamedTuple):
    source: Source
    day: str
    """The day of the run that found it."""
    match_class: MatchClass
    kind: LineKind
    number: str
    ours: LineView | None
    theirs: LineView | None
    fields: tuple[str, ...] = ()
    """What differs, of a mismatch."""
    nth: int = 1
    """Which one, of several of the same number in the same class."""
    state: DifferenceState = DifferenceState.OPEN
    version: int = 1
    suspense: int = 0
    """What it holds in suspense (when chased: in claims), fen: positive is money that we lack."""
    booked: int = 0
    """Its `delta` as it was booked last; 0 once a run does not find it. When the figures change, the change
    is booked, whatever became of the difference meanwhile."""
    chased: bool = False
    """Claimed from the counterparty."""
    opened_at: Instant = Instant(0)
    action: str = ""
    """What was proposed or done."""
    reason: str = ""
    proposed_by: str = ""
    decided_by: str = ""
    silent_since: Instant = Instant(0)
    """Since when the counterparty, asked about it, says nothing, neither yes nor no; 0 when it said something
    last."""

    @property
    def id(self) -> str:
        name = "|".join((self.source, self.day, self.match_class, self.kind, self.number, str(self.nth)))
        return hashlib.sha256(name.encode()).hexdigest()[:ID_LENGTH]

    @property
    def size(self) -> int:
        """What it is about, in fen: the money that is apart, else the whole line (a wrong party)."""
        both = [view.amount for view in (self.ours, self.theirs) if view]
        return abs(self.suspense) or max(both, default=0)

    @property
    def delta(self) -> int:
        """What the counterparty's account with us must move by to stand as its bill says: debit positive."""
        return self._effect(self.theirs) - self._effect(self.ours)

    def _effect(self, view: LineView | None) -> int:
        if view is None or view.status != LineStatus.SUCCEEDED:
            return 0
        return view.amount if self.kind is LineKind.PAYMENT else -view.amount

    @property
    def said(self) -> tuple[tuple[object, ...] | None, ...]:
        """What is compared of both sides: not when, nor where it stands in a file."""
        return tuple(
            view and view[: LineView._fields.index("settled_at")] for view in (self.ours, self.theirs)
        )

    @property
    def account(self) -> str:
        return counterparty_account(self.source)

    @property
    def subject(self) -> str:
        """Under which its entries stand in the ledger."""
        return f"DIFF#{self.id}"


def counterparty_account(source: Source) -> str:
    """The counterparty's account with us. What the issuers' aggregator bills and nobody here ordered is owed
    to the aggregator."""
    if source in BILLERS:
        return biller_payable(source)
    return issuer_payable(source) if source is Source.JUHE else channel_receivable(source)


def partition(day: str, source: Source) -> str:
    return f"DAY#{day}#{source}"


def difference_key(day: str, source: Source, identifier: str) -> Key:
    return Key(Table.RECONCILIATION, partition(day, source), f"DIFF#{identifier}")


def item_of(difference: Difference) -> Item:
    item: dict[str, Value] = {
        "match_class": difference.match_class.value,
        "kind": difference.kind.value,
        "number": difference.number,
        "fields": list(difference.fields),
        "nth": difference.nth,
        "state": difference.state.value,
        "version": difference.version,
        "suspense": difference.suspense,
        "booked": difference.booked,
        "chased": difference.chased,
        "opened_at": difference.opened_at,
        "action": difference.action,
        "reason": difference.reason,
        "proposed_by": difference.proposed_by,
        "decided_by": difference.decided_by,
        "silent_since": difference.silent_since,
    }
    for side, view in (("ours", difference.ours), ("theirs", difference.theirs)):
        if view is not None:
            item[side] = dict(zip(view._fields, view, strict=True))
    if difference.state in WAITING:
        item["open_shard"] = OPEN_SHARD
        item["opened_key"] = f"{difference.opened_at:015d}#{difference.id}"
    return item


def difference_of(item: Item) -> Difference:
    """Read a difference back; `TypeError` and `KeyError` are faults of ours."""
    _, day, source = str(item["pk"]).split("#")
    fields = item["fields"]
    return Difference(
        source=Source(source),
        day=day,
        match_class=MatchClass(str(item["match_class"])),
        kind=LineKind(str(item["kind"])),
        number=str(item["number"]),
        ours=_view_of(item.get("ours")),
        theirs=_view_of(item.get("theirs")),
        fields=tuple(str(name) for name in fields) if isinstance(fields, list) else (),
        nth=whole(item["nth"]),
        state=DifferenceState(str(item["state"])),
        version=whole(item["version"]),
        suspense=whole(item["suspense"]),
        booked=whole(item["booked"]),
        chased=item["chased"] is True,
        opened_at=Instant(whole(item["opened_at"])),
        action=str(item["action"]),
        reason=str(item["reason"]),
        proposed_by=str(item["proposed_by"]),
        decided_by=str(item["decided_by"]),
        silent_since=Instant(whole(item.get("silent_since", 0))),
    )


def _view_of(value: Value) -> LineView | None:
    if not isinstance(value, dict):
        return None
    return LineView(
        amount=whole(value["amount"]),
        fee=whole(value["fee"]),
        currency=str(value["currency"]),
        status=str(value["status"]),
        party=str(value["party"]),
        merchant=str(value["merchant"]),
        reference=str(value["reference"]),
        settled_at=whole(value["settled_at"]),
        day=str(value["day"]),
        line=whole(value["line"]),
    )


def whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def opened(difference: Difference) -> tuple[Write, ...]:
    """Put a difference on record for the first time, with its step."""
    key = difference_key(difference.day, difference.source, difference.id)
    return (
        Put(key, item_of(difference), when=Absent(), otherwise=DifferenceStateError()),
        _step(difference, difference.opened_at, "reconciliation"),
    )


def moved(old: Difference, new: Difference, at: Instant, by: str) -> tuple[Difference, tuple[Write, ...]]:
    """Return the difference one version on, and the writes that move it there: refused when somebody else
    moved it first."""
    difference = new._replace(version=old.version + 1)
    before, after = item_of(old), item_of(difference)
    write = Update(
        difference_key(old.day, old.source, old.id),
        when=all_of(Is("version", old.version), Is("state", old.state.value)),
        assign={name: value for name, value in after.items() if before.get(name) != value},
        remove=tuple(name for name in before if name not in after),
    )
    return difference, (write, _step(difference, at, by))


def _step(difference: Difference, at: Instant, by: str) -> Put:
    sort = f"STEP#{difference.id}#{difference.version:06d}"
    key = Key(Table.RECONCILIATION, partition(difference.day, difference.source), sort)
    item: Item = {
        "state": difference.state.value,
        "action": difference.action,
        "reason": difference.reason,
        "suspense": difference.suspense,
        "at": at,
        "by": by,
    }
    return Put(key, item, when=Absent())


def entry(difference: Difference, kind: str, amount: int, *, debit: str, credit: str, now: Instant) -> Entry:
    """An entry about a difference, named by its version; a negative amount goes the other way."""
    if amount < 0:
        amount, debit, credit = -amount, credit, debit
    legs = transfer(Fen(amount), debit=debit, credit=credit)
    reference = f"V{difference.version:06d}"
    return Entry(difference.subject, kind, reference, legs, now, now, difference.number)


def holding_account(difference: Difference) -> str:
    """Where what it holds stands."""
    return claims(difference.source) if difference.chased else suspense(difference.source)
