"""The real adapters behind the ports: the only room that knows both sides.

Each part is built at its first use, so that a function pays for what it uses only; each is kept for the life
of the process. Imports of adapters are inside the properties for the same reason.
"""

import os
import random
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from octane.kernel.clock import Clock, SystemClock
from octane.kernel.ids import Nonces, SystemNonces
from octane.kernel.settings import Settings, read_settings, required
from octane.kernel.signals import Signals
from octane.store.items import Table

if TYPE_CHECKING:
    from octane.channels.alipay.config import AlipayConfig
    from octane.channels.port import Channel, ChannelName
    from octane.channels.unionpay.config import UnionPayConfig
    from octane.channels.wechat_pay.config import WechatPayConfig
    from octane.channels.wechat_pay.keys import PlatformKeys
    from octane.funds.port import CustodyBank
    from octane.identity.phones import LoginProvider
    from octane.identity.ports import AlipayLogin, FaceVerifier, SmsSender
    from octane.identity.revocation import Revocations
    from octane.identity.rotation import Keys
    from octane.identity.tokens import TokenSigner, TokenVerifier
    from octane.identity.wechat_mini import WechatMini
    from octane.issuers.juhe.client import JuheConfig
    from octane.issuers.port import CardIssuer
    from octane.kernel.statement import BillSource
    from octane.kernel.switches import SwitchBoard
    from octane.limits.buckets import Buckets
    from octane.notify.push import Sockets
    from octane.orders.deps import Queues
    from octane.privacy.keys import DataKeys, KeyRing
    from octane.privacy.vault import FieldVault
    from octane.reconciliation.model import Source
    from octane.reviews.deps import ReviewMachine
    from octane.risk.ports import Alliance
    from octane.risk.rules import RuleSet
    from octane.routing.router import Router
    from octane.rulebook.reader import RulesReader
    from octane.store.objects import Objects
    from octane.store.store import Store
    from octane.wire.http import Transport
    from octane.wire.manifests import Signer
    from octane.wire.timestamps import HttpTimestamps

PAUSE_SECONDS = 0.02
FILE_SECONDS = 60.0
"""For a file of a bucket to come or go."""
MOST_BILL_BYTES = 1 << 30
WECHAT_URL = "https://api.mch.weixin.qq.com"
ALIPAY_URL = "https://openapi.alipay.com"
UNIONPAY_URL = "https://gateway.95516.com"
UNIONPAY_FILE_URL = "https://filedownload.95516.com"
WECHAT_MINI_URL = "https://api.weixin.qq.com"
SMS_URL = "https://sms.tencentcloudapi.com"


