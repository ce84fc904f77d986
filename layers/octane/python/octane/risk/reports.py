"""Tell the anti-fraud alliance of what was blocked: written with the block, sent later, as often as it takes
(RK2).

| key (table risk)                          | item                                              |
|-------------------------------------------|---------------------------------------------------|
| pk: `REPORTS#0` … `#3`, sk: `<due>#F…`    | a report that is to be sent when it is due        |
| pk: the order, sk: `#REPORT`              | what became of it                                 |

A process that dies after the alliance has taken a report sends it again: the id tells the alliance.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import orjson

from octane.kernel.clock import MINUTE, Clock, Instant, later
from octane.kernel.ids import derive_id
from octane.kernel.signals import Signals
from octane.risk.decide import Decision, Tags
from octane.risk.ports import Alliance, Report, Reported, Subject, SubjectKind
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import ANYWAY, Absent, ChangedMeanwhileError, Delete, Exists, Put

SHARDS = 4
AT_ONCE = 25
"""Reports of one shard in one run."""
MOST_SILENT = 5
"""Calls without an answer in one run."""
FIRST_PAUSE_MS = MINUTE
LONGEST_PAUSE_MS = 6 * 60 * MINUTE
ALARMING_TRIES = 8


class ReportDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def signals(self) -> Signals: ...
    @property
    def alliance(self) -> Alliance: ...


class Waiting(NamedTuple):
    order_id: str
    report: Report
    tries: int
    key: Key


def report_of(decision: Decision) -> Report:
    return Report(
        report_id=derive_id("F", decision.order_id),
        at=decision.at,
        reasons=decision.verdict.reasons,
        subjects=tuple(_subjects(decision.tags)),
        amount_fen=decision.facts.amount_fen,
    )


def _subjects(tags: Tags) -> Iterator[Subject]:
    kinds = zip(
        (SubjectKind.USER, SubjectKind.DEVICE, SubjectKind.IP, SubjectKind.CARD),
        (tags.user_id, tags.device, tags.ip, tags.card),
        strict=True,
    )
    return (Subject(kind, digest) for kind, digest in kinds if digest)


def ask_for_report(decision: Decision) -> Put:
    """Have a blocked order reported: commit it with the block."""
    return _put(Waiting(decision.order_id, report_of(decision), 0, _key(decision.order_id, decision.at)))


def send_reports(deps: ReportDeps) -> int:
    """Send what is due; return how many the alliance has taken or refused for good. While it is silent a run
    gives up early: each call may wait for seconds."""
    settled = silent = 0
    for shard in range(SHARDS):
        for waiting in _due(deps, shard):
            if silent >= MOST_SILENT:
                return settled
            if _send(deps, waiting):
                settled += 1
            else:
                silent += 1
    return settled


def _due(deps: ReportDeps, shard: int) -> list[Waiting]:
    last = f"{deps.clock.now():015d}~"
    page = deps.store.query(Query(Table.RISK, f"REPORTS#{shard}", "0", last, limit=AT_ONCE))
    return [_waiting(item) for item in page.items]


def _send(deps: ReportDeps, waiting: Waiting) -> bool:
    answer, now = deps.alliance.report(waiting.report), deps.clock.now()
    gone = Delete(waiting.key, when=Exists())
    try:
        if answer is Reported.UNKNOWN:
            tries = waiting.tries + 1
            if tries >= ALARMING_TRIES:
                deps.signals.count("ReportLate", order_id=waiting.order_id)
            pause = min(FIRST_PAUSE_MS * 2**tries, LONGEST_PAUSE_MS)
            again = waiting._replace(tries=tries, key=_key(waiting.order_id, later(now, pause)))
            deps.store.commit(gone, _put(again))
            return False
        if answer is Reported.REFUSED:
            deps.signals.count("ReportRefused", order_id=waiting.order_id)
        done: Item = {"report_id": waiting.report.report_id, "answer": answer.value, "at": now}
        result = Put(Key(Table.RISK, waiting.order_id, "#REPORT"), done, when=ANYWAY)
        deps.store.commit(gone, result)
    except ChangedMeanwhileError:
        return False  # another run has moved it
    return True


def _key(order_id: str, due: Instant) -> Key:
    shard = sum(order_id.encode()) % SHARDS
    return Key(Table.RISK, f"REPORTS#{shard}", f"{due:015d}#{derive_id('F', order_id)}")


def _put(waiting: Waiting) -> Put:
    report = waiting.report
    subjects = tuple(map(tuple, report.subjects))
    text = orjson.dumps((*report[:3], subjects, report.amount_fen)).decode()
    item: Item = {"order_id": waiting.order_id, "report": text, "tries": waiting.tries}
    return Put(waiting.key, item, when=Absent())


def _waiting(item: Item) -> Waiting:
    report_id, at, reasons, subjects, amount = orjson.loads(str(item["report"]))
    report = Report(
        report_id,
        Instant(at),
        tuple(reasons),
        tuple(Subject(SubjectKind(kind), digest) for kind, digest in subjects),
        amount,
    )
    key = Key(Table.RISK, str(item["pk"]), str(item["sk"]))
    return Waiting(str(item["order_id"]), report, int(str(item["tries"])), key)
