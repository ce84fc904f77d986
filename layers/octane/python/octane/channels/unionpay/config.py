"""Who we are to UnionPay: merchant, certificate, key, the authorities we believe, and where it calls back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from octane.channels.port import ChannelConfigError

UNIONPAY_NAME = "中国银联股份有限公司"
"""The organisation that a signing certificate must name in production."""
CHANNEL_TYPES = frozenset({"07", "08"})


class UnionPayConfigError(ChannelConfigError):
    """A setting that is missing or malformed; the message names the setting and never its value."""


@dataclass(frozen=True, slots=True)
class SubMerchant:
    """A merchant behind ours (accessType 2): UnionPay wants its number, name and short name together."""

    number: str
    name: str
    short_name: str


@dataclass(frozen=True, slots=True)
class UnionPayConfig:
    mer_id: str
    """15 characters."""
    cert_id: str
    """Serial of our own certificate, in decimal."""
    private_key_pem: str = field(repr=False)
    root_certificates: tuple[str, ...] = field(repr=False)
    """PEM; trusted as they are."""
    intermediate_certificates: tuple[str, ...] = field(repr=False)
    """PEM; believed when a root issued them. Empty: roots sign UnionPay's certificates themselves."""
    base_url: str
    file_url: str
    payment_notify_url: str
    refund_notify_url: str
    signer_names: tuple[str, ...] = (UNIONPAY_NAME,)
    """The test gateway has also signed as `00040000:SIGN`; production never does."""
    channel_type: str = "08"
    """08 mobile, 07 internet."""
    sub_merchants: tuple[SubMerchant, ...] = ()
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if not self.cert_id.isascii() or not self.cert_id.isdecimal():
            raise UnionPayConfigError("cert_id")
        if not self.root_certificates:
            raise UnionPayConfigError("root_certificates")
        if not self.signer_names or not all(self.signer_names):
            raise UnionPayConfigError("signer_names")
        if self.channel_type not in CHANNEL_TYPES:
            raise UnionPayConfigError("channel_type")

    def sub_merchant(self, number: str) -> SubMerchant | None:
        return next((known for known in self.sub_merchants if known.number == number), None)

    @classmethod
    def from_secret(
        cls,
        secret: Mapping[str, object],
        base_url: str,
        file_url: str,
        payment_notify_url: str,
        refund_notify_url: str,
    ) -> Self:
        """Build from the UNIONPAY secret; raise `UnionPayConfigError`."""
        return cls(
            mer_id=_text(secret, "mer_id"),
            cert_id=_text(secret, "cert_id"),
            private_key_pem=_text(secret, "private_key_pem"),
            root_certificates=_texts(secret, "root_certificates"),
            intermediate_certificates=_texts(secret, "intermediate_certificates"),
            base_url=base_url.rstrip("/"),
            file_url=file_url.rstrip("/"),
            payment_notify_url=payment_notify_url,
            refund_notify_url=refund_notify_url,
            signer_names=_texts(secret, "signer_names") or (UNIONPAY_NAME,),
            channel_type=_text(secret, "channel_type", required=False) or "08",
            sub_merchants=_sub_merchants(secret),
        )


def _text(secret: Mapping[str, object], name: str, required: bool = True) -> str:
    value = secret.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise UnionPayConfigError(name)
    return value


def _texts(secret: Mapping[str, object], name: str) -> tuple[str, ...]:
    values = secret.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise UnionPayConfigError(name)
    return tuple(values)


def _sub_merchants(secret: Mapping[str, object]) -> tuple[SubMerchant, ...]:
    """`{"sub_merchants": {"<number>": {"name": …, "short_name": …}}}`."""
    listed = secret.get("sub_merchants", {})
    if not isinstance(listed, dict):
        raise UnionPayConfigError("sub_merchants")
    found = []
    for number, names in listed.items():
        if not isinstance(number, str) or not isinstance(names, dict):
            raise UnionPayConfigError("sub_merchants")
        found.append(SubMerchant(number, _text(names, "name"), _text(names, "short_name")))
    return tuple(found)
