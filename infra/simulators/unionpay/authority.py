"""UnionPay's side of trust: a root, an intermediate, its signing certificate, and the merchant's key."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from simulators.protocol import Json

COMPANY = "中国银联股份有限公司"
SIGNER_NAME = f"041@8310000000083040@{COMPANY}@00016495"
YEARS = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class UnionPayKeys:
    mer_id: str
    sub_mer_id: str
    merchant_cert_id: str
    """Decimal serial of the merchant's certificate."""
    merchant_private_key_pem: str
    root_pem: str
    intermediate_pem: str
    signer_pem: str
    """Sent inside every message, with CR LF line ends as UnionPay has them."""
    signer_private_key_pem: str
    stranger_private_key_pem: str
    """Not the announced key: what a forged message is signed with."""


def new_unionpay_keys(now: datetime) -> UnionPayKeys:
    """Fresh keys: five of RSA-2048."""
    root, intermediate, signer, merchant, stranger = (
        generate_private_key(public_exponent=65537, key_size=2048) for _ in range(5)
    )
    start = now.replace(microsecond=0) - timedelta(hours=1)
    root_name, middle_name = _name("Simulated CS CA"), _name("Simulated OCA1")
    return UnionPayKeys(
        mer_id="7772900" + _digits(8),
        sub_mer_id="8983100" + _digits(8),
        merchant_cert_id="6" + _digits(10),
        merchant_private_key_pem=_private_pem(merchant),
        root_pem=_certificate(root_name, root, root_name, root, start, authority=True),
        intermediate_pem=_certificate(middle_name, intermediate, root_name, root, start, authority=True),
        signer_pem=_certificate(_name(SIGNER_NAME), signer, middle_name, intermediate, start).replace(
            "\n", "\r\n"
        ),
        signer_private_key_pem=_private_pem(signer),
        stranger_private_key_pem=_private_pem(stranger),
    )


def unionpay_secret(keys: UnionPayKeys) -> Json:
    """What the merchant is given, as Octane's UNIONPAY secret."""
    return {
        "mer_id": keys.mer_id,
        "cert_id": keys.merchant_cert_id,
        "private_key_pem": keys.merchant_private_key_pem,
        "root_certificates": [keys.root_pem],
        "intermediate_certificates": [keys.intermediate_pem],
        "sub_merchants": {keys.sub_mer_id: {"name": "Octane 加油站", "short_name": "加油站"}},
    }


def _certificate(
    subject: x509.Name,
    key: RSAPrivateKey,
    issuer: x509.Name,
    issuer_key: RSAPrivateKey,
    start: datetime,
    authority: bool = False,
) -> str:
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(b"\x10" + secrets.token_bytes(4), "big"))
        .not_valid_before(start)
        .not_valid_after(start + YEARS)
        .add_extension(usage, critical=True)
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(issuer_key, SHA256()).public_bytes(Encoding.PEM).decode()


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Octane simulators"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))
