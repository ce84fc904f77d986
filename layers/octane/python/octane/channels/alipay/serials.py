"""Alipay's name for a certificate: md5 over its issuer, written backwards, and its decimal serial.

The roots that it hands out hold SM2 certificates too; those do not count towards the name of the roots.
"""

import hashlib
import importlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from octane.wire.rsa import KeyUnreadableError

if TYPE_CHECKING:
    from cryptography import x509

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
RSA_SIGNED = "1.2.840.113549.1.1."
"""Every signature algorithm of PKCS#1 lies below this."""
SHORT_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
}


@lru_cache(maxsize=16)
def certificate_sn(pem: str) -> str:
    """Return `app_cert_sn` or `alipay_cert_sn` of the first certificate; raise `KeyUnreadableError`."""
    found = CERTIFICATE.search(pem)
    if found is None:
        raise KeyUnreadableError("not a certificate")
    return _sn(_load(found[0]))


@lru_cache(maxsize=4)
def root_sn(pem: str) -> str:
    """Return `alipay_root_cert_sn` of one or more roots; raise `KeyUnreadableError`."""
    roots = [_load(found) for found in CERTIFICATE.findall(pem)]
    names = [_sn(root) for root in roots if root.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNED)]
    if not names:
        raise KeyUnreadableError("no RSA root certificate")
    return "_".join(names)


def _load(pem: str) -> "x509.Certificate":
    # The x509 module costs 50 ms of import, and key mode never needs it.
    module = importlib.import_module("cryptography.x509")
    try:
        certificate: x509.Certificate = module.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise KeyUnreadableError("not a certificate") from None
    return certificate


def _sn(certificate: "x509.Certificate") -> str:
    parts = [
        f"{SHORT_NAMES.get(attribute.oid.dotted_string, attribute.oid.dotted_string)}={attribute.value!s}"
        for relative in reversed(certificate.issuer.rdns)
        for attribute in relative
    ]
    text = ",".join(parts) + str(certificate.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
