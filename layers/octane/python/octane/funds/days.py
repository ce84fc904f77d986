"""How each checked statement closed: the next day's opening, and the history that the forecast is made of."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from octane.funds.model import BankAccount, BankStatement, LineKind
from octane.kernel.money import Fen, format_yuan
from octane.store.items import Item, Key, Query, Table, Value
from octane.store.store import Store
from octane.store.writes import Absent, Is, Put, all_of, any_of

DAY = "DAY#"


class ClosedDay(NamedTuple):
    day: date
    opening: int
    closing: int
    last_serial: int
    """Of the last line up to this day; 0 before the account's first."""
    outflow: Fen
    """What left for settlements and the like: neither our sweeps nor withdrawals, which nobody forecasts."""
    digest: str


def day_key(account: BankAccount, day: date) -> Key:
    return Key(Table.RECONCILIATION, f"FUNDS#{account}", f"{DAY}{day.isoformat()}")


def closed_days(store: Store, account: BankAccount, until: date, limit: int) -> list[ClosedDay]:
    """The checked days up to and with `until`, the newest first. One AWS call."""
    partition = day_key(account, until).pk
    last = f"{DAY}{until.isoformat()}"
    query = Query(Table.RECONCILIATION, partition, DAY, last, newest_first=True, limit=limit)
    return [_day_of(item) for item in store.query(query).items]


def outflows(days: list[ClosedDay]) -> Mapping[date, int]:
    return {known.day: known.outflow for known in days}


def close_day(statement: BankStatement, before: ClosedDay | None) -> Put:
    """Keep a proven day. A rerun writes the same again."""
    lines = statement.lines
    last = lines[-1].serial if lines else before.last_serial if before else 0
    outflow = -sum(line.amount for line in lines if line.amount < 0 and line.kind is not LineKind.TRANSFER)
    item: Item = {
        "opening": statement.opening,
        "closing": statement.closing,
        "last_serial": last,
        "outflow": outflow,
        "digest": statement.digest,
    }
    same = any_of(Absent(), all_of(Is("opening", statement.opening), Is("closing", statement.closing)))
    return Put(day_key(statement.account, statement.day), item, when=same)


def continuity_failures(statement: BankStatement, before: ClosedDay | None) -> tuple[str, ...]:
    """Why a statement does not follow the one of the day before; `before` is None for the account's first."""
    if before is None:
        return ()
    name = f"{statement.account} {statement.day}"
    if before.day != statement.day - timedelta(days=1):
        return (f"{name}: the statement of the day before is missing, the last one checked is {before.day}.",)
    failures: list[str] = []
    if before.closing != statement.opening:
        failures.append(
            f"{name}: the statement opens with {format_yuan(statement.opening)} yuan, "
            f"the day before closed with {format_yuan(before.closing)}."
        )
    if statement.lines and statement.lines[0].serial != before.last_serial + 1:
        failures.append(
            f"{name}: the first line is {statement.lines[0].serial}, the last one before is "
            f"{before.last_serial}."
        )
    return tuple(failures)


def _day_of(item: Item) -> ClosedDay:
    return ClosedDay(
        day=date.fromisoformat(str(item["sk"]).removeprefix(DAY)),
        opening=_whole(item["opening"]),
        closing=_whole(item["closing"]),
        last_serial=_whole(item["last_serial"]),
        outflow=Fen(_whole(item["outflow"])),
        digest=str(item["digest"]),
    )


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value
