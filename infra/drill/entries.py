"""What our ledger books for a trade, as the orders do."""

from dataclasses import replace

from drill.trades import Trade
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.ledger import topup
from octane.ledger.accounts import biller_payable, channel_receivable, issuer_payable, wallet
from octane.ledger.entries import Entry
from octane.reconciliation.model import Source
from simulators.bills.rows import RowKind

LEARNT_MS = 700
"""How long after the fact we book it."""


def entry_of(trade: Trade) -> Entry:
    row, at = trade.row, trade.at
    now, amount = Instant(at + LEARNT_MS), Fen(row.amount)
    if row.kind is RowKind.RECHARGE:
        # The fact's time is when we learnt it: an issuer does not tell it, and a biller says the same.
        entry = topup.recharge_succeeded(
            trade.order_id,
            issuer_payable("SINOPEC") if trade.source is Source.JUHE else biller_payable(trade.source),
            amount,
            at,
            f"query:{row.reference}",
            f"*{row.party[-4:]}",
        )
        return entry
    account = channel_receivable(trade.source)
    if row.returns:
        proof = f"{row.reference}/{row.number}" if trade.source is Source.ALIPAY else row.reference
        return topup.refund_succeeded(trade.order_id, row.number, account, amount, at, now, proof)
    parts = {account: amount, wallet("U1"): Fen(trade.wallet)}
    party = row.party if trade.source is Source.WECHAT else ""
    return topup.payment_received(trade.order_id, row.number, parts, at, now, row.reference, party)


def with_amount(entry: Entry, more: int) -> Entry:
    """The same entry for so many fen more, in its first and its last leg."""
    first, *middle, last = entry.legs
    sign = 1 if first.fen > 0 else -1
    legs = (
        first._replace(fen=first.fen + sign * more),
        *middle,
        last._replace(fen=last.fen - sign * more),
    )
    return replace(entry, legs=legs)


def noise(trade: Trade) -> list[Entry]:
    """Entries around a trade that are no movement at a counterparty."""
    at = trade.at
    if trade.row.returns:
        return [topup.recharge_failed(trade.order_id, trade.number, Fen(trade.row.amount), at, "notice:S1")]
    if trade.wallet:
        return [topup.wallet_credited(trade.order_id, wallet("U1"), Fen(trade.wallet), at)]
    return []
