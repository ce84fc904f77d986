"""Whom money comes from and goes to: channels, the issuer, the bank, and the way a payment takes."""

from functools import cached_property
from typing import TYPE_CHECKING

from octane.kernel.settings import required
from octane.wiring.billers import Billers

if TYPE_CHECKING:
    from octane.channels.alipay.config import AlipayConfig
    from octane.channels.port import Channel, ChannelName
    from octane.channels.unionpay.config import UnionPayConfig
    from octane.channels.wechat_pay.config import WechatPayConfig
    from octane.channels.wechat_pay.keys import PlatformKeys
    from octane.funds.port import CustodyBank
    from octane.issuers.juhe.client import JuheConfig
    from octane.issuers.port import CardIssuer
    from octane.kernel.statement import BillSource
    from octane.reconciliation.model import Source
    from octane.routing.router import Router
    from octane.wire.http import Transport

MOST_BILL_BYTES = 1 << 30
WECHAT_URL = "https://api.mch.weixin.qq.com"
ALIPAY_URL = "https://openapi.alipay.com"
UNIONPAY_URL = "https://gateway.95516.com"
UNIONPAY_FILE_URL = "https://filedownload.95516.com"


class Payments(Billers):
    """Channels, issuer, billers and bank."""

    def channel_of(self, name: "ChannelName") -> "Channel":
        """The client of a channel that calls out; each is built when it is first needed.

        Raises `ChannelUnavailableError` for one that is not set up.
        """
        from octane.channels.port import ChannelConfigError, ChannelUnavailableError

        try:
            channel: Channel = getattr(self, name.value.lower())
        except ChannelConfigError:
            raise ChannelUnavailableError from None
        return channel

    @cached_property
    def wechat(self) -> "Channel":
        from octane.channels.wechat_pay.client import WechatPay

        return WechatPay(self._wechat_config, self._transport, self.clock, self.nonces, self.platform_keys)

    @cached_property
    def alipay(self) -> "Channel":
        from octane.channels.alipay.client import Alipay

        return Alipay(self._alipay_config, self._transport, self.clock)

    @cached_property
    def unionpay(self) -> "Channel":
        from octane.channels.unionpay.client import UnionPay

        return UnionPay(self._unionpay_config, self._transport, self.clock)

    @cached_property
    def collected(self) -> "tuple[Source, ...]":
        """Whose bills a day is closed with: of the billers those that are set up."""
        from octane.reconciliation.model import BILLERS, COLLECTED

        connected = {biller.value for biller in self.billers}
        return tuple(source for source in COLLECTED if source not in BILLERS or source in connected)

    def bills_of(self, source: "Source") -> "BillSource":
        """Where the bills of a counterparty come from."""
        from octane.reconciliation.model import Source

        match source:
            case Source.WECHAT:
                from octane.channels.wechat_pay.bills import WechatBills

                keys = self.platform_keys
                return WechatBills(self._wechat_config, self._bill_transport, self.clock, self.nonces, keys)
            case Source.ALIPAY:
                from octane.channels.alipay.bills import AlipayBills

                return AlipayBills(self._alipay_config, self._bill_transport, self.clock)
            case Source.UNIONPAY:
                from octane.channels.unionpay.bills import UnionPayBills

                return UnionPayBills(self._unionpay_config, self._bill_transport, self.clock)
            case Source.JUHE:
                from octane.issuers.juhe.bills import JuheBills

                return JuheBills(self._juhe_config, self._bill_transport)
            case Source.BANK:
                raise ValueError(source)  # its statements come by `bank`
            case _:
                from octane.billers.names import Biller

                return self._biller(Biller(source.value), self._bill_transport)

    @cached_property
    def router(self) -> "Router":
        from octane.routing.router import Router

        return Router(self.store, self.clock, self.settings.routing_cache_ms)

    @cached_property
    def platform_keys(self) -> "PlatformKeys":
        from octane.channels.platform_keys import stored_keys
        from octane.channels.wechat_pay.keys import PlatformKeys

        return PlatformKeys(
            self._wechat_config,
            self._transport,
            self.clock,
            self.nonces,
            load=lambda: stored_keys(self.store),
        )

    @cached_property
    def issuer(self) -> "CardIssuer":
        from octane.issuers.juhe.client import JuheIssuer

        return JuheIssuer(self._juhe_config, self._transport, self.clock)

    @cached_property
    def bank(self) -> "CustodyBank | None":
        """The custody bank; None where none is set up."""
        from octane.funds.custody import CustodyConfig, HttpCustodyBank

        url = self._environment.get("OCTANE_BANK_URL")
        if not url:
            return None
        return HttpCustodyBank(CustodyConfig(self._secret("BANK")["key"], url), self._transport, self.clock)

    @cached_property
    def _bill_transport(self) -> "Transport":
        from octane.wire.http import HttpTransport

        return HttpTransport(self.clock, response_limit=MOST_BILL_BYTES)

    @cached_property
    def _alipay_config(self) -> "AlipayConfig":
        from octane.channels.alipay.config import AlipayConfig

        return AlipayConfig.from_secret(
            self._secret("ALIPAY"),
            self._environment.get("OCTANE_ALIPAY_URL") or ALIPAY_URL,
            self._callback("alipay/payments"),
        )

    @cached_property
    def _unionpay_config(self) -> "UnionPayConfig":
        from octane.channels.unionpay.config import UnionPayConfig

        return UnionPayConfig.from_secret(
            self._secret("UNIONPAY"),
            self._environment.get("OCTANE_UNIONPAY_URL") or UNIONPAY_URL,
            self._environment.get("OCTANE_UNIONPAY_FILE_URL") or UNIONPAY_FILE_URL,
            self._callback("unionpay/payments"),
            self._callback("unionpay/refunds"),
        )

    @cached_property
    def _juhe_config(self) -> "JuheConfig":
        from octane.issuers.juhe.client import JuheConfig

        secret, url = self._secret("ISSUER"), required(self._environment, "OCTANE_ISSUER_URL")
        return JuheConfig(secret["openid"], secret["key"], url)

    @cached_property
    def _wechat_config(self) -> "WechatPayConfig":
        from octane.channels.wechat_pay.config import WechatPayConfig

        return WechatPayConfig.from_secret(
            self._secret("WECHAT"),
            self._environment.get("OCTANE_WECHAT_URL") or WECHAT_URL,
            self._callback("wechat/payments"),
            self._callback("wechat/refunds"),
        )
