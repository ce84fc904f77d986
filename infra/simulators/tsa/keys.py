"""The authority's keys: a root that everybody may have, and the certificate that signs timestamps."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulators.protocol import Json

YEARS = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class TsaKeys:
    root_pem: str
    certificate_pem: str
    private_key_pem: str


def new_tsa_keys(now: datetime) -> TsaKeys:
    """Fresh keys, on P-256."""
    root, signer = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    start = now.replace(microsecond=0) - timedelta(hours=1)
    authority = _certificate("Simulated timestamp root", root, "Simulated timestamp root", root, start)
    certificate = _certificate("Simulated TSA", signer, "Simulated timestamp root", root, start)
    private = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return TsaKeys(authority, certificate, private.decode())


def tsa_secret(keys: TsaKeys) -> Json:
    """What a customer is given, as Octane's TSA secret: whose timestamps to believe."""
    return {"root_certificates": [keys.root_pem]}


def _certificate(
    common: str,
    key: EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: EllipticCurvePrivateKey,
    start: datetime,
) -> str:
    root = common == issuer
    usage = x509.KeyUsage(
        digital_signature=not root,
        content_commitment=not root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=root,
        crl_sign=root,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + YEARS)
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    if not root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(issuer_key, SHA256()).public_bytes(Encoding.PEM).decode()


def _name(common: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Octane simulators")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])
