"""The customer's stored balance (PY4): what it holds, and an order paid from it alone."""

from typing import NamedTuple

from octane.identity.step_ups import Operation, use_step_up
from octane.kernel.caller import Caller
from octane.kernel.money import Fen
from octane.ledger.accounts import wallet
from octane.ledger.balances import shard_key, spend
from octane.orders.attempts import SHARD
from octane.orders.deps import Deps
from octane.orders.model import Attempt, Dossier, Order
from octane.orders.payment import paid_order
from octane.orders.records import attempt_key, item_of
from octane.orders.states import AttemptStatus
from octane.store.items import Item, Key
from octane.store.writes import Absent, Put, Write


class Wallet(NamedTuple):
    """Fen: what can be spent, and what open payments have set aside."""

    available: Fen = Fen(0)
    held: Fen = Fen(0)


def wallet_key(account_id: str) -> Key:
    return shard_key(wallet(account_id), SHARD)


def wallet_of(item: Item) -> Wallet:
    return Wallet(_fen(item.get("available")), _fen(item.get("held")))


def get_wallet(deps: Deps, caller: Caller) -> Wallet:
    """Return the caller's balance; one that was never filled is empty. One AWS call."""
    item = deps.store.get(wallet_key(caller.account_id))
    return wallet_of(item) if item else Wallet()


def _fen(value: object) -> Fen:
    return Fen(value if isinstance(value, int) else 0)


def wallet_proof(deps: Deps, caller: Caller, order: Order, amount: Fen, step_up_id: str) -> tuple[Write, ...]:
    """A large part from the wallet needs the payment password: use its step-up up with the attempt (ID4).

    Its commit raises `StepUpRequiredError`.
    """
    if amount <= deps.settings.password_free:
        return ()
    operation, now = Operation.PAY_FROM_WALLET, deps.clock.now()
    return (use_step_up(caller.user_id, step_up_id, operation, order.order_id, amount, now),)


def pay_from_wallet(
    deps: Deps, dossier: Dossier, attempt: Attempt, proof: tuple[Write, ...] = ()
) -> tuple[Dossier, Attempt]:
    """Take the whole amount from the balance in one transaction: nothing is ever unknown. `proof` is what the
    customer has shown for it.

    Raises `InsufficientBalanceError`, and what the proof raises.
    """
    order, now = dossier.order, deps.clock.now()
    paid = attempt._replace(
        status=AttemptStatus.PAID, transaction_id=attempt.out_trade_no, paid_at=now, amount=Fen(0)
    )
    moved, writes = paid_order(deps, order, paid, f"wallet:{paid.out_trade_no}", now)
    put = Put(attempt_key(order.order_id, paid.no), item_of(paid), when=Absent())
    deps.store.commit(*writes, put, *proof, spend(wallet(order.user_id), SHARD, paid.wallet))
    return Dossier(moved, (*dossier.attempts, paid), dossier.refunds), paid
