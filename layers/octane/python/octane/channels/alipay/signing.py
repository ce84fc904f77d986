"""What is signed (RSA2: SHA256 with RSA): the parameters of a request, the fields of a notice."""

from collections.abc import Mapping

from octane.channels.alipay.config import AlipayConfig
from octane.wire import rsa

SIGN_TYPE = "RSA2"


def request_message(parameters: Mapping[str, str]) -> bytes:
    """Return what a request signs: all but the empty ones and `sign`, by name, unencoded, UTF-8."""
    return "&".join(
        f"{name}={value}" for name, value in sorted(parameters.items()) if value and name != "sign"
    ).encode()


def signed(config: AlipayConfig, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters with their signature, and without the empty ones."""
    kept = {name: value for name, value in parameters.items() if value}
    return {**kept, "sign": rsa.sign(rsa.load_private_key(config.private_key_pem), request_message(kept))}


def notice_messages(fields: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    """Return what a notice signs, without `sign_type` and with it: Alipay's products differ in this.

    The values are the decoded form's raw bytes, in whatever charset the notice came.
    """
    pairs = [(name, value) for name, value in sorted(fields.items()) if value and name != "sign"]
    short = b"&".join(name.encode() + b"=" + value for name, value in pairs if name != "sign_type")
    return short, b"&".join(name.encode() + b"=" + value for name, value in pairs)
