"""The chart of accounts. System accounts have no item: their balance is the sum of their entries.

| account                    | class     | debited when                   | credited when                  |
|----------------------------|-----------|--------------------------------|--------------------------------|
| CHANNEL_RECEIVABLE:WECHAT  | asset     | the channel took money for us  | the channel paid a refund      |
| WALLET:<user>              | liability | the customer's balance pays    | it is topped up, or refunded to |
| CUSTOMER_ADVANCE           | liability | a top-up is delivered or fails | an order is paid               |
| ISSUER_PAYABLE:SINOPEC …   | liability | we settle with the issuer      | a card is recharged            |
| REFUND_PAYABLE             | liability | a refund reached the customer  | a refund is owed               |
| UNEXPECTED_RECEIPTS        | liability | it is turned into a refund     | late, second, mismatched money |
| REFUND_EXPENSE             | expense   | we refund a delivered top-up   |                                |
| RECHARGE_LOSS              | expense   | recharged after a refusal      |                                |
"""

from octane.kernel.errors import OctaneError

CUSTOMER_ADVANCE = "CUSTOMER_ADVANCE"
REFUND_PAYABLE = "REFUND_PAYABLE"
UNEXPECTED_RECEIPTS = "UNEXPECTED_RECEIPTS"
REFUND_EXPENSE = "REFUND_EXPENSE"
RECHARGE_LOSS = "RECHARGE_LOSS"

PLAIN_ACCOUNTS = frozenset(
    {CUSTOMER_ADVANCE, REFUND_PAYABLE, UNEXPECTED_RECEIPTS, REFUND_EXPENSE, RECHARGE_LOSS},
)


def channel_receivable(channel: str) -> str:
    return f"CHANNEL_RECEIVABLE:{channel}"


def wallet(user_id: str) -> str:
    """A customer's stored balance: what we owe them."""
    return f"WALLET:{user_id}"


def issuer_payable(issuer: str) -> str:
    return f"ISSUER_PAYABLE:{issuer}"


class UnbalancedEntryError(OctaneError):
    """A fault of ours: an entry whose debits and credits differ is never written."""

    code = "UNBALANCED_ENTRY"
