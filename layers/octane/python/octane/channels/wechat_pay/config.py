"""Who we are to WeChat Pay: merchant, application, keys and the addresses it may call back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from octane.channels.port import ChannelConfigError

API_KEY_BYTES = 32


class WechatPayConfigError(ChannelConfigError):
    """A setting that is missing or malformed; the message names the setting and never its value."""


@dataclass(frozen=True, slots=True)
class WechatPayConfig:
    """`sub_mchid` makes it service-provider mode: `mchid` and `appid` are then sp_mchid and sp_appid."""

    mchid: str
    appid: str
    serial_no: str
    """Serial of our own certificate, upper-case hexadecimal."""
    private_key_pem: str = field(repr=False)
    api_v3_key: str = field(repr=False)
    base_url: str
    payment_notify_url: str
    """At most 255 characters, no query."""
    refund_notify_url: str
    platform_certificates: tuple[str, ...] = field(default=(), repr=False)
    public_key_id: str = ""
    """`PUB_KEY_ID_…` in public-key mode; certificates may be held beside it while WeChat Pay migrates us."""
    public_key_pem: str = field(default="", repr=False)
    sub_mchid: str = ""
    sub_appid: str = ""
    """When set, the mini-program is the sub-merchant's: its openids are sub_openids."""
    timeout_s: float = 3.0

    def __post_init__(self) -> None:
        if len(self.api_v3_key.encode()) != API_KEY_BYTES:
            raise WechatPayConfigError("api_v3_key")
        if bool(self.public_key_id) != bool(self.public_key_pem):
            raise WechatPayConfigError("public_key_id")
        if self.sub_appid and not self.sub_mchid:
            raise WechatPayConfigError("sub_appid")

    @property
    def client_appid(self) -> str:
        """The application that the customer pays in, and that its payment parameters are signed for."""
        return self.sub_appid or self.appid

    @classmethod
    def from_secret(
        cls, secret: Mapping[str, object], base_url: str, payment_notify_url: str, refund_notify_url: str
    ) -> Self:
        """Build from the WECHAT secret; raise `WechatPayConfigError`."""
        certificates = secret.get("platform_certificates", [])
        if not isinstance(certificates, list) or not all(isinstance(pem, str) for pem in certificates):
            raise WechatPayConfigError("platform_certificates")
        return cls(
            mchid=_text(secret, "mchid"),
            appid=_text(secret, "appid"),
            serial_no=_text(secret, "serial_no"),
            private_key_pem=_text(secret, "private_key_pem"),
            api_v3_key=_text(secret, "api_v3_key"),
            base_url=base_url.rstrip("/"),
            payment_notify_url=payment_notify_url,
            refund_notify_url=refund_notify_url,
            platform_certificates=tuple(certificates),
            public_key_id=_text(secret, "public_key_id", required=False),
            public_key_pem=_text(secret, "public_key_pem", required=False),
            sub_mchid=_text(secret, "sub_mchid", required=False),
            sub_appid=_text(secret, "sub_appid", required=False),
        )


def _text(secret: Mapping[str, object], name: str, required: bool = True) -> str:
    value = secret.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise WechatPayConfigError(name)
    return value
