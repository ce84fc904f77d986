"""Which wire code means what: the only place that knows Alipay's error codes.

A code is listed only when it settles the matter. Whatever is not listed is unknown and the caller queries: a
wrong "unknown" costs one query, a wrong "refused" can cost a second charge. So these are unknown on purpose:

- Gateway code 20000 (service unavailable) and every SYSTEM_ERROR: it may have taken effect.
- On create and precreate, TRADE_HAS_SUCCESS, CONTEXT_INCONSISTENT and TRADE_BUYER_NOT_MATCH: a trade of this
  number exists and may be payable or paid.
- On a refund, DISCORDANT_REPEAT_REQUEST (a refund of this number exists, with other words) and every code of
  the gateway itself (our key or contract is at fault, the money is still owed).
"""

from collections.abc import Mapping
from enum import StrEnum

BUSINESS_FAILED = "40004"
GATEWAY_REFUSALS = frozenset({"20001", "40001", "40002", "40006"})
"""Authorisation, missing and invalid parameters (signature included), no permission: nothing was done."""


class Verdict(StrEnum):
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    NOT_FOUND = "NOT_FOUND"
    NOT_OPEN = "NOT_OPEN"
    """Paid or closed already: only a query tells which."""


PREPARE: Mapping[str, Verdict] = dict.fromkeys(
    (
        "ACQ.ACCESS_FORBIDDEN",
        "ACQ.BEYOND_PAY_RESTRICTION",
        "ACQ.BEYOND_PER_RECEIPT_RESTRICTION",
        "ACQ.BUYER_ENABLE_STATUS_FORBID",
        "ACQ.BUYER_NOT_EXIST",
        "ACQ.BUYER_SELLER_EQUAL",
        "ACQ.CURRENCY_NOT_SUPPORT",
        "ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT",
        "ACQ.ERROR_SELLER_CERTIFY_LEVEL_LIMIT",
        "ACQ.EXIST_FORBIDDEN_WORD",
        "ACQ.INVALID_PARAMETER",
        "ACQ.INVALID_RECEIVE_ACCOUNT",
        "ACQ.INVALID_STORE_ID",
        "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
        "ACQ.PARTNER_ERROR",
        "ACQ.PRODUCT_AMOUNT_LIMIT_ERROR",
        "ACQ.RISK_MERCHANT_IP_NOT_EXIST",
        "ACQ.SECONDARY_MERCHANT_NOT_MATCH",
        "ACQ.SECONDARY_MERCHANT_STATUS_ERROR",
        "ACQ.SELLER_BEEN_BLOCKED",
        "ACQ.SELLER_NOT_EXIST",
        "ACQ.SUB_MERCHANT_CREATE_FAIL",
        "ACQ.TOTAL_FEE_EXCEED",
        "ACQ.TRADE_HAS_CLOSE",
    ),
    Verdict.REFUSED,
)

NOT_EXIST: Mapping[str, Verdict] = {"ACQ.TRADE_NOT_EXIST": Verdict.NOT_FOUND}
"""Queries and the cancel."""

CLOSE: Mapping[str, Verdict] = {
    **NOT_EXIST,
    "ACQ.REASON_ILLEGAL_STATUS": Verdict.NOT_OPEN,
    "ACQ.REASON_TRADE_STATUS_INVALID": Verdict.NOT_OPEN,
    "ACQ.TRADE_STATUS_ERROR": Verdict.NOT_OPEN,
}

NOT_REFUNDABLE_STATES = frozenset({"ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_STATUS_ERROR"})
"""Never paid, or wholly given back before."""

REFUND: Mapping[str, Verdict] = dict.fromkeys(
    (
        *NOT_REFUNDABLE_STATES,
        "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR",
        "ACQ.BUYER_ENABLE_STATUS_FORBID",
        "ACQ.BUYER_ERROR",
        "ACQ.BUYER_NOT_EXIST",
        "ACQ.CURRENCY_NOT_SUPPORT",
        "ACQ.INVALID_PARAMETER",
        "ACQ.NOT_ALLOW_PARTIAL_REFUND",
        "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
        "ACQ.REASON_TRADE_BEEN_FREEZEN",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR",
        "ACQ.REFUND_ACCOUNT_NOT_EXIST",
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REFUND_FEE_ERROR",
        "ACQ.SELLER_BALANCE_NOT_ENOUGH",
        "ACQ.TRADE_HAS_FINISHED",
        "ACQ.TRADE_NOT_ALLOW_REFUND",
        "ACQ.TRADE_NOT_EXIST",
        "ACQ.TRADE_SETTLE_ERROR",
    ),
    Verdict.REFUSED,
)
"""SELLER_BALANCE_NOT_ENOUGH is our own balance: after it is filled, the same refund number goes again."""

BILL: Mapping[str, Verdict] = dict.fromkeys(("isp.bill_not_exist",), Verdict.NOT_FOUND)


def judge(
    table: Mapping[str, Verdict], gateway_code: str, code: str, gateway: Verdict = Verdict.UNKNOWN
) -> Verdict:
    """Say what an error answer settles; `gateway` is the verdict on a refusal of the gateway itself."""
    if gateway_code == BUSINESS_FAILED:
        return table.get(code, Verdict.UNKNOWN)
    return gateway if gateway_code in GATEWAY_REFUSALS else Verdict.UNKNOWN
