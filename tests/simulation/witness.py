"""What must hold after every single effect.

The witness reads our tables' streams and all books, and has its own copy of the rules: nothing here comes
from the code under test but the shapes of its records.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from octane.store.items import Table
from simulation.outsiders import OWNER
from simulation.world import World
from simulators.issuer.recharges import Recharge, State
from simulators.wechat.records import RefundStatus, Trade, TradeState
from world.memory_engine import Change, ChangeKind

MOVES = MappingProxyType(
    {
        "PENDING": {"PAYING", "CLOSED"},
        "PAYING": {"RECHARGING", "CLOSED"},
        "RECHARGING": {"SUCCEEDED", "FAILED"},
    }
)
ENDS = {"SUCCEEDED", "FAILED", "CLOSED"}
RANK = MappingProxyType(
    {"PENDING": 0, "PAYING": 1, "RECHARGING": 2, "SUCCEEDED": 3, "FAILED": 3, "CLOSED": 3}
)
EVENT_OF = MappingProxyType(
    {
        "PAYING": "PaymentStarted",
        "RECHARGING": "OrderPaid",
        "SUCCEEDED": "OrderSucceeded",
        "FAILED": "OrderFailed",
        "CLOSED": "OrderClosed",
    }
)
ATTEMPT_MOVES = MappingProxyType(
    {
        "STARTED": {"PREPARED", "REFUSED", "CLOSED", "PAID"},
        "PREPARED": {"CLOSED", "PAID"},
        "CLOSED": {"PAID"},
        "REFUSED": {"PAID"},
        "PAID": set[str](),
    }
)
REFUND_MOVES = MappingProxyType(
    {
        "REQUESTED": {"PROCESSING", "SUCCEEDED", "STUCK"},
        "PROCESSING": {"REQUESTED", "SUCCEEDED", "STUCK"},
        "STUCK": {"SUCCEEDED"},
        "SUCCEEDED": set[str](),
    }
)
FIXED = ("user_id", "amount", "card_id", "card_number", "issuer", "placed_at", "expires_at")
Record = Mapping[str, Any]
OWED = ("CUSTOMER_ADVANCE", "REFUND_PAYABLE", "UNEXPECTED_RECEIPTS")


class ViolationError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        self.invariant = invariant
        self.detail = detail
        super().__init__(f"{invariant}: {detail}")


def must(holds: bool, invariant: str, detail: object) -> None:
    if not holds:
        raise ViolationError(invariant, str(detail))


@dataclass(slots=True)
class Witness:
    world: World
    seen: dict[Table, int] = field(default_factory=lambda: dict.fromkeys(Table, 0))
    nets: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Debits less credits by order and account."""
    kinds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Fen booked by order and kind of entry."""
    steps: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, Record] = field(default_factory=dict)
    attempts: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    refunds: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    recharged: int = 0
    traded: int = 0

    def look(self) -> None:
        """Check what the last commit changed, as one."""
        entries = self._news(Table.LEDGER)
        for change in entries:
            self._ledger(change)
        for order in {change.key.pk for change in entries}:
            early = {account: self.nets[order][account] for account in OWED if self.nets[order][account] > 0}
            must(not early, "nothing is paid out that is not owed", f"{self.world.alias(order)} {early}")
        by_order: dict[str, list[Change]] = {}
        for change in self._news(Table.ORDERS):
            by_order.setdefault(change.key.pk, []).append(change)
        for order_id, changes in by_order.items():
            self._commit(order_id, changes)

    def look_outside(self) -> None:
        """Check what the channel has just opened and the issuer taken."""
        trades = list(self.world.trades.trades.values())
        for trade in trades[self.traded :]:
            self._opened(trade)
        self.traded = len(trades)
        recharges = list(self.world.recharges.recharges.values())
        for recharge in recharges[self.recharged :]:
            self._recharge(recharge)
        self.recharged = len(recharges)

    def _news(self, table: Table) -> list[Change]:
        changes = self.world.engine.changes(table, self.seen[table])
        self.seen[table] += len(changes)
        return changes

    def _ledger(self, change: Change) -> None:
        if change.key.pk.startswith(("BALANCE#", "HOLD#")):
            self._balance(change)
            return
        name = f"{self.world.alias(change.key.pk)} {change.key.sk}"
        must(change.kind is ChangeKind.INSERT and change.new is not None, "entries are never changed", name)
        item: Mapping[str, Any] = change.new or {}
        order, kind = change.key.pk, change.key.sk.partition("#")[0]
        must(sum(leg["fen"] for leg in item["legs"]) == 0, "debits equal credits", name)
        nets = self.nets[order]
        for leg in item["legs"]:
            nets[leg["account"]] += leg["fen"]
        self.kinds[order][kind] += sum(leg["fen"] for leg in item["legs"] if leg["fen"] > 0)
        if kind.endswith("payment_received"):
            trade = self.trade(change.key.sk.partition("#")[2])
            fen = sum(leg["fen"] for leg in item["legs"] if leg["fen"] > 0)
            paid = trade is not None and trade.paid and trade.paid_fen == fen
            must(paid, "a capture is booked only when the channel has it", name)

    def _balance(self, change: Change) -> None:
        item: Mapping[str, Any] = change.new or {}
        low = [name for name in ("available", "held") if int(item.get(name, 0)) < 0]
        must(not low, "no balance below zero", f"{change.key.pk} {item}")

    def _commit(self, order_id: str, changes: list[Change]) -> None:
        name = self.world.alias(order_id)
        steps = [change for change in changes if change.key.sk.startswith("STEP#")]
        for change in steps:
            must(change.kind is ChangeKind.INSERT, "a step is never changed", f"{name} {change.key.sk}")
            self.steps[order_id].append(change.new or {})
        moved = next((change for change in changes if change.key.sk == "#ORDER"), None)
        for change in sorted(changes, key=lambda change: change.key.sk):  # attempts, which refunds speak of
            if change.key.sk.startswith("ATTEMPT#"):
                self._attempt(order_id, change)
            elif change.key.sk.startswith("REFUND#"):
                self._refund(order_id, change)
        if moved is not None:
            self._order(order_id, moved, [change.new or {} for change in steps])
        else:
            must(not steps, "a step goes with a change of its order", name)

    def _order(self, order_id: str, change: Change, steps: list[Record]) -> None:
        name = self.world.alias(order_id)
        must(change.new is not None, "an order is never deleted", name)
        new: Mapping[str, Any] = change.new or {}
        old: Mapping[str, Any] = change.old or {}
        self.orders[order_id] = new
        state, before = str(new["state"]), str(old.get("state", ""))
        must(
            new["version"] == old.get("version", 0) + 1,
            "each change is one version",
            f"{name} v{new['version']}",
        )
        if not old:
            must(state == "PENDING" and len(steps) == 1, "an order begins in PENDING", name)
        else:
            legal = state == before or state in MOVES.get(before, set())
            must(legal, "every transition is legal", f"{name} {before} → {state}")
            fixed = [part for part in FIXED if new.get(part) != old.get(part)]
            must(not fixed, "what an order is about never changes", f"{name} {fixed}")
        if state != before:
            told = [(s.get("source", ""), s["target"]) for s in steps]
            must(
                told == [(before, state)],
                "every transition is recorded once",
                f"{name} {before} → {state}: {told}",
            )
        must(len(steps) <= 1, "every transition is recorded once", name)
        captured, refunding, refunded = (int(new.get(n, 0)) for n in ("captured", "refunding", "refunded"))
        sums = 0 <= refunded <= refunding <= captured <= new["amount"]
        must(sums, "refunds never exceed captures", f"{name} {captured} {refunding} {refunded}")
        must(state not in ENDS or "due_at" not in new, "what has ended awaits nothing", name)
        must(state in ENDS or "due_at" in new, "what has not ended is looked at again", name)
        if state != before:
            self._entered(order_id, name, state, new)

    def _entered(self, order_id: str, name: str, state: str, order: Mapping[str, Any]) -> None:
        recharge = self.world.recharges.recharges.get(f"{order_id}R01")
        trades = self.trades(order_id)
        match state:
            case "RECHARGING":
                good = any(trade.paid and trade.paid_fen == order["amount"] for trade in trades)
                must(good, "never recharging without payment", name)
            case "SUCCEEDED":
                good = recharge is not None and recharge.state is State.SUCCEEDED
                must(good, "succeeded only when the card has the money", name)
            case "FAILED":
                good = recharge is None or recharge.state is State.REVOKED
                must(good, "failed only when the card does not get the money", name)
            case "CLOSED":
                open_trades = [trade for trade in trades if self._payable(trade)]
                forgetful = order_id in self.world.forgetful
                must(not open_trades or forgetful, "closed only when nothing can be paid", name)
                taken = [
                    t
                    for t in trades
                    if t.paid and not t.late and order.get("reason") in ("CANCELLED", "EXPIRED")
                ]
                must(not taken or forgetful, "a payment that was faster wins", name)

    def _payable(self, trade: Trade) -> bool:
        return trade.state is TradeState.NOTPAY and self.world.scheduler.now < (trade.order.expires_at or 0)

    def _attempt(self, order_id: str, change: Change) -> None:
        name = f"{self.world.alias(order_id)} {change.key.sk}"
        new: Mapping[str, Any] = change.new or {}
        old: Mapping[str, Any] = change.old or {}
        self.attempts[order_id][change.key.sk] = new
        status, before = str(new.get("status", "")), str(old.get("status", ""))
        legal = status == "STARTED" if not old else status == before or status in ATTEMPT_MOVES[before]
        must(legal, "every transition is legal", f"{name} {before} → {status}")
        trade = self.trade(f"{order_id}P{change.key.sk[-2:]}")
        if status == "PAID":
            held = trade is not None and trade.paid
            must(held, "a capture is booked only when the channel has it", name)
            same = trade is not None and (trade.transaction_id, trade.paid_fen) == (
                new["transaction_id"],
                new["paid"],
            )
            must(same, "a payment is what the channel says it is", f"{name} {new}")
        if status == "REFUSED" and before != status:
            must(trade is None, "refused only when the channel holds nothing", name)

    def _refund(self, order_id: str, change: Change) -> None:
        name = f"{self.world.alias(order_id)} {change.key.sk}"
        new: Mapping[str, Any] = change.new or {}
        old: Mapping[str, Any] = change.old or {}
        self.refunds[order_id][change.key.sk] = new
        status, before = str(new.get("status", "")), str(old.get("status", ""))
        legal = status == "REQUESTED" if not old else status == before or status in REFUND_MOVES[before]
        must(legal, "every transition is legal", f"{name} {before} → {status}")
        must(not old or new["amount"] == old["amount"], "what a refund is about never changes", name)
        if not old:
            self._within_capture(order_id, int(new["attempt_no"]), name)
        found = self.world.trades.refunds.get((OWNER, f"{order_id}F{change.key.sk[-2:]}"))
        if status == "SUCCEEDED":
            done = found is not None and found.status is RefundStatus.SUCCESS
            must(done, "refunded only when the customer has the money", name)
            must(
                found is not None and found.order.refund_fen == new["amount"],
                "a refund is what was asked",
                name,
            )
        if status == "STUCK" and before != "STUCK":
            stuck = found is not None and found.status in (RefundStatus.CLOSED, RefundStatus.ABNORMAL)
            must(stuck, "stuck only when the channel says so", name)

    def _within_capture(self, order_id: str, attempt_no: int, name: str) -> None:
        refunds = [r for r in self.refunds[order_id].values() if r["attempt_no"] == attempt_no]
        asked = sum(int(str(refund["amount"])) for refund in refunds)
        paid = int(str(self.attempts[order_id][f"ATTEMPT#{attempt_no:02d}"].get("paid", 0)))
        must(asked <= paid, "refunds never exceed captures", f"{name}: {asked} of {paid}")

    def _opened(self, trade: Trade) -> None:
        number = trade.order.out_trade_no
        name = f"{self.world.alias(number)} {number[26:]}"
        attempt = self.attempts[number[:26]].get(f"ATTEMPT#{number[-2:]}", {})
        must(
            attempt.get("status") == "STARTED",
            "a trade is opened for an open attempt only",
            f"{name} {attempt.get('status')}",
        )
        must(trade.order.total_fen == attempt.get("amount"), "the right card and amount", name)

    def _recharge(self, recharge: Recharge) -> None:
        number = recharge.order.orderid
        order_id, name = number[:26], self.world.alias(number)
        same = [n for n in self.world.recharges.recharges if n.startswith(order_id)]
        must(len(same) == 1, "a card is recharged at most once per order", f"{name} {same}")
        order = self.orders.get(order_id, {})
        must(
            order.get("state") == "RECHARGING",
            "never recharged but while RECHARGING",
            f"{name} {order.get('state')}",
        )
        wanted = (order.get("card_number"), order.get("amount"))
        must((recharge.order.card, recharge.order.amount_fen) == wanted, "the right card and amount", name)
        paid = [t for t in self.trades(order_id) if t.paid and t.paid_fen == recharge.order.amount_fen]
        must(bool(paid), "never recharged for an unpaid order", name)

    def trade(self, out_trade_no: str) -> Trade | None:
        return self.world.trades.trades.get((OWNER, out_trade_no))

    def trades(self, order_id: str) -> list[Trade]:
        found = (self.trade(f"{order_id}P{number:02d}") for number in range(1, 10))
        return [trade for trade in found if trade is not None]
