"""The witness's own rules of accounts: who is frozen starts nothing, who is erased leaves nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.laws import ENDS
from simulation.violations import must
from world.memory_engine import Change

Record = Mapping[str, Any]
PERSONAL = {"card_number", "card_masked", "card_id", "holder_name", "holder_phone"} | {
    *("account_no", "account_masked", "account_tag", "bill_account_id")
}


@dataclass(slots=True)
class Accounts:
    frozen: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def risk(self, change: Change) -> None:
        (self.frozen.add if "frozen_at" in (change.new or {}) else self.frozen.discard)(change.key.pk)

    def identity(self, change: Change) -> None:
        state, _, user_id = change.key.sk.partition("#")
        if change.key.pk == "#ERASURES" and change.new is not None:
            {"OPEN": self.asked, "DONE": self.erased}[state].add(user_id)

    def starts(self, user_id: str, what: str) -> None:
        must(user_id not in self.frozen, "who is frozen starts nothing", f"{user_id} {what}")

    def forgets(self, old: Record, new: Record, refunds: Mapping[str, Record], name: str) -> bool:
        """Whether the change only takes out what is personal: of an ended order, as its owner wished."""
        gone = set(old) - set(new)
        same = {key: value for key, value in old.items() if key not in gone} == dict(new)
        if not gone or not same or not gone <= PERSONAL:
            return False
        over = new["state"] in ENDS and all(r["status"] == "SUCCEEDED" for r in refunds.values())
        must(over, "nothing is erased while money is open", f"{name} {new['state']}")
        must(str(new["user_id"]) in self.asked, "nobody is erased who did not ask", name)
        return True

    def rest(self, orders: Mapping[str, Record], balances: Mapping[str, Record]) -> None:
        for order_id, order in orders.items():
            if str(order["user_id"]) in self.erased:
                left = PERSONAL & set(order)
                must(not left, "nothing personal is left", f"{order_id} {left}")
        for user_id in self.erased:
            item = balances.get(f"WALLET:{user_id}", {})
            empty = not item.get("available") and not item.get("held")
            must(empty, "nothing is erased while money is open", f"{user_id} {item}")
