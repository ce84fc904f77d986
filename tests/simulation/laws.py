"""What may follow what: the witness's own copy, which the product does not share."""

from types import MappingProxyType

MOVES = MappingProxyType(
    {
        "PENDING": {"PAYING", "REVIEWING", "RECHARGING", "CLOSED"},
        "PAYING": {"REVIEWING", "RECHARGING", "CLOSED"},
        "REVIEWING": {"RECHARGING", "FAILED"},
        "RECHARGING": {"SUCCEEDED", "FAILED"},
    }
)
ENDS = {"SUCCEEDED", "FAILED", "CLOSED"}
RANK = MappingProxyType(
    {"PENDING": 0, "PAYING": 1, "REVIEWING": 2, "RECHARGING": 3, "SUCCEEDED": 4, "FAILED": 4, "CLOSED": 4}
)
EVENT_OF = MappingProxyType(
    {
        "PAYING": "PaymentStarted",
        "REVIEWING": "OrderHeld",
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
FIXED = (
    *("user_id", "kind", "amount", "card_id", "card_number", "issuer", "placed_at", "expires_at"),
    *("coupons", "discount", "biller", "account_no", "bills", "plan_id", "instalments"),
)
OWED = ("CUSTOMER_ADVANCE", "REVIEW_HELD", "REFUND_PAYABLE", "UNEXPECTED_RECEIPTS")
