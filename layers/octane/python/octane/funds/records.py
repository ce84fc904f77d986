"""Instructions to the bank and withdrawals, how they stand in the table, and the writes that move them.

| partition                | sort key             | item                                              |
|--------------------------|----------------------|---------------------------------------------------|
| `INSTRUCTION#<number>`   | `#INSTRUCTION`       | what the bank shall do (index: open)              |
| `WITHDRAWAL#<id>`        | `#WITHDRAWAL`        | what finance asked for (index: open, by expiry)   |
| `WITHDRAWAL#<id>`        | `STEP#003`           | what its version 3 changed, and who: never edited |
| `FUNDS#WITHDRAWALS`      | `<requested_at>#<id>` | the listing of all withdrawals                   |
| `FUNDS#HOT`, `FUNDS#COLD` | `DAY#2026-07-01`    | how a checked statement closed                    |
| `SETTLED#<party>#<day>`  | `#SETTLED`           | which statement line settled that day             |

They change, so they stay out of the ledger's table, where nothing but balances ever does.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from octane.funds.model import BankAccount
from octane.kernel.clock import Instant
from octane.kernel.errors import NotFoundError
from octane.kernel.money import Fen
from octane.store.items import OPEN, Item, Key, Page, Query, Table, Value
from octane.store.store import Store
from octane.store.writes import Absent, Is, Put, Update, Write, all_of

INSTRUCTIONS, WITHDRAWALS = "INSTRUCTION", "WITHDRAWAL"
"""The partitions of the index of what is open."""
SHARD = 0
"""The bank accounts' balances are single items: a handful of people and one schedule write them."""

LISTING = "FUNDS#WITHDRAWALS"
"""The partition that lists all withdrawals."""


class InstructionState(StrEnum):
    INSTRUCTED = "INSTRUCTED"
    CONFIRMED = "CONFIRMED"
    """By the statement of every account of ours that it touches."""
    FAILED = "FAILED"
    """The bank refused it, definitely: nothing moved and nothing will."""


class InstructionPurpose(StrEnum):
    SWEEP = "SWEEP"
    WITHDRAWAL = "WITHDRAWAL"


class Instruction(NamedTuple):
    """What we told the bank to do. A withdrawal's has the withdrawal's id as its number."""

    number: str
    purpose: InstructionPurpose
    debit: BankAccount
    credit: BankAccount | None
    """None: out of our accounts."""
    amount: Fen
    day: str
    """When it was made, in Beijing."""
    made_at: Instant
    remark: str
    version: int = 0
    state: InstructionState = InstructionState.INSTRUCTED
    sent_at: int = 0
    """When the bank took it; 0: send it again, under the same number."""
    debited: int = 0
    """The serial of the statement line that took it; 0 before."""
    credited: int = 0
    code: str = ""
    """Why it failed."""

    @property
    def is_open(self) -> bool:
        return self.state is InstructionState.INSTRUCTED

    @property
    def is_unsent(self) -> bool:
        """Nobody knows that the bank has it: neither its answer nor a statement says so."""
        return self.is_open and not (self.sent_at or self.debited or self.credited)

    def awaits(self, account: BankAccount) -> int:
        """What a statement line of this account shall move for it, signed; 0: nothing (any more)."""
        if not self.is_open:
            return 0
        if account is self.debit and not self.debited:
            return -self.amount
        return self.amount if account is self.credit and not self.credited else 0


class WithdrawalState(StrEnum):
    REQUESTED = "REQUESTED"
    CHECKED = "CHECKED"
    """A large one that one person has approved; a finance director must, too."""
    APPROVED = "APPROVED"
    """Instructed: the bank pays it, and a statement will say so."""
    PAID = "PAID"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    """The bank refused to pay it."""


WAITING = frozenset({WithdrawalState.REQUESTED, WithdrawalState.CHECKED})


class Approval(NamedTuple):
    by: str
    role: str
    at: Instant


class Withdrawal(NamedTuple):
    withdrawal_id: str
    amount: Fen
    purpose: str
    requested_by: str
    requested_at: Instant
    expires_at: Instant
    is_large: bool
    """Above the director's limit when it was requested: it needs two approvals."""
    digest: str
    """Of the request that made it."""
    version: int = 1
    state: WithdrawalState = WithdrawalState.REQUESTED
    approvals: tuple[Approval, ...] = ()
    reason: str = ""
    """Why it was refused or failed."""

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def approvals_needed(self) -> int:
        return 2 if self.is_large else 1


class WithdrawalNotFoundError(NotFoundError):
    code = "WITHDRAWAL_NOT_FOUND"
    summary = "There is no such withdrawal."


def instruction_key(number: str) -> Key:
    return Key(Table.RECONCILIATION, f"INSTRUCTION#{number}", "#INSTRUCTION")


def withdrawal_key(withdrawal_id: str) -> Key:
    return Key(Table.RECONCILIATION, f"WITHDRAWAL#{withdrawal_id}", "#WITHDRAWAL")


def step_key(withdrawal: Withdrawal) -> Key:
    partition = withdrawal_key(withdrawal.withdrawal_id).pk
    return Key(Table.RECONCILIATION, partition, f"STEP#{withdrawal.version:03d}")


def listing_key(withdrawal: Withdrawal) -> Key:
    sort = f"{withdrawal.requested_at:015d}#{withdrawal.withdrawal_id}"
    return Key(Table.RECONCILIATION, LISTING, sort)


def instruction_item(record: Instruction) -> dict[str, Value]:
    item = {**_item(record), "credit": record.credit.value if record.credit else ""}
    if record.is_open:
        item |= _opened(INSTRUCTIONS, record.made_at, record.number)
    return item


