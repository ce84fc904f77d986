"""The daily check of the custody bank against the ledger (LG4).

Each line of the statements is booked once, as what we expected or in suspense; then each account's ledger
balance must be the statement's closing. Nothing is booked of a statement that does not follow the one before.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime

from octane.funds.balances import read_balances
from octane.funds.days import ClosedDay, close_day, closed_days, continuity_failures
from octane.funds.lines import (
    KIND,
    Expected,
    bank_leg,
    book_line,
    line_subject,
    settled_key,
)
from octane.funds.model import (
    AccountCheck,
    BankAccount,
    BankLine,
    BankStatement,
    DifferenceKind,
    ExpectedSettlement,
    FundsDifference,
    FundsReport,
    LineKind,
)
from octane.funds.port import FundsDeps
from octane.funds.records import open_instructions, read_all
from octane.kernel.clock import BEIJING, Instant
from octane.kernel.errors import InputError
from octane.kernel.ids import derive_id
from octane.kernel.money import format_yuan
from octane.ledger.entries import AlreadyBookedError, Entry, entry_of, post
from octane.store.items import Query, Table
from octane.store.writes import Absent, ChangedMeanwhileError, Put


class StatementsIncompleteError(InputError):
    """A fault of the caller: a day is checked with the statements of all accounts."""

    code = "STATEMENTS_INCOMPLETE"


def check_funds(
    deps: FundsDeps, day: date, statements: Sequence[BankStatement], expected: Sequence[ExpectedSettlement]
) -> FundsReport:
    """Book a day's statements and prove them.

    `statements`: of each account, for that day. `expected`: the settlements of all matched days that may
    come up to now; those of earlier days that no statement has settled are reported. Checked again, a day
    books nothing twice and reports the same.
    """
    if {(s.account, s.day) for s in statements} != {(account, day) for account in BankAccount}:
        raise StatementsIncompleteError
    by_settlement = {(one.party, one.day): one for one in expected}
    accounts: list[AccountCheck] = []
    differences: list[FundsDifference] = []
    failures: list[str] = []
    for statement in sorted(statements, key=lambda one: one.account is BankAccount.COLD):
        before = _day_before(deps, statement)
        broken = continuity_failures(statement, before)
        failures += broken
        if broken:
            continue
        differences += _book(deps, statement, before, by_settlement)
        found = AccountCheck(statement.account, statement.closing, _ledger_balance(deps, statement, before))
        accounts.append(found)
        wrong = _disagreement(day, found)
        failures += wrong
        if not wrong:
            failures += _close(deps, statement, before)
    differences += _absent(deps, day, expected)
    differences += _unconfirmed(deps, day)
    differences += _overdrawn(deps, day)
    for one in differences:
        deps.signals.count("FundsDifference", kind=one.kind.value, account=one.account.value)
    if failures:
        deps.signals.count("FundsCheckFailed", day=day.isoformat(), failures=len(failures))
    return FundsReport(day.isoformat(), tuple(accounts), tuple(differences), tuple(failures))


def _day_before(deps: FundsDeps, statement: BankStatement) -> ClosedDay | None:
    days = closed_days(deps.store, statement.account, statement.day, limit=2)
    return next((known for known in days if known.day < statement.day), None)


def _book(
    deps: FundsDeps, statement: BankStatement, before: ClosedDay | None, expected: Expected
) -> Iterator[FundsDifference]:
    lines = statement.lines
    if before is None and statement.opening:
        lines = (_opening_line(statement), *lines)
    for line in lines:
        found = book_line(deps, line, expected)
        if found is not None:
            yield found


def _opening_line(statement: BankStatement) -> BankLine:
    """What an account's first statement opens with, as a line: serial 0, at the start of the day."""
    day, opening = statement.day, statement.opening
    midnight = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    at = Instant(round(midnight.timestamp() * 1_000))
    return BankLine(statement.account, 0, at, opening, opening, LineKind.OTHER, "", "", "", "", 0)


