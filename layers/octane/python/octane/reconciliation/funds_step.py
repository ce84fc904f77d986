"""The step that proves our money: the day's trial balance, and the custody bank against the ledger (LG4)."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from hashlib import sha256

import orjson

from octane.funds.check import check_funds
from octane.funds.model import (
    BankAccount,
    BankStatement,
    DifferenceKind,
    ExpectedSettlement,
    FundsDifference,
    FundsReport,
    biller_settlement,
    channel_settlement,
    issuer_settlement,
)
from octane.funds.statement import parse_statement
from octane.funds.sweeps import sweep_funds
from octane.funds.trial import (
    TrialDay,
    close_trial_day,
    read_trial_json,
    trial_failures,
    trial_json,
)
from octane.kernel.clock import in_beijing
from octane.kernel.statement import BillOriginal, BillUnreadableError, LineKind, LineStatus
from octane.ledger.accounts import biller_payable
from octane.ledger.journal import read_day
from octane.reconciliation.deps import RunDeps
from octane.reconciliation.differences import Difference, LineView, difference_key, opened
from octane.reconciliation.model import BILLERS, MatchClass, Source
from octane.reconciliation.run import PROOF, SETTLEMENT, Json, day_key, latest
from octane.store.objects import Objects

TRIAL = "trial.json"
JOURNAL = "journal/day="
SETTLED_WITHIN_DAYS = 10
"""How far back a settlement may still be expected."""


def check_funds_step(deps: RunDeps, step: Json) -> Json:
    """Close the trial balance and check the bank. The answer's `funds`: opening balances for the export, rows
    for finance to read, and `failures` in words; none when all holds."""
    day, version = date.fromisoformat(step["run"]["day"]), int(step["run"]["version"])
    today = in_beijing(deps.clock.now()).date()
    trial, before = close_trial(deps.archive, day, version, is_over=day < today)
    failures = [*trial_failures(trial), *_uncollected(deps.work, trial, step)]
    rows: list[Json] = []
    if deps.bank is not None:
        statements, missing = _statements(deps, day)
        failures += missing
        if not missing:
            report = check_funds(deps, day, statements, list(_expected(deps, day)))
            failures += report.failures
            _open_tasks(deps, report.differences)
            sweep = sweep_funds(deps, day) if report.holds else None
            rows += _rows(report)
            if sweep:
                rows.append({"label": f"SWEEP {sweep.debit}>{sweep.credit}", "amount": sweep.amount})
    opening = {row.account: row.closing for row in before.rows} if before else {}
    return {**step, "funds": {"opening": opening, "rows": rows, "failures": failures}}


def _uncollected(work: Objects, trial: TrialDay, step: Json) -> Iterator[str]:
    """A biller that is no source any more (its key is gone, say), but was paid on the day: nothing matches
    its entries. A partial run collects what it was asked for; another run must have collected the others."""
    day, is_partial = step["run"]["day"], bool(step["run"].get("partial"))
    ran = {each["source"] for each in step["sources"]}
    missing = {biller_payable(source): source for source in BILLERS if source not in ran}
    for row in trial.rows:
        if row.account not in missing or not (row.debit or row.credit):
            continue
        if not (is_partial and latest(work, "days", day, missing[row.account], PROOF)):
            yield f"{missing[row.account]}: {row.account} moved, and its bill was not collected."


def close_trial(
    archive: Objects, day: date, version: int, *, is_over: bool = True
) -> tuple[TrialDay, TrialDay | None]:
    """Sum the day behind the newest balance before it, and the days between if any was never closed, from the
    journal's first on. Return it and the balance that it opens with. A day that is not over is no opening of
    the next one's: it is not kept."""
    before = _newest_before(archive, day)
    between = before.day + timedelta(days=1) if before else _first_day(archive)
    while between is not None and between < day:
        before = close_trial_day(before, read_day(archive, between.isoformat()), between)
        between += timedelta(days=1)
    trial = close_trial_day(before, read_day(archive, day.isoformat()), day)
    if is_over:
        archive.put(day_key("trial", day.isoformat(), version, TRIAL), trial_json(trial))
    return trial, before


def _first_day(archive: Objects) -> date | None:
    """The first day on which anything was booked."""
    first = next(iter(archive.list(JOURNAL)), None)
    return date.fromisoformat(first.removeprefix(JOURNAL).split("/")[0]) if first else None


