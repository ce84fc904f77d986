"""What is checked of an RFC 3161 answer before it is kept (SE2).

A token is believed when its authority granted it for our digest and our nonce, one signer signed exactly that
content, and the signer's certificate is for timestamps and was issued by an authority that we trust. Its
revocation is not asked for here, nor its name in the signed attributes: who verifies years later does that.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, Hash, HashAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from octane.wire.timestamp_der import SHA256_OID, Answer, Info, Signed, Signer

HASHES: dict[str, type[HashAlgorithm]] = {
    SHA256_OID.dotted_string: SHA256,
    "2.16.840.1.101.3.4.2.2": SHA384,
    "2.16.840.1.101.3.4.2.3": SHA512,
}
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
GRANTED = frozenset({0, 1})
"""Granted; granted with modifications."""
UNREADABLE = (
    *(ValueError, TypeError, OverflowError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)
"""Whatever the reader raises for bytes that are no DER, and for certificates that are none."""


class TimestampInvalidError(Exception):
    """An answer that is no timestamp of what was asked."""


class Stamp(NamedTuple):
    """What a token says."""

    at: datetime
    """The authority's time, UTC."""
    serial: int
    policy: str


def read_answer(answer: bytes, digest: bytes, nonce: int, issuers: Sequence[x509.Certificate]) -> Stamp:
    """Check a TimeStampResp (DER) and return what it says; raise `TimestampInvalidError`.

    `issuers` are all the authorities whose signers we trust, intermediate ones too.
    """
    try:
        return _checked(answer, digest, nonce, issuers)
    except UNREADABLE:
        raise TimestampInvalidError("not an answer in DER") from None


def _checked(answer: bytes, digest: bytes, nonce: int, issuers: Sequence[x509.Certificate]) -> Stamp:
    found = asn1.decode_der(Answer, answer)
    if found.status.status not in GRANTED or found.token is None:
        raise TimestampInvalidError(f"not granted: {found.status.status}")
    signed = found.token.signed
    info = asn1.decode_der(Info, signed.content.content)
    kinds = (found.token.oid.dotted_string, signed.content.oid.dotted_string)
    if kinds != (SIGNED_DATA, TST_INFO):
        raise TimestampInvalidError("not a timestamp")
    if (info.imprint.algorithm.oid, info.imprint.digest) != (SHA256_OID, digest):
        raise TimestampInvalidError("of another digest")
    if info.nonce != nonce:
        raise TimestampInvalidError("for another question")
    at = info.at.as_datetime()
    _check_signature(signed, at, issuers)
    return Stamp(at, info.serial, info.policy.dotted_string)


def _check_signature(signed: Signed, at: datetime, issuers: Sequence[x509.Certificate]) -> None:
    signers = signed.signers.as_list()
    if len(signers) != 1:
        raise TimestampInvalidError("not one signer")
    [signer] = signers
    algorithm = HASHES.get(signer.digest_algorithm.oid.dotted_string)
    if algorithm is None:
        raise TimestampInvalidError("signed over an unknown digest")
    expected = {
        CONTENT_TYPE: asn1.encode_der(signed.content.oid),
        MESSAGE_DIGEST: asn1.encode_der(_digest(algorithm(), signed.content.content)),
    }
    for oid, value in expected.items():
        if _attribute(signer, oid) != [value]:
            raise TimestampInvalidError("signed over another content")
    certificates = signed.certificates.as_list() if signed.certificates else []
    # The attributes are sent as a field, and signed as the set that they are.
    message = asn1.encode_der(signer.signed)
    if not any(
        may_stamp(certificate, at, issuers) and _verifies(certificate, algorithm(), message, signer.signature)
        for certificate in certificates
    ):
        raise TimestampInvalidError("signed by nobody we trust")


def _attribute(signer: Signer, oid: str) -> list[bytes]:
    """All values (DER) of the signed attributes of this kind."""
    return [
        asn1.encode_der(value)
        for attribute in signer.signed.as_list()
        if attribute.oid.dotted_string == oid
        for value in attribute.values.as_list()
    ]


def _digest(algorithm: HashAlgorithm, content: bytes) -> bytes:
    digest = Hash(algorithm)
    digest.update(content)
    return digest.finalize()


def may_stamp(certificate: x509.Certificate, at: datetime, issuers: Sequence[x509.Certificate]) -> bool:
    """Whether it may sign timestamps at that time, by the word of an issuer that we trust."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return False
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return False
    return any(_issued(certificate, issuer) for issuer in issuers)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _verifies(
    certificate: x509.Certificate, algorithm: HashAlgorithm, message: bytes, signature: bytes
) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
