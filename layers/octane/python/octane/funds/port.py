"""The custody bank as we need it, and what the use cases of funds need from outside."""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from octane.channels.port import Refused, Unknown
from octane.funds.model import BankAccount
from octane.kernel.money import Fen
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown

if TYPE_CHECKING:
    from octane.kernel.clock import Clock
    from octane.kernel.settings import Settings
    from octane.kernel.signals import Signals
    from octane.store.store import Store


class Order(NamedTuple):
    """What the bank shall do. The number makes it happen once: sent again, it answers as the first time."""

    number: str
    debit: BankAccount
    credit: BankAccount | None
    """None: the account of ours that is registered with the bank for withdrawals; nobody names another."""
    amount: Fen
    remark: str


class Accepted(StrEnum):
    ACCEPTED = "ACCEPTED"


class CustodyBank(Protocol):
    """Each method makes at most one call and returns within its time-out."""

    def instruct(self, order: Order) -> Accepted | Refused | Unknown:
        """`Refused` is definite for the number, whatever was sent before under it."""
        ...

    def fetch(self, account: BankAccount, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """The statement of a day, which there is also when nothing moved."""
        ...


class FundsDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def settings(self) -> "Settings": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def store(self) -> "Store": ...


class BankDeps(FundsDeps, Protocol):
    @property
    def bank(self) -> CustodyBank | None:
        """None where no custody bank is set up."""
        ...
