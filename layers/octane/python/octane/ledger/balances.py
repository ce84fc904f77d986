"""Balances that carry a constraint: never below zero, at any concurrency (LG2, LG3).

A balance is split into shards, so that a hot account is not a hot item. Money is held (available → held),
then posted (spent) or voided (back to available), each exactly once: the hold is an item of its own and its
state is the condition. Callers try shards in the order of `shards_for`; a shard that is too low refuses,
definitely.
"""

from enum import StrEnum

from octane.kernel.errors import StateError
from octane.kernel.money import Fen
from octane.store.items import Key, Table
from octane.store.writes import Absent, AtLeast, Is, Put, Update, Write, all_of, any_of


class InsufficientBalanceError(StateError):
    code = "INSUFFICIENT_BALANCE"
    summary = "The balance does not cover the amount."


class HoldSettledError(StateError):
    """The hold is not open: it never was, or it was posted or voided already."""

    code = "HOLD_SETTLED"
    summary = "This hold was settled already."


class HoldState(StrEnum):
    HELD = "HELD"
    POSTED = "POSTED"
    VOIDED = "VOIDED"


def shard_key(account: str, shard: int) -> Key:
    return Key(Table.LEDGER, f"BALANCE#{account}#{shard:02d}", "#BALANCE")


def hold_key(account: str, hold_id: str) -> Key:
    return Key(Table.LEDGER, f"HOLD#{account}#{hold_id}", "#HOLD")


def shards_for(hold_id: str, shards: int) -> list[int]:
    """The order in which a hold tries the shards: it starts at its own, so that holds spread."""
    start = sum(hold_id.encode()) % shards
    return [(start + step) % shards for step in range(shards)]


def credit(account: str, shard: int, amount: Fen) -> Update:
    """Add to what is available. The caller's entry makes it happen once: commit both together."""
    return Update(
        shard_key(account, shard),
        when=any_of(Absent(), AtLeast("available", 0)),
        add={"available": amount, "held": 0},
        otherwise=InsufficientBalanceError(),
    )


def hold(account: str, shard: int, hold_id: str, amount: Fen) -> tuple[Write, ...]:
    """Set an amount aside, or refuse with `InsufficientBalanceError`; a second hold of the id is refused."""
    return (
        Put(
            hold_key(account, hold_id),
            {"state": HoldState.HELD.value, "shard": shard, "amount": amount},
            when=Absent(),
            otherwise=HoldSettledError(),
        ),
        Update(
            shard_key(account, shard),
            when=AtLeast("available", amount),
            add={"available": -amount, "held": amount},
            otherwise=InsufficientBalanceError(),
        ),
    )


def settle_hold(account: str, shard: int, hold_id: str, amount: Fen, outcome: HoldState) -> tuple[Write, ...]:
    """Post a hold (the money is spent) or void it (the money is available again), exactly once."""
    returned = amount if outcome is HoldState.VOIDED else 0
    return (
        Update(
            hold_key(account, hold_id),
            when=all_of(Is("state", HoldState.HELD.value), Is("amount", amount), Is("shard", shard)),
            assign={"state": outcome.value},
            otherwise=HoldSettledError(),
        ),
        Update(
            shard_key(account, shard),
            when=AtLeast("held", amount),
            add={"available": returned, "held": -amount},
            otherwise=HoldSettledError(),
        ),
    )


def spend(account: str, shard: int, amount: Fen) -> Update:
    """Take what is available, or refuse with `InsufficientBalanceError`: no hold comes between. The caller's
    entry makes it happen once."""
    return Update(
        shard_key(account, shard),
        when=AtLeast("available", amount),
        add={"available": -amount, "held": 0},
        otherwise=InsufficientBalanceError(),
    )
