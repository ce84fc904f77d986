"""Alipay's and its merchant's keys, a part of the simulated world's.

The application may speak in key mode or in certificate mode; Alipay signs with one key pair in both.
"""

import hashlib
import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from simulators.protocol import Json

MODES = ("key", "certificate")
CERTIFICATE_DAYS = 5 * 365


@dataclass(frozen=True, slots=True)
class AlipayKeys:
    app_id: str
    seller_id: str
    sub_merchant: str
    """A merchant below us, as `sub_merchant.merchant_id` names it."""
    aes_key: str
    app_private_key_pem: str
    app_certificate_pem: str
    alipay_private_key_pem: str
    alipay_public_key_pem: str
    alipay_certificate_pem: str
    root_private_key_pem: str
    root_pem: str


def new_alipay_keys(now: datetime) -> AlipayKeys:
    """Fresh keys and a small authority: a root that certifies Alipay and the application."""
    root, alipay, app = (generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3))
    app_id, seller_id = "2021" + _digits(12), "2088" + _digits(12)
    authority = _name("Simulated Alipay Root", "Certification Authority")
    return AlipayKeys(
        app_id=app_id,
        seller_id=seller_id,
        sub_merchant="2088" + _digits(12),
        aes_key=b64encode(secrets.token_bytes(16)).decode(),
        app_private_key_pem=_private_pem(app),
        app_certificate_pem=_certificate(app, _name(f"{seller_id}-{app_id}", "Alipay"), root, authority, now),
        alipay_private_key_pem=_private_pem(alipay),
        alipay_public_key_pem=alipay.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        alipay_certificate_pem=_certificate(alipay, _name("支付宝模拟公钥", "Alipay"), root, authority, now),
        root_private_key_pem=_private_pem(root),
        root_pem=_certificate(root, authority, root, authority, now),
    )


def alipay_secret(keys: AlipayKeys, mode: str) -> Json:
    """What the merchant is given, as Octane's ALIPAY secret; `mode`: key or certificate."""
    certified = mode == "certificate"
    return {
        "app_id": keys.app_id,
        "seller_id": keys.seller_id,
        "op_app_id": "",
        "private_key_pem": keys.app_private_key_pem,
        "alipay_public_key_pem": "" if certified else keys.alipay_public_key_pem,
        "app_certificate_pem": keys.app_certificate_pem if certified else "",
        "alipay_certificates": [keys.alipay_certificate_pem] if certified else [],
        "alipay_root_pem": keys.root_pem if certified else "",
        "aes_key": keys.aes_key,
    }


def certificate_sn(pem: str) -> str:
    """md5 of the issuer (last part first) and the decimal serial, as both sides name a certificate."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    issuer = ",".join(
        f"{part.rfc4514_attribute_name}={part.value!s}"
        for relative in reversed(list(certificate.issuer.rdns))
        for part in relative
    )
    text = f"{issuer}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))


def _private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _name(common: str, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Octane simulators"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    key: RSAPrivateKey, name: x509.Name, issuer_key: RSAPrivateKey, issuer: x509.Name, now: datetime
) -> str:
    start = now.replace(microsecond=0) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(b"\x20" + secrets.token_bytes(15), "big"))
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=CERTIFICATE_DAYS))
        .sign(issuer_key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()