def _newest_before(archive: Objects, day: date) -> TrialDay | None:
    keys = [key for key in archive.list("trial/") if key.split("/")[1].removeprefix("day=") < day.isoformat()]
    newest = max(
        keys, key=lambda key: (key.split("/")[1], int(key.split("/")[2].removeprefix("v="))), default=""
    )
    content = archive.get(newest) if newest else None
    return read_trial_json(content) if content else None


def _statements(deps: RunDeps, day: date) -> tuple[list[BankStatement], list[str]]:
    """Both accounts' statements, or in words why one is missing."""
    found, missing = [], []
    assert deps.bank is not None  # noqa: S101 - the caller's condition
    for account in BankAccount:
        answer = deps.bank.fetch(account, day)
        if not isinstance(answer, BillOriginal):
            missing.append(f"custody bank {account}: no statement of {day} ({answer})")
            continue
        digest = sha256(answer.content).hexdigest()
        deps.archive.put_new(f"originals/day={day}/source=BANK/{digest}-{answer.name}", answer.content)
        try:
            found.append(parse_statement(answer.content, account, day))
        except BillUnreadableError as error:
            missing.append(f"custody bank {account}: {error}")
    return found, missing


def _expected(deps: RunDeps, day: date) -> Iterator[ExpectedSettlement]:
    """What the matched bills of the last days let us expect, the newest version of each."""
    for back in range(SETTLED_WITHIN_DAYS):
        settled = day - timedelta(days=back)
        newest: dict[str, str] = {}
        for key in deps.work.list(f"days/day={settled}/"):
            if key.endswith(f"/{SETTLEMENT}"):
                source = key.split("/source=")[1].split("/")[0]
                if _version(key) >= _version(newest.get(source, "/v=0/")):
                    newest[source] = key
        for source, key in sorted(newest.items()):
            told = orjson.loads(deps.work.get(key) or b"{}")
            if source == Source.JUHE:
                yield issuer_settlement(source, settled, told["recharged"])
            elif source in BILLERS:
                yield biller_settlement(source, settled, told["recharged"][source])
            else:
                yield channel_settlement(source, settled, told["gross"], told["fee"])


def _version(key: str) -> int:
    return int(key.partition("/v=")[2].partition("/")[0])


def _rows(report: FundsReport) -> list[Json]:
    return [
        {"label": f"{side} {found.account}", "amount": amount}
        for found in report.accounts
        for side, amount in (("BANK", found.stated), ("LEDGER", found.booked))
    ]


_CLASSES = {
    DifferenceKind.OPENING: MatchClass.MISSING_HERE,
    DifferenceKind.UNEXPECTED: MatchClass.MISSING_HERE,
    DifferenceKind.AMOUNT: MatchClass.MISMATCH,
    DifferenceKind.DUPLICATE: MatchClass.DUPLICATE_THERE,
    DifferenceKind.CHANGED: MatchClass.MISMATCH,
    DifferenceKind.ABSENT: MatchClass.MISSING_THERE,
    DifferenceKind.UNCONFIRMED: MatchClass.MISSING_THERE,
    DifferenceKind.OVERDRAWN: MatchClass.MISMATCH,
}


def _open_tasks(deps: RunDeps, differences: Iterable[FundsDifference]) -> None:
    """A person's task for each difference at the bank, once. Its suspense is booked with the bank's line."""
    for each in differences:
        task = _task(each)._replace(opened_at=deps.clock.now())
        if deps.store.get(difference_key(task.day, task.source, task.id)) is None:
            deps.store.commit(*opened(task))
            deps.signals.count(
                "DifferenceOpened", source=task.source.value, match_class=task.match_class.value
            )


def _task(each: FundsDifference) -> Difference:
    def view(fen: int) -> LineView:
        status, about = LineStatus.SUCCEEDED.value, each.about
        return LineView(abs(fen), 0, "CNY", status, "", each.account.value, about, 0, each.day, each.serial)

    return Difference(
        source=Source.BANK,
        day=each.day,
        match_class=_CLASSES[each.kind],
        kind=LineKind.PAYMENT if (each.found or each.expected) >= 0 else LineKind.REFUND,
        number=each.number,
        ours=view(each.expected) if each.expected else None,
        theirs=view(each.found) if each.found else None,
        fields=(each.kind.value.lower(),),
        suspense=-each.found if each.is_in_suspense else 0,
    )
