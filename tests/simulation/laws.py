"""What may follow what: the witness's own copy, which the product does not share."""

from types import MappingProxyType

MOVES = MappingProxyType(
    {
        "PENDING": {"PAYING", "RECHARGING", "CLOSED"},
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
FIXED = ("user_id", "kind", "amount", "card_id", "card_number", "issuer", "placed_at", "expires_at")
OWED = ("CUSTOMER_ADVANCE", "REFUND_PAYABLE", "UNEXPECTED_RECEIPTS")