def _ledger_balance(deps: FundsDeps, statement: BankStatement, before: ClosedDay | None) -> int:
    """The closing before, and what the ledger itself now has of this day's serials."""
    first, last, closing = 0, 0, 0
    if before is not None:
        first, last, closing = before.last_serial + 1, before.last_serial, before.closing
    if statement.lines:
        last = statement.lines[-1].serial
    if last < first:
        return closing
    subject = line_subject(statement.account)
    query = Query(Table.LEDGER, subject, f"{KIND}#{first:09d}", f"{KIND}#{last:09d}")
    booked = (bank_leg(entry_of(item), statement.account) for item in deps.store.scan_pages(query))
    return closing + sum(booked)


def _disagreement(day: date, found: AccountCheck) -> tuple[str, ...]:
    if found.booked == found.stated:
        return ()
    return (
        f"{found.account} {day}: the ledger has {format_yuan(found.booked)} yuan, the bank "
        f"{format_yuan(found.stated)}: {format_yuan(found.stated - found.booked)} apart.",
    )


def _close(deps: FundsDeps, statement: BankStatement, before: ClosedDay | None) -> tuple[str, ...]:
    try:
        deps.store.commit(close_day(statement, before))
    except ChangedMeanwhileError:
        name = f"{statement.account} {statement.day}"
        return (f"{name}: this day was checked before with a statement that closed otherwise.",)
    return ()


def _absent(deps: FundsDeps, day: date, expected: Sequence[ExpectedSettlement]) -> Iterator[FundsDifference]:
    """What should have been settled by the day's end: a party settles a day on the next one."""
    due = [one for one in expected if one.day < day.isoformat() and one.legs]
    items = read_all(deps.store, [settled_key(one.party, one.day) for one in due])
    settled = {str(item["pk"]) for item in items if str(item["statement"]) <= day.isoformat()}
    for one in due:
        if settled_key(one.party, one.day).pk in settled:
            continue
        if one.amount == 0:
            _net(deps, one, day)
            continue
        number = derive_id("B", one.party, one.day, DifferenceKind.ABSENT)
        about = f"{one.party} {one.day}"
        kind, account = DifferenceKind.ABSENT, BankAccount.HOT
        yield FundsDifference(number, kind, account, one.day, 0, one.amount, 0, about)


def _net(deps: FundsDeps, one: ExpectedSettlement, day: date) -> None:
    """A settlement of nothing makes no line; its fee and its gross amount are booked all the same."""
    claim, now = settled_key(one.party, one.day), deps.clock.now()
    once = Put(claim, {"serial": 0, "statement": day.isoformat()}, when=Absent())
    entry = Entry(
        claim.pk, "settlement_netted", one.day, one.legs, now, now, f"settlement:{one.party}:{one.day}"
    )
    with suppress(ChangedMeanwhileError, AlreadyBookedError):  # another run was faster
        deps.store.commit(once, post(entry))


def _unconfirmed(deps: FundsDeps, day: date) -> Iterator[FundsDifference]:
    for one in open_instructions(deps.store):
        if one.day >= day.isoformat():
            continue
        account = one.credit if one.debited and one.credit else one.debit
        number = derive_id("B", one.number, DifferenceKind.UNCONFIRMED)
        kind, awaited = DifferenceKind.UNCONFIRMED, one.awaits(account)
        yield FundsDifference(number, kind, account, one.day, 0, awaited, 0, one.number)


def _overdrawn(deps: FundsDeps, day: date) -> Iterator[FundsDifference]:
    for account, balance in read_balances(deps.store).items():
        if balance.available < 0:
            number = derive_id("B", account, day.isoformat(), DifferenceKind.OVERDRAWN)
            kind, left = DifferenceKind.OVERDRAWN, balance.available
            yield FundsDifference(number, kind, account, day.isoformat(), 0, 0, left, account.value)
