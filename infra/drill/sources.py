"""The counterparties of a drill: whose account we have there, and how its bills are written.

Water stands for the billers: all of them write the same file.
"""

from typing import NamedTuple

from octane.reconciliation.model import CUT_HOURS, Source
from simulators.alipay import bills as alipay
from simulators.billers import settlement as billers
from simulators.bills.rows import Form
from simulators.issuer import bills as juhe
from simulators.unionpay import clearing as unionpay
from simulators.wechat import bills as wechat


class Account(NamedTuple):
    source: Source
    form: Form
    merchant: str
    """Our account there; empty where the bill does not tell it."""
    fee_ppm: int
    """Of a payment or recharge."""

    @property
    def cut_hours(self) -> int:
        return CUT_HOURS.get(self.source, 0)


ACCOUNTS = {
    Source.WECHAT: Account(Source.WECHAT, wechat.FORM, "1900000109", wechat.FEE_PPM),
    Source.ALIPAY: Account(Source.ALIPAY, alipay.FORM, "2088102146225135", alipay.FEE_PPM),
    Source.UNIONPAY: Account(Source.UNIONPAY, unionpay.FORM, "777290058167151", unionpay.FEE_PPM),
    Source.JUHE: Account(Source.JUHE, juhe.FORM, "", 0),
    Source.WATER: Account(Source.WATER, billers.FORM, "", 0),
}
CHANNELS = (Source.WECHAT, Source.ALIPAY, Source.UNIONPAY)
FULFILLERS = (Source.JUHE, Source.WATER)
