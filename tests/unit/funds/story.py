"""A day of funds with a bit of everything, gone through again and again while one call of it goes wrong."""

from collections.abc import Callable
from typing import Any

from unit.funds.house import ANN, BOB, DAY, DIANA, LIMIT, House, at, next_day, opened

from octane.funds.instructions import move_funds
from octane.funds.model import FundsReport, channel_settlement, issuer_settlement
from octane.funds.sweeps import sweep_funds
from octane.funds.withdrawals import approve_withdrawal, refuse_withdrawal, request_withdrawal
from octane.kernel.errors import OctaneError
from octane.store.engine import AnswerLost, Conflict, Throttled

YESTERDAY = next_day(DAY, -1)
EXPECTED = (
    channel_settlement("WECHAT", YESTERDAY, 1_000_000, 6_000),
    channel_settlement("ALIPAY", YESTERDAY, 70, 70),
    channel_settlement("UNIONPAY", YESTERDAY, 100, 1),
    issuer_settlement("JUHE", YESTERDAY, {"SINOPEC": 2_000_000}),
)


class Dead(BaseException):
    """The process ends here, whatever it was about to do."""


WRITES = ("write", "transact")
READS = ("get", "query", "batch_get")


class Trap:
    """An engine whose call number `number` goes wrong."""

    def __init__(self, engine: Any, number: int, how: str) -> None:
        self.engine, self.number, self.how, self.calls = engine, number, how, 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.engine, name)
        if name not in (*READS, *WRITES):
            return call

        def called(*arguments: Any) -> Any:
            self.calls += 1
            struck = self.calls == self.number and (name in WRITES or self.how != "conflict")
            if struck and self.how in FAILURES and not self.how.endswith("after"):
                raise FAILURES[self.how]
            found = call(*arguments)
            if struck and self.how.endswith("after"):
                raise FAILURES[self.how]
            return found

        return called


FAILURES: dict[str, BaseException] = {
    "dies before": Dead(),
    "dies after": Dead(),
    "answer lost before": AnswerLost(),
    "answer lost after": AnswerLost(),
    "conflict": Conflict(),
    "throttled": Throttled(),
}


def again(act: Callable[[], object]) -> None:
    """As the state machine, a schedule or a person does it: once more when it failed."""
    for _ in range(3):
        try:
            act()
        except (Dead, OctaneError):
            continue
        return


def a_day(house: House) -> FundsReport:
    """Two withdrawals, a refused one, a sweep, settlements good and bad, checked at the end of the day."""
    small = ask(house, 1_000, "key-small-1")
    large = ask(house, LIMIT + 1, "key-large-1")
    other = ask(house, 77, "key-other-1")
    again(lambda: approve_withdrawal(house, BOB, small))
    again(lambda: approve_withdrawal(house, BOB, large))
    again(lambda: approve_withdrawal(house, DIANA, large))
    again(lambda: refuse_withdrawal(house, BOB, other, "no"))
    again(lambda: move_funds(house))
    again(lambda: move_funds(house))
    house.company.settle()
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("UNIONPAY", YESTERDAY, 100)
    house.settles("JUHE", YESTERDAY, -2_000_000)
    house.moves("HOT", -5)
    reports: list[FundsReport] = []
    again(lambda: reports.append(house.check(DAY, *EXPECTED)))
    house.clock.at = at(next_day(DAY), 9)
    again(lambda: sweep_funds(house, DAY))
    again(lambda: move_funds(house))
    house.company.settle()
    again(lambda: reports.append(house.check(DAY, *EXPECTED)))
    return reports[-1]


def ask(house: House, amount: int, key: str) -> str:
    made: list[str] = []
    again(lambda: made.append(request_withdrawal(house, ANN, amount, "rent", key).withdrawal_id))
    return made[0]


def trapped(number: int, how: str) -> tuple[House, Trap]:
    house = opened(hot=20_000_000, cold=0)
    trap = Trap(house.engine, number, how)
    object.__setattr__(house.store, "engine", trap)
    return house, trap


Books = tuple[object, ...]


def books(house: House) -> Books:
    """All that a day leaves behind."""
    entries = sorted((e.subject, e.kind, e.reference, e.legs, e.proof) for e in house.entries())
    states = sorted((w.withdrawal_id, w.state) for w in house.withdrawals())
    orders = sorted((i.number, i.state, i.amount, i.debited, i.credited) for i in house.instructions())
    return entries, states, orders, house.company.custody.totals()
