"""What Alipay's operations and control commands work with."""

from dataclasses import dataclass

from simulators.alipay.logins import Logins
from simulators.alipay.signer import Signer
from simulators.alipay.trades import TradeBooks
from simulators.bills.office import Office


@dataclass(frozen=True, slots=True)
class Desk:
    signer: Signer
    trades: TradeBooks
    bills: Office
    logins: Logins
