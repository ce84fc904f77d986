"""Which wire code means what: the only place that knows WeChat Pay's error codes.

A code is listed only when it settles the matter. Whatever is not listed is unknown and the caller queries: a
wrong "unknown" costs one query, a wrong "refused" can cost a second charge. So these are unknown on purpose:

- 429 and 5xx, whatever the code (SYSTEM_ERROR, BANK_ERROR, RATELIMIT_EXCEEDED): send the same again.
- ORDERPAID, OUT_TRADE_NO_USED and INVALID_REQUEST on a prepay: a trade of this number exists and may be
  payable or paid (a repeated number with other parameters can arrive as INVALID_REQUEST).
- FREQUENCY_LIMITED, TRADE_ERROR and INVALID_REQUEST on a close: a payment may have raced the close.
- SIGN_ERROR on a refund: our key is at fault, the money is still owed, the same number goes again.
- USERPAYING and BIZERR_NEED_RETRY anywhere: not over yet.

A refusal speaks of the call that it answers. It says nothing about an earlier send of the same number that
ended unknown.
"""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus


class Verdict(StrEnum):
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    PAID = "PAID"
    CLOSED = "CLOSED"
    NOT_FOUND = "NOT_FOUND"


PREPARE: Mapping[str, Verdict] = dict.fromkeys(
    (
        "PARAM_ERROR",
        "SIGN_ERROR",
        "NO_AUTH",
        "APPID_MCHID_NOT_MATCH",
        "MCH_NOT_EXISTS",
        "OPENID_MISMATCH",
        "ACCOUNT_ERROR",
        "TRADE_ERROR",
        "RULE_LIMIT",
        "ORDER_CLOSED",
    ),
    Verdict.REFUSED,
)

QUERY: Mapping[str, Verdict] = dict.fromkeys(
    ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND"), Verdict.NOT_FOUND
)
"""Both kinds of query. Not a bare 404: MCH_NOT_EXISTS is one, and says nothing about the trade."""

CLOSE: Mapping[str, Verdict] = {
    **QUERY,
    "ORDERPAID": Verdict.PAID,
    "ORDER_PAID": Verdict.PAID,
    "ORDER_CLOSED": Verdict.CLOSED,
    "ORDERCLOSED": Verdict.CLOSED,
}

REFUND: Mapping[str, Verdict] = dict.fromkeys(
    (
        "PARAM_ERROR",
        "INVALID_REQUEST",
        "NO_AUTH",
        "MCH_NOT_EXISTS",
        "ORDER_NOT_EXIST",
        "RESOURCE_NOT_EXISTS",
        "NOT_ENOUGH",
        "USER_ACCOUNT_ABNORMAL",
        "REFUND_FEE_MISMATCH",
        "REQUEST_BLOCKED",
        "RULE_LIMIT",
    ),
    Verdict.REFUSED,
)
"""NOT_ENOUGH is our own balance at the channel: after it is filled, the same refund number goes again."""


def judge(table: Mapping[str, Verdict], status: int, code: str) -> Verdict:
    """Say what an error answer settles. `status` is the HTTP status."""
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict.UNKNOWN
    return table.get(code, Verdict.UNKNOWN)
