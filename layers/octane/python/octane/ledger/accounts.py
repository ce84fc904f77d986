"""The chart of accounts. System accounts have no item: their balance is the sum of their entries.

| account                    | class     | debited when                   | credited when                  |
|----------------------------|-----------|--------------------------------|--------------------------------|
| CHANNEL_RECEIVABLE:WECHAT  | asset     | the channel took money for us  | the channel paid a refund      |
| WALLET:<user>              | liability | the customer's balance pays    | it is topped up, or refunded to |
| CUSTOMER_ADVANCE           | liability | a top-up is delivered or fails | an order is paid               |
| REVIEW_HELD                | liability | a review lets it go or returns | an order is paid and reviewed  |
| ISSUER_PAYABLE:SINOPEC …   | liability | we settle with the issuer      | a card is recharged            |
| BILLER_PAYABLE:WATER …     | liability | we settle with the biller      | a bill is paid                 |
| REFUND_PAYABLE             | liability | a refund reached the customer  | a refund is owed               |
| UNEXPECTED_RECEIPTS        | liability | it is turned into a refund     | late, second, mismatched money |
| REFUND_EXPENSE             | expense   | we refund a delivered top-up   |                                |
| COUPON_EXPENSE             | expense   | a coupon pays its part         | the order fails, or is refused |
| RECHARGE_LOSS              | expense   | recharged after a refusal      |                                |
| SUSPENSE:WECHAT …          | suspense  | a bill shows less than we have | a bill shows more than we have |
| CLAIMS:WECHAT …            | asset     | we claim a difference back     | it is recovered or written off |
| RECONCILIATION_LOSS        | expense   | a difference is given up       |                                |
| RECONCILIATION_GAIN        | income    |                                | a surplus is nobody's          |
| CUSTODY_BANK:HOT, :COLD    | asset     | the bank says that money came  | the bank says that money went  |
| FUNDS_IN_TRANSIT           | clearing  | the bank did what we instructed | we instruct it; money arrives  |
| SUSPENSE:BANK              | suspense  | the bank took what nobody knows | the bank got what nobody knows |
| CHANNEL_FEE                | expense   | a channel keeps its fee back   | it gives a fee back            |
| WITHDRAWALS                | equity    | finance takes money out        | the bank refused to pay it     |
"""

from octane.kernel.errors import OctaneError

CUSTOMER_ADVANCE = "CUSTOMER_ADVANCE"
REVIEW_HELD = "REVIEW_HELD"
REFUND_PAYABLE = "REFUND_PAYABLE"
UNEXPECTED_RECEIPTS = "UNEXPECTED_RECEIPTS"
REFUND_EXPENSE = "REFUND_EXPENSE"
COUPON_EXPENSE = "COUPON_EXPENSE"
RECHARGE_LOSS = "RECHARGE_LOSS"

FUNDS_IN_TRANSIT = "FUNDS_IN_TRANSIT"
CHANNEL_FEE = "CHANNEL_FEE"
WITHDRAWALS = "WITHDRAWALS"
RECONCILIATION_LOSS = "RECONCILIATION_LOSS"
RECONCILIATION_GAIN = "RECONCILIATION_GAIN"


def channel_receivable(channel: str) -> str:
    return f"CHANNEL_RECEIVABLE:{channel}"


def wallet(user_id: str) -> str:
    """A customer's stored balance: what we owe them."""
    return f"WALLET:{user_id}"


def suspense(source: str) -> str:
    """What a bill and our books tell differently, until a person has decided."""
    return f"SUSPENSE:{source}"


def claims(source: str) -> str:
    """What a counterparty owes us by a claim of ours."""
    return f"CLAIMS:{source}"


def issuer_payable(issuer: str) -> str:
    return f"ISSUER_PAYABLE:{issuer}"


def biller_payable(biller: str) -> str:
    return f"BILLER_PAYABLE:{biller}"


def custody_bank(account: str) -> str:
    """One of our accounts at the custody bank, `HOT` or `COLD`: what its statements say, line by line."""
    return f"CUSTODY_BANK:{account}"


class UnbalancedEntryError(OctaneError):
    """A fault of ours: an entry whose debits and credits differ is never written."""

    code = "UNBALANCED_ENTRY"
