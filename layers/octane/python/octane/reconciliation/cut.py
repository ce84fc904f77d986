"""Our side of a counterparty's day: the ledger's entries that moved its account, as statement lines (RC1).

| entry                                          | line     | number                |
|------------------------------------------------|----------|-----------------------|
| payment_received, unexpected_payment_received  | PAYMENT  | out_trade_no          |
| refund_succeeded                               | REFUND   | refund number         |
| recharge_succeeded, recharge_contradicted      | RECHARGE | the order's, R01      |

Whose RECHARGE it is tells its account: an issuer's payable is the aggregator's, a biller's its own.

What reconciliation itself booked is no movement at the counterparty, and is no line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from typing import NamedTuple

from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.ledger.accounts import biller_payable, channel_receivable, issuer_payable
from octane.ledger.entries import Entry, payer_mark
from octane.reconciliation.model import BILLERS, FULFILLERS, DayWindow, Source
from octane.store.items import Key, Table

CURRENCY = "CNY"
MILLION = 1_000_000
DAY_MS = 86_400_000
FEE_PPM = {
    **{Source.WECHAT: 6_000, Source.ALIPAY: 6_000, Source.UNIONPAY: 5_000},
    **dict.fromkeys(FULFILLERS, 0),
}
"""What each contract charges for a payment, in parts per million, rounded half up to the fen. A refund gives
no fee back, and costs none."""

SUBJECT = -3
"""An order's number without what stands behind it (P01, F01, R01) is the subject of its entries."""
RECHARGED = "R01"

KINDS = {
    "payment_received": LineKind.PAYMENT,
    "unexpected_payment_received": LineKind.PAYMENT,
    "refund_succeeded": LineKind.REFUND,
    "recharge_succeeded": LineKind.RECHARGE,
    "recharge_contradicted": LineKind.RECHARGE,
}


class OurMovement(NamedTuple):
    """What an entry moved at a counterparty."""

    kind: LineKind
    account: str
    amount: int
    """Fen, positive."""


def cut_lines(
    entries: Iterable[Entry],
    source: Source,
    window: DayWindow,
    merchant: str = "",
    sums: Counter[str] | None = None,
    awaited: Set[tuple[str, str]] = frozenset(),
) -> Iterator[StatementLine]:
    """The lines of a source's day, cut by when the counterparty says that it happened; `merchant` is our
    account there, empty where its bill does not tell it. `sums` gathers the fen that moved, by account.

    `awaited`: what the bill of the day before had in transit, by kind and number. Of those the day before is
    the day too: its own run was over when we learnt of them.
    """
    for entry in entries:
        moved = movement_of(entry, source)
        if moved is None or not window.start - DAY_MS <= entry.effective_at < window.end:
            continue
        recharged = moved.kind is LineKind.RECHARGE
        number = f"{entry.subject}{entry.reference}" if recharged else entry.reference
        if entry.effective_at < window.start and (moved.kind.value, number) not in awaited:
            continue
        if sums is not None:
            sums[moved.account] += moved.amount
        yield StatementLine(
            kind=moved.kind,
            number=number,
            reference=entry.proof.partition(":")[2] if recharged else entry.proof,
            amount=moved.amount,
            fee=expected_fee(source, moved.kind, moved.amount),
            currency=CURRENCY,
            status=LineStatus.SUCCEEDED,
            party=payer_mark(entry.party),
            merchant=merchant,
            settled_at=entry.effective_at,
            line=0,
        )


def movement_of(entry: Entry, source: Source) -> OurMovement | None:
    """What an entry moved at the source; None when it moved nothing there."""
    kind = KINDS.get(entry.kind)
    if kind is None or (kind is LineKind.RECHARGE) != (source in FULFILLERS):
        return None
    sign = 1 if kind is LineKind.PAYMENT else -1
    for leg in entry.legs:
        if leg.fen * sign > 0 and _is_at(leg.account, source):
            return OurMovement(kind, leg.account, abs(leg.fen))
    return None


def _is_at(account: str, source: Source) -> bool:
    if source is Source.JUHE:
        return account.startswith(issuer_payable(""))
    if source in BILLERS:
        return account == biller_payable(source)
    return account == channel_receivable(source)


def entry_keys(kind: LineKind, number: str) -> list[Key]:
    """Where the ledger has the movement under a number of ours, if it has it: one of these."""
    subject, reference = number[:SUBJECT], RECHARGED if kind is LineKind.RECHARGE else number
    return [Key(Table.LEDGER, subject, f"{word}#{reference}") for word, of in KINDS.items() if of is kind]


def expected_fee(source: Source, kind: LineKind, amount: int) -> int:
    return (amount * FEE_PPM[source] + MILLION // 2) // MILLION if kind is LineKind.PAYMENT else 0
