"""Ask a biller what an account owes, and keep what it said (OR9).

| key (table bills)                              | item                                                    |
|------------------------------------------------|---------------------------------------------------------|
| `BILL#<biller>#<account tag>` / `#OWED`        | the bills as of `asked_at`; `paid_at`: an order of ours |
|                                                | paid some of them since; gone after a week (`ttl`)      |

Whoever has bound the account shares it: it holds what the biller tells everybody who knows the number.
"""

from datetime import date
from typing import NamedTuple

from octane.billers.names import Biller
from octane.billers.port import BillerRefused, Owed, OwedBill, Tier
from octane.bills.deps import BillDeps
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import StateError, UnavailableError
from octane.kernel.fulfilment import FulfilmentUnknown
from octane.kernel.money import Fen
from octane.store.items import Item, Key, Table, Value
from octane.store.writes import ANYWAY, Update

FRESH_MS = 60 * SECOND
KEPT_SECONDS = 7 * 24 * 3_600


class BillerAccountRefusedError(StateError):
    """The biller's definite no, whatever its own code."""

    code = "BILLER_ACCOUNT_REFUSED"
    summary = "The biller knows no such account, or has closed it; check the number."


class BillerSilentError(UnavailableError):
    code = "BILLER_SILENT"
    summary = "The biller does not answer; try the same request again in a moment."


class Told(NamedTuple):
    """What the biller said, and when it was asked."""

    owed: Owed
    asked_at: Instant
    paid_at: Instant = Instant(0)
    """When an order of ours last paid something of it: what was asked before that is old."""

    def is_fresh(self, now: Instant) -> bool:
        return self.paid_at < self.asked_at <= now < self.asked_at + FRESH_MS


def bills_of(biller: Biller, account_tag: str) -> str:
    """The partition of all that is known of an account at a biller."""
    return f"BILL#{biller.value}#{account_tag}"


def owed_key(biller: Biller, account_tag: str) -> Key:
    return Key(Table.BILLS, bills_of(biller, account_tag), "#OWED")


def ask(deps: BillDeps, biller: Biller, account_no: str) -> Told | None:
    """One call to the biller; None when it is silent. Raises `BillerAccountRefusedError`,
    `BillerUnavailableError`."""
    asked_at = deps.clock.now()  # before the call: what is paid while it runs may or may not be in the answer
    match deps.biller_of(biller).owed(account_no):
        case BillerRefused():
            raise BillerAccountRefusedError
        case FulfilmentUnknown():
            return None
        case owed:
            return Told(owed, asked_at)


def kept(biller: Biller, account_tag: str, told: Told) -> Update:
    """Keep what was told. Of two who ask at once the later write stays: both are of the same minute."""
    said: Item = {
        "holder_masked": told.owed.holder_masked,
        "bills": [_bill_item(bill) for bill in told.owed.bills],
        "asked_at": told.asked_at,
        "ttl": told.asked_at // SECOND + KEPT_SECONDS,
    }
    return Update(owed_key(biller, account_tag), when=ANYWAY, assign=said)


def outdated(biller: Biller, account_tag: str, paid_at: Instant) -> Update:
    """What the biller said before is not fresh any more: something of it was paid."""
    assign: Item = {"paid_at": paid_at, "ttl": paid_at // SECOND + KEPT_SECONDS}
    return Update(owed_key(biller, account_tag), when=ANYWAY, assign=assign)


def told_in(item: Item) -> Told | None:
    """What is kept; None where only a payment is."""
    bills = item.get("bills")
    if not isinstance(bills, list):
        return None
    owed = Owed(str(item["holder_masked"]), tuple(_bill_in(bill) for bill in bills if isinstance(bill, dict)))
    return Told(owed, Instant(int(str(item["asked_at"]))), Instant(int(str(item.get("paid_at", 0)))))


def _bill_item(bill: OwedBill) -> dict[str, Value]:
    item: dict[str, Value] = {**bill._asdict(), "tiers": [dict(tier._asdict()) for tier in bill.tiers]}
    return {**item, "due_on": bill.due_on.isoformat() if bill.due_on else ""}


def _bill_in(item: dict[str, Value]) -> OwedBill:
    tiers, due_on = item["tiers"], str(item["due_on"])
    return OwedBill(
        bill_no=str(item["bill_no"]),
        owed=Fen(int(str(item["owed"]))),
        period=str(item["period"]),
        due_on=date.fromisoformat(due_on) if due_on else None,
        partial=item["partial"] is True,
        minimum=Fen(int(str(item["minimum"]))),
        late_fee=Fen(int(str(item["late_fee"]))),
        unit=str(item["unit"]),
        tiers=tuple(_tier_in(tier) for tier in tiers if isinstance(tier, dict))
        if isinstance(tiers, list)
        else (),
    )


def _tier_in(item: dict[str, Value]) -> Tier:
    return Tier(str(item["up_to"]), str(item["used"]), str(item["unit_price"]), Fen(int(str(item["amount"]))))