def withdrawal_item(record: Withdrawal) -> dict[str, Value]:
    approvals: list[Value] = [dict(approval._asdict()) for approval in record.approvals]
    item = {**_item(record), "approvals": approvals}
    if record.is_waiting:
        item |= _opened(WITHDRAWALS, record.expires_at, record.withdrawal_id)
    return item


def _opened(shard: str, at: Instant, number: str) -> dict[str, Value]:
    return {OPEN.partition: shard, OPEN.sort: f"{at:015d}#{number}"}


def _item(record: Instruction | Withdrawal) -> dict[str, Value]:
    values: Mapping[str, Any] = record._asdict()
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}


def instruction_of(item: Item) -> Instruction:
    fields = _fields(Instruction, item)
    fields |= {"purpose": InstructionPurpose(fields["purpose"]), "debit": BankAccount(fields["debit"])}
    fields["credit"] = BankAccount(fields["credit"]) if fields["credit"] else None
    return Instruction(**fields | {"state": InstructionState(fields["state"])})


def withdrawal_of(item: Item) -> Withdrawal:
    fields = _fields(Withdrawal, item)
    fields["approvals"] = tuple(Approval(a["by"], a["role"], a["at"]) for a in fields["approvals"])
    return Withdrawal(**fields | {"state": WithdrawalState(fields["state"])})


def _fields(kind: type[Instruction] | type[Withdrawal], item: Item) -> dict[str, Any]:
    """Attributes that a newer release added are ignored, so that two releases can run at once."""
    return {name: item[name] for name in kind._fields if name in item}


def find_instruction(store: Store, number: str) -> Instruction | None:
    item = store.get(instruction_key(number))
    return None if item is None else instruction_of(item)


def load_withdrawal(store: Store, withdrawal_id: str) -> Withdrawal:
    item = store.get(withdrawal_key(withdrawal_id))
    if item is None:
        raise WithdrawalNotFoundError
    return withdrawal_of(item)


def open_instructions(store: Store) -> list[Instruction]:
    """Oldest first. Two AWS calls, and two more for each hundred."""
    found = _open(store, INSTRUCTIONS)
    return [record for record in map(instruction_of, found) if record.is_open]


def waiting_withdrawals(store: Store, until: Instant | None = None) -> list[Withdrawal]:
    """Those that wait for an approval, the first to expire first; `until`: that have expired by then."""
    found = _open(store, WITHDRAWALS, None if until is None else f"{until:015d}~")
    return [record for record in map(withdrawal_of, found) if record.is_waiting]


BATCH = 100


def _open(store: Store, shard: str, last: str | None = None) -> list[Item]:
    """The index may be behind: what it shows is read again, and what it does not show yet comes next time."""
    query = Query(Table.RECONCILIATION, shard, last=last, index=OPEN, limit=BATCH)
    keys = [Key(query.table, str(row["pk"]), str(row["sk"])) for row in store.scan_pages(query)]
    return read_all(store, keys)


def read_all(store: Store, keys: list[Key]) -> list[Item]:
    """Those that are there, in the order of the keys. One AWS call for each hundred."""
    return [item for at in range(0, len(keys), BATCH) for item in store.batch_get(keys[at : at + BATCH])]


def withdrawal_page(
    store: Store, limit: int, after: Mapping[str, str | int] | None
) -> tuple[list[Withdrawal], Page]:
    """All of them, the newest first. Two AWS calls."""
    query = Query(Table.RECONCILIATION, LISTING, newest_first=True, limit=limit, after=after)
    page = store.query(query)
    keys = [withdrawal_key(str(row["sk"]).partition("#")[2]) for row in page.items]
    return [withdrawal_of(item) for item in store.batch_get(keys)], page


def put_instruction(record: Instruction) -> Put:
    """Without an error of its own: whoever made it first has made it."""
    return Put(instruction_key(record.number), instruction_item(record), when=Absent())


def change_instruction(old: Instruction, new: Instruction) -> Update:
    """Move it one version on, on the condition that nobody has meanwhile."""
    key, when = instruction_key(old.number), Is("version", old.version)
    before, after = instruction_item(old), instruction_item(new._replace(version=old.version + 1))
    return Update(key, when, *_difference(before, after))


def put_withdrawal(record: Withdrawal) -> tuple[Put, ...]:
    """The record, its first step and its place in the listing; replays meet the record."""
    key = withdrawal_key(record.withdrawal_id)
    return (
        Put(key, withdrawal_item(record), when=Absent()),
        _step(record, record.requested_by, record.purpose, record.requested_at),
        Put(listing_key(record), {"amount": record.amount}, when=Absent()),
    )


def change_withdrawal(
    old: Withdrawal, new: Withdrawal, *, by: str, because: str, at: Instant
) -> tuple[Write, ...]:
    """Move it one version on, on the condition of the old version and state, and say who did it and why."""
    moved = new._replace(version=old.version + 1)
    when = all_of(Is("version", old.version), Is("state", old.state.value))
    change = _difference(withdrawal_item(old), withdrawal_item(moved))
    return Update(withdrawal_key(old.withdrawal_id), when, *change), _step(moved, by, because, at)


def _step(record: Withdrawal, by: str, because: str, at: Instant) -> Put:
    item: Item = {"state": record.state.value, "by": by, "because": because, "at": at}
    return Put(step_key(record), item, when=Absent())


def _difference(
    old: dict[str, Value], new: dict[str, Value]
) -> tuple[dict[str, Value], dict[str, int], tuple[str, ...]]:
    """What an `Update` assigns, adds (nothing) and removes."""
    assign = {name: value for name, value in new.items() if old.get(name) != value or name not in old}
    return assign, {}, tuple(name for name in old if name not in new)
