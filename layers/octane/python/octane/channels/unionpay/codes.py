"""Which respCode means what: the only place that knows UnionPay's codes (ACP appendix, part 5).

`respCode` speaks of the call that it answers. In a query it speaks of the question only, and `origRespCode`
of the transaction. A code is listed only when it settles the matter; whatever is not listed is unknown, for
a wrong "unknown" costs a query and a wrong "refused" can cost a second charge. Unknown on purpose:

- 03 (time-out) and 04 (state unclear) anywhere: the question is answered later, or by the clearing file.
- 06 (busy) and 12 (number used) on a prepare: a tn of an earlier send may be in the customer's hands.
- 11 (signature) on a refund: our key is at fault, the money is still owed, the same number goes again.
- 42: the card was debited although payTimeout was over. Nobody may call that unpaid.
"""

from enum import StrEnum

SUCCESS = frozenset({"00", "A6"})
"""A6: done, with a defect that is UnionPay's to mend."""
ACCEPTED = "05"
"""Taken in; the outcome comes later. Also what a tn says that nobody has paid yet."""
UNDECIDED = frozenset({"03", "04"})
NOT_FOUND = "34"
NO_FILE = "98"

PREPARE_REFUSED = frozenset({"01", "02", "10", "11", "13", "31", "32", "33", "39", "43"})
"""No tn came of this call: failed, closed for business, malformed, not verified, incomplete, merchant
unfit, not allowed (32, 43), above the limit, outside hours."""

RETURN_REFUSED = frozenset({"01", "02", "10", "13", "31", "32", "33", "34", "36", "39", "43"})
"""Void and refund: nothing goes back by this call. 34: no such original; 36: not as the original has it, or
more than is left."""

RETURN_ASK = frozenset({"05", "12", "35", "45"})
"""Accepted; or this number, or the original's money, went before (12 repeated, 35 original in another state,
45 original returned already). An earlier send of ours may have done that: only a query tells."""

FAILED = frozenset(
    {
        *("01", "02", "10", "13", "30", "31", "32", "33", "35", "36", "38", "39", "40", "43", "44", "45"),
        *("60", "61", "62", "63", "64", "65", "66", "67", "68", "69"),
        *("70", "71", "72", "73", "74", "75", "76", "77", "78", "79"),
    }
)
"""As origRespCode: the transaction ended and moved nothing. 6x and 7x are the issuer's and the card's."""


class Outcome(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    ACCEPTED = "ACCEPTED"
    UNDECIDED = "UNDECIDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


def outcome_of(code: str) -> Outcome:
    """What a transaction's own code says of it."""
    if code in SUCCESS:
        return Outcome.SUCCEEDED
    if code == ACCEPTED:
        return Outcome.ACCEPTED
    if code in UNDECIDED:
        return Outcome.UNDECIDED
    return Outcome.FAILED if code in FAILED else Outcome.UNKNOWN
