"""What WeChat's operations and control commands work with."""

from dataclasses import dataclass

from simulators.bills.office import Office
from simulators.wechat.faces import Faces
from simulators.wechat.mini import MiniProgram
from simulators.wechat.signer import Signer
from simulators.wechat.subscribed import Subscribed
from simulators.wechat.trades import TradeBooks


@dataclass(frozen=True, slots=True)
class Desk:
    signer: Signer
    trades: TradeBooks
    mini: MiniProgram
    faces: Faces
    bills: Office
    subscribed: Subscribed
