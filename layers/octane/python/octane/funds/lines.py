"""Book one statement line, once: as what we expected, or in suspense for a person (LG4).

The entry's key is (account, serial) and its kind is the same for whatever the line turns out to be, so a line
is booked once, at any rerun, crash or race. What a person shall decide stands in the entry's proof and comes
out the same at every rerun.
"""

from collections.abc import Mapping
from typing import NamedTuple

from octane.funds.balances import bank_moved
from octane.funds.instructions import confirmed
from octane.funds.model import (
    BankAccount,
    BankLine,
    DifferenceKind,
    ExpectedSettlement,
    FundsDifference,
    LineKind,
)
from octane.funds.port import FundsDeps
from octane.funds.records import find_instruction
from octane.kernel.clock import Instant, in_beijing
from octane.kernel.ids import derive_id
from octane.ledger.accounts import FUNDS_IN_TRANSIT, custody_bank, suspense
from octane.ledger.entries import AlreadyBookedError, Entry, Leg, entry_of, post
from octane.store.items import Key, Table
from octane.store.store import until_settled
from octane.store.writes import Absent, ChangedMeanwhileError, Put, Write

KIND = "bank_line"
SUSPENSE_BANK = suspense("BANK")
Expected = Mapping[tuple[str, str], ExpectedSettlement]
"""By party and settled day."""


class _Meaning(NamedTuple):
    """What a line is to us."""

    legs: tuple[Leg, ...]
    """Against the bank's own leg."""
    proof: str
    writes: tuple[Write, ...]
    """Besides the entry."""


def line_subject(account: BankAccount) -> str:
    return f"BANK#{account}"


def line_key(account: BankAccount, serial: int) -> Key:
    return Key(Table.LEDGER, line_subject(account), f"{KIND}#{serial:09d}")


def settled_key(party: str, day: str) -> Key:
    return Key(Table.RECONCILIATION, f"SETTLED#{party}#{day}", "#SETTLED")


def book_line(deps: FundsDeps, line: BankLine, expected: Expected) -> FundsDifference | None:
    """Book a line unless it is booked; return what a person must look at. Two or three AWS calls."""

    def book() -> FundsDifference | None:
        known = deps.store.get(line_key(line.account, line.serial))
        if known is not None:
            return difference_of(line, entry_of(known))
        now = deps.clock.now()
        meaning = _meaning(deps, line, expected, now)
        entry = line_entry(line, meaning, now)
        try:
            deps.store.commit(post(entry), *meaning.writes)
        except AlreadyBookedError:
            raise ChangedMeanwhileError from None  # by another run: read what it made of the line
        return difference_of(line, entry)

    return until_settled(book)


def line_entry(line: BankLine, meaning: _Meaning, now: Instant) -> Entry:
    legs = (Leg(custody_bank(line.account), line.amount), *meaning.legs)
    reference = f"{line.serial:09d}"
    return Entry(line_subject(line.account), KIND, reference, legs, line.booked_at, now, meaning.proof)


def _meaning(deps: FundsDeps, line: BankLine, expected: Expected, now: Instant) -> _Meaning:
    if not line.serial:
        return _in_suspense(line, DifferenceKind.OPENING, 0)
    if line.kind is LineKind.SETTLEMENT and line.account is BankAccount.HOT:
        return _settlement(deps, line, expected)
    if line.kind is LineKind.TRANSFER:
        return _transfer(deps, line, now)
    return _in_suspense(line, DifferenceKind.UNEXPECTED, 0)


def _settlement(deps: FundsDeps, line: BankLine, expected: Expected) -> _Meaning:
    claim = settled_key(line.counterparty, line.settled_day)
    wanted = expected.get((line.counterparty, line.settled_day))
    if deps.store.get(claim) is not None:
        return _in_suspense(line, DifferenceKind.DUPLICATE, 0)
    if wanted is None:
        return _in_suspense(line, DifferenceKind.UNEXPECTED, 0)
    if wanted.amount != line.amount:
        return _in_suspense(line, DifferenceKind.AMOUNT, wanted.amount)
    statement_day = in_beijing(line.booked_at).date().isoformat()
    once = Put(claim, {"serial": line.serial, "statement": statement_day}, when=Absent())
    proof = f"settlement:{wanted.party}:{wanted.day}"
    return _Meaning(wanted.legs, proof, (once, bank_moved(line.account, line.amount)))


def _transfer(deps: FundsDeps, line: BankLine, now: Instant) -> _Meaning:
    instruction = find_instruction(deps.store, line.instruction)
    if instruction is None:
        return _in_suspense(line, DifferenceKind.UNEXPECTED, 0)
    awaited = instruction.awaits(line.account)
    if not awaited:
        used = {BankAccount(instruction.debit): instruction.debited}
        if instruction.credit is not None:
            used[instruction.credit] = instruction.credited
        kind = DifferenceKind.DUPLICATE if used.get(line.account) else DifferenceKind.UNEXPECTED
        return _in_suspense(line, kind, 0)
    if awaited != line.amount:
        return _in_suspense(line, DifferenceKind.AMOUNT, awaited)
    writes = confirmed(deps.store, instruction, line.serial, is_debit=awaited < 0, now=now)
    if awaited > 0:
        writes += (bank_moved(line.account, line.amount),)
    legs = (Leg(FUNDS_IN_TRANSIT, -line.amount),)
    return _Meaning(legs, f"instruction:{instruction.number}", writes)


def _in_suspense(line: BankLine, kind: DifferenceKind, expected: int) -> _Meaning:
    legs = (Leg(SUSPENSE_BANK, -line.amount),)
    return _Meaning(legs, f"suspense:{kind}:{expected}", (bank_moved(line.account, line.amount),))


def difference_of(line: BankLine, entry: Entry) -> FundsDifference | None:
    """What the booked entry of a line leaves to a person; None when it was expected."""
    booked = bank_leg(entry, line.account)
    if (booked, entry.effective_at) != (line.amount, line.booked_at):
        return difference(line, DifferenceKind.CHANGED, booked)
    word, _, rest = entry.proof.partition(":")
    if word != "suspense":
        return None
    kind, _, expected = rest.partition(":")
    return difference(line, DifferenceKind(kind), int(expected))


def difference(line: BankLine, kind: DifferenceKind, expected: int) -> FundsDifference:
    about = line.instruction or f"{line.counterparty} {line.settled_day}".strip()
    return FundsDifference(
        number=derive_id("B", line.account, str(line.serial), kind),
        kind=kind,
        account=line.account,
        day=in_beijing(line.booked_at).date().isoformat(),
        serial=line.serial,
        expected=expected,
        found=line.amount,
        about=about,
    )


def bank_leg(entry: Entry, account: BankAccount) -> int:
    """What an entry moves on a bank account, in fen."""
    return sum(leg.fen for leg in entry.legs if leg.account == custody_bank(account))
