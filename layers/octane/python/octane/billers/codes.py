"""The canonical words for a biller's definite no: what orders and people see of any protocol.

A protocol's code is listed in its `Words` only when it means one of these. All else (a wrong signature, a
fault of theirs, too many calls, a code that nobody has described) is no word about the bill.
"""

from typing import Final

ACCOUNT_UNKNOWN: Final = "ACCOUNT_UNKNOWN"
ACCOUNT_CLOSED: Final = "ACCOUNT_CLOSED"
BILL_UNKNOWN: Final = "BILL_UNKNOWN"
BILL_NOT_OWED: Final = "BILL_NOT_OWED"
"""Paid already, or less is owed than was to be paid."""
AMOUNT_NOT_ALLOWED: Final = "AMOUNT_NOT_ALLOWED"
"""In parts where that is not offered, or less than the least part."""
PAYMENT_REVOKED: Final = "PAYMENT_REVOKED"
"""Accepted first, refused in the end."""
BILLER_REFUSED: Final = "BILLER_REFUSED"
"""Refused without a reason that concerns the customer."""
PAYMENT_UNKNOWN: Final = "PAYMENT_UNKNOWN"
"""Of a query: no such order number (yet). Proof of nothing."""
NOT_READY: Final = "NOT_READY"
"""Of a settlement file: not made yet."""
EMPTY_DAY: Final = "EMPTY_DAY"
"""Of a settlement file: nothing moved that day."""

QUESTION = frozenset({ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, BILLER_REFUSED})
"""What refuses to tell what is owed."""
PAYMENT = frozenset(
    {ACCOUNT_UNKNOWN, ACCOUNT_CLOSED, BILL_UNKNOWN, BILL_NOT_OWED, AMOUNT_NOT_ALLOWED}
    | {PAYMENT_REVOKED, BILLER_REFUSED}
)
"""What refuses a payment for good: its order number stays refused."""
