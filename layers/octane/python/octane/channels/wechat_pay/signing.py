"""What is signed and how it is checked: requests, client parameters, answers and notices (API v3)."""

import re
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from octane.channels.port import NoticeSignatureError, NoticeStaleError
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.kernel.clock import SECOND, Instant
from octane.wire import rsa

SKEW_MS = 300 * SECOND
"""Refused from exactly here on."""
PROBE = "WECHATPAY/SIGNTEST/"
"""WeChat Pay now and then sends a false signature that starts so, to see whether we check."""

Verifiers = Callable[[str], RSAPublicKey | None]
"""Serial to key; None when we hold no such key."""


def request_message(method: str, target: str, timestamp: int, nonce: str, body: bytes) -> bytes:
    """Return what a request signs. `target` is path and query, `timestamp` epoch seconds.

    The last line feed stays with an empty body.
    """
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def authorization(config: WechatPayConfig, message: bytes, timestamp: int, nonce: str) -> str:
    """Return the Authorization header over a request's message."""
    signature = rsa.sign(rsa.load_private_key(config.private_key_pem), message)
    return (
        f'WECHATPAY2-SHA256-RSA2048 mchid="{config.mchid}",nonce_str="{nonce}",timestamp="{timestamp}",'
        f'serial_no="{config.serial_no}",signature="{signature}"'
    )


def client_signature(private_key_pem: str, appid: str, timestamp: int, nonce: str, package: str) -> str:
    """Sign what the customer's app hands to wx.requestPayment."""
    message = f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode()
    return rsa.sign(rsa.load_private_key(private_key_pem), message)


def check_signature(verifiers: Verifiers, headers: Mapping[str, str], body: bytes, now: Instant) -> None:
    """Believe an answer or a notice, or raise `NoticeSignatureError` or `NoticeStaleError`.

    Header names are lower-case; the body is the raw bytes.
    """
    timestamp = headers.get("wechatpay-timestamp", "")
    nonce = headers.get("wechatpay-nonce", "")
    signature = headers.get("wechatpay-signature", "")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or not nonce or signature.startswith(PROBE):
        raise NoticeSignatureError
    if abs(now - int(timestamp) * SECOND) >= SKEW_MS:
        raise NoticeStaleError
    key = verifiers(headers.get("wechatpay-serial", ""))
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    if key is None or not rsa.verify(key, message, signature):
        raise NoticeSignatureError
