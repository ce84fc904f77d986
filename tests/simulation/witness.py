"""What must hold after every single effect.

The witness reads our tables' streams and all books, and has its own copy of the rules: nothing here comes
from the code under test but the shapes of its records.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from octane.store.items import Table
from simulation.accounts import Accounts
from simulation.books import DONE, FAILED, Held
from simulation.hearings import Hearings
from simulation.keepers import Keepers
from simulation.laws import ATTEMPT_MOVES, ENDS, FIXED, MOVES, OWED, REFUND_MOVES
from simulation.promises import Promises
from simulation.violations import must
from simulation.world import World
from simulators.billers.books import Payment
from simulators.billers.names import PAID, REFUSED
from simulators.issuer.recharges import Recharge, State
from world.memory_engine import Change, ChangeKind

Record = Mapping[str, Any]


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
    accounts: Accounts = field(default_factory=Accounts)
    hearings: Hearings = field(default_factory=Hearings)
    promises: Promises = field(default_factory=Promises)
    attempts: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    refunds: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    from_wallets: Counter[str] = field(default_factory=Counter)
    """Fen that the customer's balance gave, by order."""
    to_wallets: Counter[str] = field(default_factory=Counter)
    """Fen refunded to the customer's balance, by order."""
    recharged: int = 0
    bills_paid: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    keepers: Keepers = field(init=False)

    def __post_init__(self) -> None:
        self.keepers = Keepers(self.world)

    def look(self) -> None:
        """Check what the last commit changed, as one."""
        entries = self._news(Table.LEDGER)
        for change in entries:
            self._ledger(change)
        for order in {change.key.pk for change in entries}:
            early = {account: self.nets[order][account] for account in OWED if self.nets[order][account] > 0}
            must(not early, "nothing is paid out that is not owed", f"{self.world.alias(order)} {early}")
        for change in self._news(Table.ROUTING):
            self.keepers.routing(change)
        for change in self._news(Table.RECONCILIATION):
            self.keepers.differences.row(change)
        by_order: dict[str, list[Change]] = {}
        for change in self._news(Table.ORDERS):
            by_order.setdefault(change.key.pk, []).append(change)
        for change in self._news(Table.RISK):
            self.accounts.risk(change)
        for change in self._news(Table.IDENTITY):
            self.accounts.identity(change)
        for order_id, changes in by_order.items():
            self._commit(order_id, changes)
        held = [*self._news(Table.COUPONS), *self._news(Table.BILLS)]
        self.promises.changed(held, self.orders, self.world.scheduler.now)
        for order_id in by_order:
            self.promises.order(order_id, self.world.alias(order_id), self.orders[order_id])
        for change in self._news(Table.REVIEWS):
            self.hearings.change(self.world, change, self.orders)
        self.keepers.check()

    def look_outside(self) -> None:
        """Check what a channel has just opened and the issuer taken."""
        for name, books in self.world.books.items():
            if books.count() != self.counted[name]:
                self.counted[name] = books.count()
                opened = books.opened()
                for number in opened[self.opened[name] :]:
                    self._opened(books.held(number))
                self.opened[name] = len(opened)
        recharges = list(self.world.recharges.recharges.values())
        for recharge in recharges[self.recharged :]:
            self._recharge(recharge)
        self.recharged = len(recharges)
        payments = list(self.world.payments.payments.values())
        for payment in payments[self.bills_paid :]:
            self._bills(payment)
        self.bills_paid = len(payments)

    def _news(self, table: Table) -> list[Change]:
        changes = self.world.changes(table, self.seen[table])
        self.seen[table] += len(changes)
        return changes

    def _ledger(self, change: Change) -> None:
        if change.key.pk.startswith(("BALANCE#", "HOLD#")):
            self._balance(change)
            return
        name = f"{self.world.alias(change.key.pk)} {change.key.sk}"
        must(change.kind is ChangeKind.INSERT and change.new is not None, "entries are never changed", name)
        self.keepers.differences.entry(change)
        item: Mapping[str, Any] = change.new or {}
        order, kind = change.key.pk, change.key.sk.partition("#")[0]
        must(sum(leg["fen"] for leg in item["legs"]) == 0, "debits equal credits", name)
        nets = self.nets[order]
        for leg in item["legs"]:
            nets[leg["account"]] += leg["fen"]
            self.keepers.wallets.leg(leg["account"], leg["fen"])
        self.kinds[order][kind] += sum(leg["fen"] for leg in item["legs"] if leg["fen"] > 0)
        wallet = sum(leg["fen"] for leg in item["legs"] if leg["account"].startswith("WALLET:"))
        if kind == "refund_succeeded":
            self.to_wallets[order] -= wallet
        if kind.endswith("payment_received"):
            self.from_wallets[order] += wallet
            taken = {leg["account"]: leg["fen"] for leg in item["legs"] if leg["account"][:8] == "CHANNEL_"}
            trade = self.world.held(change.key.sk.partition("#")[2])
            has = {f"CHANNEL_RECEIVABLE:{trade.channel}": trade.fen} if trade and trade.paid else {}
            must(taken == has, "a capture is booked only when the channel has it", f"{name} {taken} {has}")

    def _balance(self, change: Change) -> None:
        item: Mapping[str, Any] = change.new or {}
        low = [name for name in ("available", "held") if int(item.get(name, 0)) < 0]
        must(not low, "no balance below zero", f"{change.key.pk} {item}")
        if change.key.pk.startswith("BALANCE#"):
            self.keepers.wallets.balance(change)

    def _commit(self, order_id: str, changes: list[Change]) -> None:
        name = self.world.alias(order_id)
        steps = [change for change in changes if change.key.sk.startswith("STEP#")]
        for change in steps:
            must(change.kind is ChangeKind.INSERT, "a step is never changed", f"{name} {change.key.sk}")
            self.steps[order_id].append(change.new or {})
        moved = next((change for change in changes if change.key.sk == "#ORDER"), None)
        for change in changes:
            if change.key.sk.startswith("ROUTE#"):
                self.keepers.routes.item(change)
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
        if old and self.accounts.forgets(old, new, self.refunds[order_id], name):
            return
        state, before = str(new["state"]), str(old.get("state", ""))
        must(
            new["version"] == old.get("version", 0) + 1,
            "each change is one version",
            f"{name} v{new['version']}",
        )
        if not old:
            must(state == "PENDING" and len(steps) == 1, "an order begins in PENDING", name)
            self.accounts.starts(str(new["user_id"]), f"{name} is placed")
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
        sums = 0 <= refunded <= refunding <= captured <= _payable(new)
        must(sums, "refunds never exceed captures", f"{name} {captured} {refunding} {refunded}")
        given = int(new.get("discount", 0)) if captured else 0
        expense = self.nets[order_id]["COUPON_EXPENSE"]
        must(
            expense == (0 if state == "FAILED" else given),
            "coupons give what they are worth",
            f"{name} {state} {expense}",
        )
        holds = captured + given if state == "REVIEWING" else 0
        held = -self.nets[order_id]["REVIEW_HELD"]
        must(held == holds, "money is held while it is reviewed", f"{name} {state} {held}")
        must(state not in ENDS or "due_at" not in new, "what has ended awaits nothing", name)
        must(state in ENDS or "due_at" in new, "what has not ended is looked at again", name)
        if state != before:
            self._entered(order_id, name, state, new)

    def _entered(self, order_id: str, name: str, state: str, order: Mapping[str, Any]) -> None:
        recharge = self.world.recharges.recharges.get(f"{order_id}R01")
        trades = self.trades(order_id)
        match state:
            case "RECHARGING":
                must(self._paid(order_id), "never recharging without payment", name)
            case "SUCCEEDED" if order.get("kind") == "WALLET":
                good = self.kinds[order_id]["wallet_credited"] == order["amount"]
                must(good, "succeeded only when the wallet has the money", name)
            case "SUCCEEDED" if order.get("kind") == "BILL":
                payment = self.bill_payment(order_id)
                good = payment is not None and payment.state == PAID
                must(good, "succeeded only when the biller has the money", name)
            case "FAILED" if order.get("kind") == "BILL":
                payment = self.bill_payment(order_id)
                must(
                    payment is None or payment.state == REFUSED,
                    "failed only when the biller does not get the money",
                    name,
                )
            case "SUCCEEDED":
                good = recharge is not None and recharge.state is State.SUCCEEDED
                must(good, "succeeded only when the card has the money", name)
            case "FAILED":
                good = recharge is None or recharge.state is State.REVOKED
                must(good, "failed only when the card does not get the money", name)
            case "CLOSED":
                forgetful = order_id in self.world.forgetful
                open_trades = [trade for trade in trades if trade.payable]
                must(not open_trades or forgetful, "closed only when nothing can be paid", name)
                ended = order.get("reason") in ("CANCELLED", "EXPIRED")
                taken = [trade for trade in trades if trade.paid and not trade.late and ended]
                must(not taken or forgetful, "a payment that was faster wins", name)

    def _paid(self, order_id: str) -> bool:
        """The present attempt has taken the whole amount, from its channel and from the wallet."""
        order = self.orders[order_id]
        attempt = self.attempts[order_id].get(f"ATTEMPT#{int(order.get('attempt_no', 0)):02d}", {})
        parts = int(attempt.get("paid", 0)) + int(attempt.get("wallet", 0))
        return attempt.get("status") == "PAID" and parts == _payable(order)

    def _attempt(self, order_id: str, change: Change) -> None:
        name = f"{self.world.alias(order_id)} {change.key.sk}"
        new: Mapping[str, Any] = change.new or {}
        old: Mapping[str, Any] = change.old or {}
        self.attempts[order_id][change.key.sk] = new
        status, before = str(new.get("status", "")), str(old.get("status", ""))
        begins = "PAID" if new.get("method") == "WALLET_BALANCE" else "STARTED"
        legal = status == begins if not old else status == before or status in ATTEMPT_MOVES[before]
        must(legal, "every transition is legal", f"{name} {before} → {status}")
        number = change.key.sk[-2:]
        user_id = str(self.orders[order_id]["user_id"])
        if not old:
            self._first(order_id, number, new)
            self.accounts.starts(user_id, name)
        self.keepers.wallets.attempt(user_id, old, new)
        self.keepers.quotas.attempt(old, new)
        trade = self.world.held(f"{order_id}P{number}")
        if status == "PAID" and new["method"] == "WALLET_BALANCE":
            whole = new["wallet"] == _payable(self.orders[order_id]) and not new.get("paid")
            must(whole and trade is None, "a payment from the wallet is the whole amount", f"{name} {new}")
        elif status == "PAID":
            held = trade is not None and trade.paid
            must(held, "a capture is booked only when the channel has it", name)
            told = new["method"].partition("_")[0], new["transaction_id"], new["paid"]
            same = trade is not None and (trade.channel, trade.transaction_id, trade.fen) == told
            must(same, "a payment is what the channel says it is", f"{name} {new}")
        if status == "REFUSED" and before != status:
            must(trade is None, "refused only when the channel holds nothing", name)

    def _first(self, order_id: str, number: str, new: Record) -> None:
        """A new attempt: with its decision, and only with proof that those before take nothing any more."""
        self.keepers.routes.attempt(order_id, number, new)
        for key, earlier in self.attempts[order_id].items():
            if key[-2:] == number:
                continue
            name = f"{self.world.alias(order_id)} {number} after {key} {earlier['status']}"
            must(earlier["status"] not in ("STARTED", "PREPARED"), "one attempt is open at a time", name)
            trade = self.world.held(f"{order_id}P{key[-2:]}")
            over = trade is None or not (trade.payable or (trade.paid and not trade.late))
            must(
                over or order_id in self.world.forgetful,
                "another attempt only with proof",
                f"{name}: {trade}",
            )

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
        number = f"{order_id}F{change.key.sk[-2:]}"
        found = self.world.back(number)
        if new["to_wallet"]:
            must(found is None and status != "STUCK", "a wallet's part goes to the wallet", name)
            return
        if status == "SUCCEEDED":
            done = found is not None and found.state == DONE
            must(done, "refunded only when the customer has the money", name)
            same = found is not None and found.fen == new["amount"]
            must(same, "a refund is what was asked", name)
        if status == "STUCK" and before != "STUCK":
            stuck = found is not None and found.state == FAILED
            must(stuck, "stuck only when the channel says so", name)

    def _within_capture(self, order_id: str, attempt_no: int, name: str) -> None:
        """Neither part of a payment gives back more than it gave, and the channel's goes first."""
        asked: Counter[bool] = Counter()
        for refund in self.refunds[order_id].values():
            if refund["attempt_no"] == attempt_no:
                asked[bool(refund["to_wallet"])] += int(str(refund["amount"]))
        attempt = self.attempts[order_id][f"ATTEMPT#{attempt_no:02d}"]
        paid, wallet = (int(str(attempt.get(part, 0))) for part in ("paid", "wallet"))
        within = asked[False] <= paid and asked[True] <= wallet
        must(within, "refunds never exceed captures", f"{name}: {dict(asked)} of {paid} + {wallet}")
        first = not asked[True] or asked[False] == paid
        must(first, "the channel's part goes back first", f"{name}: {dict(asked)} of {paid} + {wallet}")

    def _opened(self, trade: Held | None) -> None:
        if trade is None:
            return
        number = trade.number
        name = f"{self.world.alias(number)} {number[26:]}"
        attempt = self.attempts[number[:26]].get(f"ATTEMPT#{number[-2:]}", {})
        must(
            attempt.get("status") == "STARTED",
            "a trade is opened for an open attempt only",
            f"{name} {attempt.get('status')}",
        )
        must(trade.asked == attempt.get("amount"), "the right card and amount", name)

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
        must(self._paid(order_id), "never recharged for an unpaid order", name)

    def _bills(self, payment: Payment) -> None:
        number = payment.order.order_no
        order_id, name = number[:26], self.world.alias(number)
        order = self.orders.get(order_id, {})
        must(
            order.get("state") == "RECHARGING",
            "no bill is paid but while RECHARGING",
            f"{name} {order.get('state')}",
        )
        asked = " ".join(f"{bill}={fen}" for bill, fen in payment.order.parts)
        wanted = order.get("biller"), order.get("account_no"), order.get("bills"), order.get("amount")
        told = payment.order.biller, payment.order.account_no, asked, payment.order.amount
        must(told == wanted, "the right bills and amounts", f"{name} {told} {wanted}")
        must(self._paid(order_id), "no bill is paid for an unpaid order", name)

    def bill_payment(self, order_id: str) -> Payment | None:
        biller = str(self.orders[order_id].get("biller", ""))
        return self.world.payments.payments.get((biller, f"{order_id}R01"))

    def trades(self, order_id: str) -> list[Held]:
        found = (self.world.held(f"{order_id}P{key[-2:]}") for key in self.attempts[order_id])
        return [trade for trade in found if trade is not None]


def _payable(order: Record) -> int:
    """What the customer has to pay."""
    return int(order["amount"]) - int(order.get("discount", 0))
