"""What Alipay's operations and control commands work with."""

from dataclasses import dataclass

from simulators.alipay.bills import BillOffice
from simulators.alipay.signer import Signer
from simulators.alipay.trades import TradeBooks


@dataclass(frozen=True, slots=True)
class Desk:
    signer: Signer
    trades: TradeBooks
    bills: BillOffice
