"""Which error_code means what: the only place that knows the Juhe-style interface's codes.

A code is listed as refused only when it says that this submit recharged nothing and that sending the same
order number again would not help. Whatever is not listed is unknown and the caller queries. So, on purpose:

- a duplicate order number: the first submit of that number arrived, and only a query tells how it ended;
- 10014 (internal fault): the provider itself asks to look the order up before calling it failed;
- 10011, 10012, 10013 (rate) and 10020 (maintenance): nothing is wrong with the order; it goes again later.

Codes below 200000 belong to the platform and are published. The service's own (2087xx) have no public list
that could be checked: confirm them against the contract with the issuer before going live.
"""

from collections.abc import Mapping

REFUSED: Mapping[int, str] = {
    10001: "KEY_WRONG",
    10002: "KEY_NOT_PERMITTED",
    10003: "KEY_EXPIRED",
    10004: "OPENID_WRONG",
    10008: "ADDRESS_FORBIDDEN",
    10009: "KEY_FORBIDDEN",
    10021: "INTERFACE_STOPPED",
    208701: "PRODUCT_NOT_OFFERED",
    208702: "AMOUNT_NOT_OFFERED",
    208703: "CARD_NUMBER_WRONG",
    208704: "CARD_HOLDER_MISMATCH",
    208705: "ISSUER_UNDER_MAINTENANCE",
    208706: "BALANCE_NOT_ENOUGH",
    208708: "SIGN_WRONG",
}

NOT_FOUND = frozenset({208707})
"""Meaningful in a query only: the provider knows no such order number."""
