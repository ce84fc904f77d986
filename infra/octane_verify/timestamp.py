"""An RFC 3161 timestamp: what it says, and whether its signer said it.

A TimeStampResp holds a CMS SignedData (RFC 5652) over a TSTInfo. The signature is over the signed attributes,
which hold the digest of the TSTInfo and name the signer's certificate (RFC 2634, RFC 5816).
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import InvalidVersion
from cryptography.x509.oid import ExtendedKeyUsageOID

from octane_verify.der import (
    INTEGER,
    OCTETS,
    SEQUENCE,
    SET,
    TIME,
    Element,
    oid,
    only,
)

SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
SHA256 = "2.16.840.1.101.3.4.2.1"
GRANTED = frozenset({b"\x00", b"\x01"})
TAGGED = 0xA0
"""[0], constructed."""
MOST_CERTIFICATES = 8


class TimestampError(ValueError):
    """It is no timestamp that holds; says why."""


class Timestamp(NamedTuple):
    digest: bytes
    """SHA-256 of what it is about."""
    at: datetime
    policy: str
    serial: int
    signer: x509.Certificate
    certificates: list[x509.Certificate]
    """All that came with it."""


def read_timestamp(content: bytes) -> Timestamp:
    """Read a TimeStampResp (DER) and check its signature, by the certificate that came with it. Raises
    `TimestampError`."""
    try:
        return _read(content)
    except TimestampError:
        raise
    except (ValueError, IndexError, StopIteration, UnsupportedAlgorithm, InvalidVersion) as error:
        raise TimestampError(f"it cannot be read: {error}") from error


def _read(content: bytes) -> Timestamp:
    status, token = only(content).children()
    if status.children()[0].content not in GRANTED:
        raise TimestampError("it was not granted")
    kind, wrapped = token.children()
    if oid(kind) != SIGNED_DATA:
        raise TimestampError("it is no signed data")
    _, _, info, *rest = only(wrapped.content).children()
    certificates = _certificates(each for each in rest if each.tag == TAGGED)
    (signer_info,) = next(each for each in reversed(rest) if each.tag == SET).children()
    said = _content(info)
    signer = _check_signature(signer_info, said, certificates)
    _, policy, imprint, serial, at, *_ = only(said).children()
    algorithm, digest = imprint.children()
    if oid(algorithm.children()[0]) != SHA256 or digest.tag != OCTETS:
        raise TimestampError("it is not about a SHA-256 digest")
    if serial.tag != INTEGER:
        raise TimestampError("it has no serial number")
    number = int.from_bytes(serial.content, "big", signed=True)
    return Timestamp(digest.content, _time(at), oid(policy), number, signer, certificates)


def _content(info: Element) -> bytes:
    kind, wrapped = info.children()
    if oid(kind) != TST_INFO:
        raise TimestampError("it is about something else than a time")
    return only(wrapped.content, OCTETS).content


def _time(element: Element) -> datetime:
    text = element.content.decode("ascii")
    whole, _, part = text.removesuffix("Z").partition(".")
    if element.tag != TIME or not text.endswith("Z") or not whole.isdigit() or (part and not part.isdigit()):
        raise TimestampError("its time is not written as RFC 3161 wants it")
    try:
        moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise TimestampError(f"its time is none: {text}") from error
    return moment.replace(microsecond=int(f"{part:0<6.6}") if part else 0)


def _certificates(fields: Iterable[Element]) -> list[x509.Certificate]:
    found = [each for field in fields for each in field.children() if each.tag == SEQUENCE]
    try:
        return [x509.load_der_x509_certificate(each.whole) for each in found]
    except ValueError as error:
        raise TimestampError("a certificate in it cannot be read") from error


def _check_signature(info: Element, said: bytes, certificates: list[x509.Certificate]) -> x509.Certificate:
    """The certificate whose key signed, after the signature was checked."""
    _, who, digest_algorithm, attributes, *rest = info.children()
    if attributes.tag != TAGGED:
        raise TimestampError("it has no signed attributes")
    algorithm = HASHES.get(oid(digest_algorithm.children()[0]))
    if algorithm is None:
        raise TimestampError("its digest is not of the SHA-2 family")
    signed = {oid(each.children()[0]): each.children()[1].children()[0] for each in attributes.children()}
    if CONTENT_TYPE not in signed or oid(signed[CONTENT_TYPE]) != TST_INFO:
        raise TimestampError("its signed attributes are about something else")
    digest = hashlib.new(algorithm.name, said).digest()
    if MESSAGE_DIGEST not in signed or signed[MESSAGE_DIGEST].content != digest:
        raise TimestampError("what it says is not what was signed")
    signer = _signer(who, signed, certificates)
    # the attributes are signed as a SET, whatever tag they are stored under (RFC 5652, 5.4)
    message = bytes([SET]) + attributes.whole[1:]
    signature = next(each for each in rest if each.tag == OCTETS).content
    if not _verifies(signer, signature, message, algorithm):
        raise TimestampError("its signature does not fit its certificate")
    return signer


def _signer(
    who: Element, signed: dict[str, Element], certificates: list[x509.Certificate]
) -> x509.Certificate:
    """The certificate that the signer names, and the one that the signed attributes are bound to."""
    issuer, serial = who.children()
    number = int.from_bytes(serial.content, "big", signed=True)
    for each in certificates:
        if each.serial_number == number and each.issuer.public_bytes() == issuer.whole:
            if not _is_bound(each, signed):
                raise TimestampError("its signed attributes name another certificate")
            return each
    raise TimestampError("its signer's certificate did not come with it")


def _is_bound(certificate: x509.Certificate, signed: dict[str, Element]) -> bool:
    if SIGNING_CERTIFICATE_V2 in signed:
        first = signed[SIGNING_CERTIFICATE_V2].children()[0].children()[0].children()
        has_algorithm = first[0].tag == SEQUENCE
        algorithm = HASHES.get(oid(first[0].children()[0]) if has_algorithm else SHA256)
        return algorithm is not None and first[has_algorithm].content == certificate.fingerprint(algorithm)
    if SIGNING_CERTIFICATE in signed:
        first = signed[SIGNING_CERTIFICATE].children()[0].children()[0].children()
        return first[0].content == certificate.fingerprint(hashes.SHA1())  # noqa: S303 - RFC 2634 has no other
    return False


def _verifies(
    signer: x509.Certificate, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm
) -> bool:
    key = signer.public_key()
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(algorithm))
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def check_trust(stamp: Timestamp, roots: list[x509.Certificate]) -> None:
    """Follow the signer's certificate up to one of the roots, as of the timestamp's own time. Raises
    `TimestampError`."""
    _check_purpose(stamp.signer)
    known = [*roots, *stamp.certificates]
    trusted = {each.fingerprint(hashes.SHA256()) for each in roots}
    one = stamp.signer
    for _ in range(MOST_CERTIFICATES):
        if not one.not_valid_before_utc <= stamp.at <= one.not_valid_after_utc:
            raise TimestampError(f"the certificate of {_named(one)} was not valid at its time")
        if one.fingerprint(hashes.SHA256()) in trusted:
            return
        above = next((each for each in known if each != one and _issued(each, one)), None)
        if above is None:
            break
        one = above
    raise TimestampError(f"nobody whom you trust vouches for {_named(stamp.signer)}")


def _check_purpose(signer: x509.Certificate) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise TimestampError("its signer's certificate is not for timestamps") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampError("its signer's certificate is not for timestamps alone")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return constraints.value.ca


def _named(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()
