"""The customer's stored balance (PY4): what it holds, and an order paid from it alone."""

from typing import NamedTuple

from octane.kernel.caller import Caller
from octane.kernel.money import Fen
from octane.ledger.accounts import wallet
from octane.ledger.balances import shard_key, spend
from octane.orders.attempts import SHARD
from octane.orders.deps import Deps
from octane.orders.model import Attempt, Dossier
from octane.orders.payment import paid_order
from octane.orders.records import attempt_key, item_of
from octane.orders.states import AttemptStatus
from octane.store.writes import Absent, Put


class Wallet(NamedTuple):
    """Fen: what can be spent, and what open payments have set aside."""

    available: Fen
    held: Fen


def get_wallet(deps: Deps, caller: Caller) -> Wallet:
    """Return the caller's balance; one that was never filled is empty. One AWS call."""
    item = deps.store.get(shard_key(wallet(caller.user_id), SHARD)) or {}
    return Wallet(_fen(item.get("available")), _fen(item.get("held")))


def _fen(value: object) -> Fen:
    return Fen(value if isinstance(value, int) else 0)


def pay_from_wallet(deps: Deps, dossier: Dossier, attempt: Attempt) -> tuple[Dossier, Attempt]:
    """Take the whole amount from the balance in one transaction: nothing is ever unknown.

    Raises `InsufficientBalanceError`.
    """
    order, now = dossier.order, deps.clock.now()
    paid = attempt._replace(
        status=AttemptStatus.PAID, transaction_id=attempt.out_trade_no, paid_at=now, amount=Fen(0)
    )
    moved, writes = paid_order(deps, order, paid, f"wallet:{paid.out_trade_no}", now)
    put = Put(attempt_key(order.order_id, paid.no), item_of(paid), when=Absent())
    deps.store.commit(*writes, put, spend(wallet(order.user_id), SHARD, paid.wallet))
    return Dossier(moved, (*dossier.attempts, paid), dossier.refunds), paid
