"""Finance and its custody bank in one process: the simulated bank behind the real client, tables in memory.

`must_be_sound` is the books' own law, checked against the bank's: nothing of it comes from the code under
test but the shapes of its records.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from octane.funds.check import check_funds
from octane.funds.custody import CustodyConfig, HttpCustodyBank
from octane.funds.model import BankAccount, BankStatement, ExpectedSettlement, FundsReport
from octane.funds.records import Instruction, Withdrawal, instruction_of, withdrawal_of
from octane.funds.statement import parse_statement
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import BEIJING
from octane.kernel.money import Fen
from octane.kernel.settings import Settings
from octane.ledger.entries import Entry, entry_of
from octane.store.items import Item, Table
from octane.store.store import Store
from octane.wire.http import NoAnswerError, Response
from simulators.bank.company import CustodyBank
from simulators.bank.statement import write_statement
from simulators.misbehaviour import ANSWERING, Effect
from simulators.protocol import Call
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine

DAY = date(2026, 7, 1)
KEY = "k" * 32
LIMIT = Fen(5_000_000)
HOT, COLD = BankAccount.HOT, BankAccount.COLD


def at(day: date, hour: int = 0, minute: int = 0) -> int:
    """Epoch ms of a Beijing time."""
    return round(datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING).timestamp() * 1_000)


def next_day(day: date, days: int = 1) -> date:
    return day + timedelta(days=days)


class Signals:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def count(self, name: str, **_detail: str | int) -> None:
        self.seen.append(name)


class InProcess:
    """A transport to a company that stands beside us."""

    def __init__(self, company: CustodyBank) -> None:
        self.company = company
        self.calls: list[Call] = []

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        call = Call(method, target, headers, body or b"")
        self.calls.append(call)
        subject = self.company.subject(call)
        assert subject is not None, target
        faults = self.company.rules.take(subject.operation, subject.keys, ANSWERING)
        if Effect.DROP_BEFORE in faults:
            raise NoAnswerError("cut")
        reply = self.company.handle(call, subject, faults)
        if Effect.DROP_AFTER in faults:
            raise NoAnswerError("cut")
        return Response(reply.status, {n.lower(): v for n, v in reply.headers.items()}, reply.body)


class House:
    """Implements `octane.funds.port.BankDeps`."""

    def __init__(self) -> None:
        self.clock = HandClock(at(DAY, 9))
        self.settings = Settings(director_limit=LIMIT, withdrawal_step_up=False)
        self.signals = Signals()
        self.engine = MemoryEngine(self.clock)
        self.store = Store(self.engine, CountedNonces(), pause=lambda _: None)
        self.company = CustodyBank(KEY, lambda: self.clock.at)
        self.company.command("POST /settings", {"process_ms": 0, "early_statements": True})
        self.wire = InProcess(self.company)
        self.bank = HttpCustodyBank(CustodyConfig(KEY, "http://bank"), self.wire, self.clock)

    def settles(self, party: str, day: date, fen: int, when: int | None = None) -> None:
        self.company.custody.settle_party(party, day.isoformat(), fen, when)

    def moves(self, account: str, fen: int, **words: str) -> None:
        self.company.custody.move(account, fen, "OTHER", **words)

    def statements(self, day: date) -> list[BankStatement]:
        self.company.settle()
        told = {account: self.company.custody.day(account.value, day) for account in BankAccount}
        return [
            parse_statement(write_statement(account, day, found), account, day)
            for account, found in told.items()
        ]

    def check(self, day: date, *expected: ExpectedSettlement) -> FundsReport:
        return check_funds(self, day, self.statements(day), expected)

    def items(self, prefix: str) -> list[Item]:
        return [
            item for item in self.engine.items(Table.RECONCILIATION) if str(item["pk"]).startswith(prefix)
        ]

    def entries(self) -> list[Entry]:
        return [entry_of(item) for item in self.engine.items(Table.LEDGER) if "legs" in item]

    def nets(self) -> dict[str, int]:
        """Debits less credits of each account that is not at zero."""
        found: Counter[str] = Counter()
        for entry in self.entries():
            for leg in entry.legs:
                found[leg.account] += leg.fen
        return {account: net for account, net in found.items() if net}

    def balance(self, account: BankAccount) -> tuple[int, int]:
        """Available and held."""
        for item in self.engine.items(Table.LEDGER):
            if item["pk"] == f"BALANCE#CUSTODY_BANK:{account}#00":
                return int(str(item["available"])), int(str(item["held"]))
        return 0, 0

    def instructions(self) -> list[Instruction]:
        return [instruction_of(item) for item in self.items("INSTRUCTION#")]

    def withdrawals(self) -> list[Withdrawal]:
        return [withdrawal_of(i) for i in self.items("WITHDRAWAL#") if i["sk"] == "#WITHDRAWAL"]

    def must_be_sound(self) -> None:
        nets = self.nets()
        for account in BankAccount:
            self._must_be_the_banks(account)
            assert nets.get(f"CUSTODY_BANK:{account}", 0) == sum(self.balance(account))
            assert self.balance(account)[1] == self._held(account)
        on_the_way = 0
        for one in self.instructions():
            owed = one.amount if one.purpose == "WITHDRAWAL" and one.state != "FAILED" else 0
            on_the_way += (one.amount if one.debited else 0) - (one.amount if one.credited else 0) - owed
        assert nets.get("FUNDS_IN_TRANSIT", 0) == on_the_way
        taken = sum(w.amount for w in self.withdrawals() if w.state in ("APPROVED", "PAID"))
        assert nets.get("WITHDRAWALS", 0) == taken
        assert sum(nets.values()) == 0
        for withdrawal in self.withdrawals():
            self._must_be_governed(withdrawal)

    def _must_be_the_banks(self, account: BankAccount) -> None:
        """Each line that is booked is one of the bank's, once, with its amount."""
        lines = {line.serial: line.fen for line in self.company.custody.accounts[account]}
        for entry in self.entries():
            if entry.subject == f"BANK#{account}" and int(entry.reference):
                booked = [leg.fen for leg in entry.legs if leg.account == f"CUSTODY_BANK:{account}"]
                assert booked == [lines[int(entry.reference)]]

    def _held(self, account: BankAccount) -> int:
        waiting = sum(w.amount for w in self.withdrawals() if w.state in ("REQUESTED", "CHECKED"))
        instructed = sum(
            one.amount
            for one in self.instructions()
            if one.debit is account and one.state == "INSTRUCTED" and not one.debited
        )
        return instructed + (waiting if account is HOT else 0)

    def _must_be_governed(self, withdrawal: Withdrawal) -> None:
        by = [approval.by for approval in withdrawal.approvals]
        assert withdrawal.requested_by not in by
        assert len(set(by)) == len(by)
        if withdrawal.state in ("APPROVED", "PAID", "FAILED"):
            assert len(by) == (2 if withdrawal.amount > LIMIT else 1)
            if withdrawal.amount > LIMIT:
                assert withdrawal.approvals[-1].role == "finance_director"


def person(name: str, role: Role = Role.FINANCE) -> Caller:
    return Caller(name, role, f"session-{name}")


ANN, BOB, EVE = person("ann"), person("bob"), person("eve")
DIANA = person("diana", Role.FINANCE_DIRECTOR)


def opened(hot: int = 10_000_000, cold: int = 0) -> House:
    """A house whose first statements, of the day before, are checked: so much is hot and so much cold."""
    house = House()
    before = next_day(DAY, -1)
    house.clock.at = at(before, 12)
    for account, fen in ((HOT, hot), (COLD, cold)):
        if fen:
            house.moves(account, fen)
    assert house.check(before).holds
    house.clock.at = at(DAY, 9)
    return house
