"""Who people are, and what risk makes of it: logins, codes, faces, tokens, rules."""

from functools import cached_property
from typing import TYPE_CHECKING

from octane.kernel.settings import required
from octane.store.items import Table
from octane.wiring.payments import Payments

if TYPE_CHECKING:
    from octane.identity.phones import LoginProvider
    from octane.identity.ports import AlipayLogin, FaceVerifier, SmsSender
    from octane.identity.revocation import Revocations
    from octane.identity.rotation import Keys
    from octane.identity.tokens import TokenSigner, TokenVerifier
    from octane.identity.wechat_mini import WechatMini
    from octane.risk.ports import Alliance
    from octane.risk.rules import RuleSet
    from octane.rulebook.reader import RulesReader

WECHAT_MINI_URL = "https://api.weixin.qq.com"
SMS_URL = "https://sms.tencentcloudapi.com"


class People(Payments):
    """Their providers; one channel is a login provider too."""

    @cached_property
    def risk_rules(self) -> "RulesReader[RuleSet]":
        from octane.risk.defaults import default_rules
        from octane.risk.rules import read_rules
        from octane.rulebook.reader import RulesReader

        cache_ms = self.settings.routing_cache_ms
        return RulesReader(self.store, self.clock, Table.RISK, default_rules, read_rules, cache_ms)

    @cached_property
    def login_provider(self) -> "LoginProvider":
        return self._wechat_mini

    @cached_property
    def alipay_login(self) -> "AlipayLogin":
        from octane.channels.alipay.exchange import Exchange
        from octane.channels.alipay.keys import AlipayKeys
        from octane.channels.alipay.logins import open_id_of
        from octane.channels.port import Refused, Unknown
        from octane.identity.alipay_login import AlipayCodes

        config = self._alipay_config
        exchange = Exchange(config, self._transport, self.clock, AlipayKeys(config, self.clock))

        def open_id(code: str) -> str | None:
            match open_id_of(exchange, code):
                case Refused():
                    return ""
                case Unknown():
                    return None
                case found:
                    return found

        return AlipayCodes(open_id)

    @cached_property
    def sms(self) -> "SmsSender":
        from octane.identity.tencent_sms import TencentSms, TencentSmsConfig

        url = self._environment.get("OCTANE_SMS_URL") or SMS_URL
        config = TencentSmsConfig.from_secret(self._secret("SMS"), url)
        return TencentSms(config, self._transport, self.clock)

    @cached_property
    def faces(self) -> "FaceVerifier":
        from octane.identity.wechat_face import WechatFaces

        return WechatFaces(self._wechat_mini)

    @cached_property
    def alliance(self) -> "Alliance":
        from octane.risk.alliance import AllianceConfig, HttpAlliance

        secret, url = self._secret("ALLIANCE"), required(self._environment, "OCTANE_ALLIANCE_URL")
        config = AllianceConfig(secret["member"], secret["key"], url)
        return HttpAlliance(config, self._transport, self.clock)

    @cached_property
    def _wechat_mini(self) -> "WechatMini":
        from octane.identity.wechat_mini import WechatMini, WechatMiniConfig

        secret = self._secret("WECHAT")
        url = self._environment.get("OCTANE_WECHAT_MINI_URL") or WECHAT_MINI_URL
        config = WechatMiniConfig(secret["appid"], secret["app_secret"], url)
        return WechatMini(config, self._transport, self.clock)

    @cached_property
    def signer(self) -> "TokenSigner":
        from octane.identity.tokens import TokenSigner

        return TokenSigner.of(self._secret("TOKENS"))

    @cached_property
    def verifier(self) -> "TokenVerifier":
        from octane.identity.tokens import TokenVerifier

        return TokenVerifier.of(self._secret("TOKEN_VERIFIER"))

    @cached_property
    def revocations(self) -> "Revocations":
        from octane.identity.revocation import Revocations

        return Revocations(self.store, self.clock)

    @cached_property
    def token_keys(self) -> "Keys":
        """The two secrets of access tokens, to be rotated."""
        from octane.identity.rotation import Keys, new_key
        from octane.wire.secrets import StoredSecret

        client = self._client("secretsmanager")
        tokens, verifier = (
            StoredSecret(client, required(self._environment, f"OCTANE_SECRET_{name}"))
            for name in ("TOKENS", "TOKEN_VERIFIER")
        )
        return Keys(tokens, verifier, new_key)