class Wiring:
    """All that the use cases need, from the environment of one function."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def nonces(self) -> Nonces:
        return SystemNonces()

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self._environment)

    @cached_property
    def signals(self) -> Signals:
        from octane.api.telemetry import MetricSignals

        return MetricSignals()

    @cached_property
    def store(self) -> "Store":
        from octane.store.dynamodb import DynamoDbEngine
        from octane.store.store import Store

        tables = {table: self._environment.get(f"OCTANE_TABLE_{table.name}", "") for table in Table}
        return Store(DynamoDbEngine(self._client("dynamodb"), tables), self.nonces, pause)

    @cached_property
    def buckets(self) -> "Buckets":
        from octane.limits.buckets import Buckets
        from octane.limits.table import limits_of

        return Buckets(self.store, self.clock, self.signals, limits_of(self.settings))

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

    @cached_property
    def router(self) -> "Router":
        from octane.routing.router import Router

        return Router(self.store, self.clock, self.settings.routing_cache_ms)

    @cached_property
    def risk_rules(self) -> "RulesReader[RuleSet]":
        from octane.risk.defaults import default_rules
        from octane.risk.rules import read_rules
        from octane.rulebook.reader import RulesReader

        cache_ms = self.settings.routing_cache_ms
        return RulesReader(self.store, self.clock, Table.RISK, default_rules, read_rules, cache_ms)

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
    def timestamp_authority(self) -> "HttpTimestamps":
        from octane.wire.timestamps import HttpTimestamps, TimestampConfig

        url = required(self._environment, "OCTANE_TSA_URL")
        config = TimestampConfig.from_secret(self._secret("TSA"), url)
        return HttpTimestamps(config, self._transport, self.nonces)

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

    @cached_property
    def queues(self) -> "Queues":
        from octane.orders.queues import SqsQueues

        return SqsQueues(self._client("sqs"), self._environment)

    @cached_property
    def review_machine(self) -> "ReviewMachine":
        from octane.wire.machines import StateMachine

        return StateMachine(
            self._client("stepfunctions"), required(self._environment, "OCTANE_REVIEW_MACHINE")
        )

    @cached_property
    def sockets(self) -> "Sockets":
        from octane.notify.sockets import ApiGatewaySockets

        url = required(self._environment, "OCTANE_WEBSOCKET_URL")
        return ApiGatewaySockets(self._client("apigatewaymanagementapi", endpoint_url=url))

    @cached_property
    def switches(self) -> "SwitchBoard":
        from octane.wire.switches import ParameterSwitches

        name = required(self._environment, "OCTANE_SWITCHES")
        return ParameterSwitches(self._client("ssm"), name, self.clock, self.signals)

    @cached_property
    def archive(self) -> "Objects":
        """Bills, journal and exports: kept for years, never overwritten."""
        return self._bucket("ARCHIVE")

    @cached_property
    def work(self) -> "Objects":
        """What the steps of a run leave for each other."""
        return self._bucket("WORK")

    @cached_property
    def bank(self) -> "CustodyBank | None":
        """The custody bank; None where none is set up."""
        from octane.funds.custody import CustodyConfig, HttpCustodyBank

        url = self._environment.get("OCTANE_BANK_URL")
        if not url:
            return None
        return HttpCustodyBank(CustodyConfig(self._secret("BANK")["key"], url), self._transport, self.clock)

    @cached_property
    def key_ring(self) -> "KeyRing":
        from octane.privacy.keys import KeyRing

        return KeyRing(self.store, self._data_keys, self.clock, self.nonces)

    @cached_property
    def vault(self) -> "FieldVault":
        from octane.privacy.vault import FieldVault

        return FieldVault(self.key_ring, self.nonces)

    @cached_property
    def _data_keys(self) -> "DataKeys":
        from octane.wire.data_keys import KmsDataKeys

        return KmsDataKeys(self._client("kms"), required(self._environment, "OCTANE_VAULT_KEY"))

    @cached_property
    def manifest_signer(self) -> "Signer":
        from octane.wire.signing import KmsSigner

        return KmsSigner(self._client("kms"), required(self._environment, "OCTANE_MANIFEST_KEY"))

    def _bucket(self, name: str) -> "Objects":
        from octane.store.s3 import S3Objects

        bucket = required(self._environment, f"OCTANE_BUCKET_{name}")
        return S3Objects(self._s3, bucket, pause)

    @cached_property
    def _s3(self) -> Any:
        from octane.wire.aws import new_client

        return new_client(self._session, "s3", read_seconds=FILE_SECONDS)

    @cached_property
    def _transport(self) -> "Transport":
        from octane.wire.http import HttpTransport

        return HttpTransport(self.clock)

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

    def _callback(self, path: str) -> str:
        return f"{self.settings.public_url}/api/v1/callbacks/{path}"

    @cached_property
    def _session(self) -> Any:
        from octane.wire.aws import new_session

        return new_session()

    def _client(self, service: str, endpoint_url: str | None = None) -> Any:
        from octane.wire.aws import new_client

        return new_client(self._session, service, endpoint_url)

    def _secret(self, name: str) -> dict[str, Any]:
        arn = required(self._environment, f"OCTANE_SECRET_{name}")
        answer = self._client("secretsmanager").get_secret_value(SecretId=arn)
        found: dict[str, Any] = orjson.loads(answer["SecretString"])
        return found


def pause(attempt: int) -> None:
    """Back off with full jitter before try number `attempt`."""
    time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))


class _Process:
    wiring: Wiring | None = None


def deps() -> Wiring:
    """The wiring of this process, made at the first call."""
    if _Process.wiring is None:
        _Process.wiring = Wiring(os.environ)
    return _Process.wiring


def use(wiring: Wiring | None) -> None:
    """Put another wiring in place, or none: a process that plays several functions does this."""
    _Process.wiring = wiring
