"""The billers, and the words in which all of them think; each protocol writes these in its own way."""

from typing import Final

ELECTRICITY, WATER, GAS, PARKING, PROPERTY = "ELECTRICITY", "WATER", "GAS", "PARKING", "PROPERTY"
BILLERS: Final = (ELECTRICITY, WATER, GAS, PARKING, PROPERTY)

OK = "OK"
RUNNING, PAID, REFUSED = "RUNNING", "PAID", "REFUSED"
REVOKED = "PAYMENT_REVOKED"
REFUSALS: Final = frozenset(
    {"ACCOUNT_UNKNOWN", "ACCOUNT_CLOSED", "BILL_UNKNOWN", "BILL_NOT_OWED", "AMOUNT_NOT_ALLOWED"}
    | {REVOKED, "BILLER_REFUSED"}
)
"""A payment that is refused with one of these stays refused under its order number."""
