"""X.509 certificates: the serial, the key and the time they are good for."""

import importlib
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from octane.kernel.clock import Instant
from octane.wire.rsa import KeyUnreadableError

if TYPE_CHECKING:
    from cryptography import x509


class Certificate(NamedTuple):
    serial: str
    """Upper-case hexadecimal, as `Wechatpay-Serial` carries it."""
    public_key: RSAPublicKey
    not_before: Instant
    not_after: Instant


def read_certificate(pem: str) -> Certificate:
    """Read one RSA certificate; raise `KeyUnreadableError`.

    Its chain is not checked: the caller knows where it came from.
    """
    # The x509 module costs 50 ms of import, and most functions never meet a certificate.
    module = importlib.import_module("cryptography.x509")
    try:
        found: x509.Certificate = module.load_pem_x509_certificate(pem.encode())
        key = found.public_key()
    except ValueError:
        raise KeyUnreadableError("not a certificate") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyUnreadableError("not an RSA certificate")
    return Certificate(
        serial=_hexadecimal(found.serial_number),
        public_key=key,
        not_before=Instant(round(found.not_valid_before_utc.timestamp()) * 1_000),
        not_after=Instant(round(found.not_valid_after_utc.timestamp()) * 1_000),
    )


def _hexadecimal(serial: int) -> str:
    return serial.to_bytes((serial.bit_length() + 7) // 8).hex().upper()


def public_key_pem(key: RSAPublicKey) -> str:
    """Write a key so that the next reader needs no certificate."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
