"""The custody bank's books, as a pure state machine: two accounts, movements, instructions.

    ACCEPTED -> DONE | (stays, until the control plane ends it)
    REFUSED

Money in fen, instants in epoch ms. Invariants: a line's balance is the one before and its amount; serials of
an account follow each other; an instruction number is taken once, with one answer, and moves money at most
once; no instruction takes more than the account has.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from simulators.protocol import Json, Now, RefusedError
from simulators.texts import moment

ACCOUNTS = ("HOT", "COLD")
OUTSIDE = ""
"""Where a withdrawal goes: the customer's registered account elsewhere."""


class State(StrEnum):
    ACCEPTED = "ACCEPTED"
    DONE = "DONE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Line:
    serial: int
    booked_at: int
    fen: int
    """Positive came in."""
    balance: int
    kind: str
    """SETTLEMENT, TRANSFER, FEE, INTEREST, OTHER."""
    instruction: str = ""
    settled_day: str = ""
    counterparty: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    number: str
    debit: str
    credit: str
    fen: int
    remark: str
    state: State = State.ACCEPTED
    code: str = ""
    due_at: int | None = None
    """When it is done; None: when the control plane says so."""

    @property
    def words(self) -> tuple[str, str, int, str]:
        """What may not change under one number."""
        return self.debit, self.credit, self.fen, self.remark


@dataclass(frozen=True, slots=True)
class Day:
    """An account's day."""

    opening: int
    closing: int
    lines: tuple[Line, ...]


@dataclass(slots=True)
class CustodyBooks:
    now: Now
    process_ms: int = 300
    """How long an instruction takes."""
    accounts: dict[str, list[Line]] = field(default_factory=lambda: {name: [] for name in ACCOUNTS})
    instructions: dict[str, Instruction] = field(default_factory=dict)

    def balance(self, account: str) -> int:
        lines = self.accounts[account]
        return lines[-1].balance if lines else 0

    def move(self, account: str, fen: int, kind: str, at: int | None = None, **words: str) -> Line:
        """Book a movement, whoever caused it; `words` are the line's other fields."""
        if account not in self.accounts:
            raise ValueError(f"accounts: {', '.join(ACCOUNTS)}")
        lines, booked_at = self.accounts[account], self.now() if at is None else at
        if not fen or (lines and booked_at < lines[-1].booked_at):
            raise ValueError("a movement has an amount, and is not before the last one")
        line = Line(len(lines) + 1, booked_at, fen, self.balance(account) + fen, kind, **words)
        lines.append(line)
        return line

    def settle_party(self, party: str, day: str, fen: int, at: int | None = None) -> Line:
        """A channel pays a day's net amount, or an issuer takes what it is owed (negative)."""
        date.fromisoformat(day)
        return self.move("HOT", fen, "SETTLEMENT", at, settled_day=day, counterparty=party)

    def instruct(self, wanted: Instruction, *, refuse: str = "", stay: bool = False) -> Instruction:
        """Take an instruction, or refuse it for good; its number again gets the same answer."""
        known = self.instructions.get(wanted.number)
        if known is not None:
            if known.words != wanted.words:
                raise RefusedError(409, "NUMBER_USED", "the number was used for another instruction")
            return known
        code = refuse
        if not code and (wanted.debit not in ACCOUNTS or wanted.credit not in (*ACCOUNTS, OUTSIDE)):
            code = "ACCOUNT_UNKNOWN"
        elif not code and (wanted.debit == wanted.credit or wanted.fen <= 0):
            code = "INSTRUCTION_INVALID"
        elif not code and wanted.fen > self.balance(wanted.debit) - self._promised(wanted.debit):
            code = "INSUFFICIENT_FUNDS"
        due = None if stay else self.now() + self.process_ms
        state = State.REFUSED if code else State.ACCEPTED
        self.instructions[wanted.number] = replace(wanted, state=state, code=code, due_at=due)
        return self.instructions[wanted.number]

    def settle(self) -> int | None:
        """Do what has fallen due; answer when the next does."""
        for one in self._accepted():
            if one.due_at is not None and one.due_at <= self.now():
                self.end(one.number)
        return min((one.due_at for one in self._accepted() if one.due_at is not None), default=None)

    def end(self, number: str, at: int | None = None) -> Instruction:
        """Do an accepted instruction now."""
        one = self.instructions[number]
        if one.state is not State.ACCEPTED:
            raise RefusedError(409, "NOT_OPEN", f"the instruction is {one.state}")
        self.move(one.debit, -one.fen, "TRANSFER", at, instruction=number, remark=one.remark)
        if one.credit:
            self.move(one.credit, one.fen, "TRANSFER", at, instruction=number, remark=one.remark)
        self.instructions[number] = replace(one, state=State.DONE)
        return self.instructions[number]

    def day(self, account: str, day: date) -> Day:
        """What a statement of a day tells."""
        lines = self.accounts[account]
        of_day = tuple(line for line in lines if moment(line.booked_at).date() == day)
        before = [line.balance for line in lines if moment(line.booked_at).date() < day]
        opening = before[-1] if before else 0
        return Day(opening, of_day[-1].balance if of_day else opening, of_day)

    def totals(self) -> Json:
        return {f"{name.lower()}_fen": self.balance(name) for name in ACCOUNTS}

    def _accepted(self) -> Iterator[Instruction]:
        return (one for one in list(self.instructions.values()) if one.state is State.ACCEPTED)

    def _promised(self, account: str) -> int:
        return sum(one.fen for one in self._accepted() if one.debit == account)
