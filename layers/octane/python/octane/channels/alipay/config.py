"""Who we are to Alipay: application, seller, keys or certificates, and the address it may call back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from octane.channels.port import ChannelConfigError

GATEWAY_PATH = "/gateway.do"
TIMEOUT_SECONDS = 3.0


class AlipayConfigError(ChannelConfigError):
    """A setting that is missing or malformed; the message names the setting and never its value."""


@dataclass(frozen=True, slots=True)
class AlipayConfig:
    """Either `alipay_public_key_pem` (key mode) or all three certificate settings (certificate mode)."""

    app_id: str
    seller_id: str
    """Our account at Alipay (2088…): who receives the money."""
    private_key_pem: str = field(repr=False)
    gateway_url: str
    notify_url: str
    alipay_public_key_pem: str = field(default="", repr=False)
    app_certificate_pem: str = field(default="", repr=False)
    alipay_certificates: tuple[str, ...] = field(default=(), repr=False)
    """Every certificate that Alipay may sign with; two of them while Alipay changes over."""
    alipay_root_pem: str = field(default="", repr=False)
    """Alipay's root certificates, one after the other."""
    op_app_id: str = ""
    """The mini-program that the customer pays in, when it is not the application itself."""
    timeout_s: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        certified = (self.app_certificate_pem, self.alipay_certificates, self.alipay_root_pem)
        if any(certified) and not all(certified):
            raise AlipayConfigError("app_certificate_pem, alipay_certificates, alipay_root_pem")
        if any(certified) == bool(self.alipay_public_key_pem):
            raise AlipayConfigError("alipay_public_key_pem")

    @property
    def certified(self) -> bool:
        """Whether this is certificate mode."""
        return bool(self.app_certificate_pem)

    @property
    def client_app_id(self) -> str:
        return self.op_app_id or self.app_id

    @classmethod
    def from_secret(cls, secret: Mapping[str, object], base_url: str, notify_url: str) -> Self:
        """Build from the ALIPAY secret; `base_url` is the gateway's host. Raise `AlipayConfigError`.

        Its fields: app_id, seller_id, private_key_pem; alipay_public_key_pem, or app_certificate_pem,
        alipay_certificates (a list) and alipay_root_pem; op_app_id if need be.
        """
        certificates = secret.get("alipay_certificates") or []
        if not isinstance(certificates, list) or not all(isinstance(pem, str) for pem in certificates):
            raise AlipayConfigError("alipay_certificates")
        return cls(
            app_id=_text(secret, "app_id"),
            seller_id=_text(secret, "seller_id"),
            private_key_pem=_text(secret, "private_key_pem"),
            gateway_url=base_url.rstrip("/").removesuffix(GATEWAY_PATH) + GATEWAY_PATH,
            notify_url=notify_url,
            alipay_public_key_pem=_text(secret, "alipay_public_key_pem", required=False),
            app_certificate_pem=_text(secret, "app_certificate_pem", required=False),
            alipay_certificates=tuple(certificates),
            alipay_root_pem=_text(secret, "alipay_root_pem", required=False),
            op_app_id=_text(secret, "op_app_id", required=False),
        )


def _text(secret: Mapping[str, object], name: str, required: bool = True) -> str:
    value = secret.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise AlipayConfigError(name)
    return value
