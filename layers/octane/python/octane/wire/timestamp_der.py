"""The messages of RFC 3161, and of the signed data around a token (RFC 5652), as DER has them.

Only what is read has a name of its own; the rest stays as it came.
"""

from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import ObjectIdentifier

SHA256_OID = ObjectIdentifier("2.16.840.1.101.3.4.2.1")


@asn1.sequence
class Algorithm:
    oid: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class Imprint:
    algorithm: Algorithm
    digest: bytes


@asn1.sequence
class Request:
    version: int
    imprint: Imprint
    nonce: int
    certificate_wanted: bool


@asn1.sequence
class Status:
    status: int
    words: list[str] | None
    failure: asn1.BitString | None


@asn1.sequence
class Accuracy:
    seconds: int | None
    milliseconds: Annotated[int | None, asn1.Implicit(0)]
    microseconds: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class Info:
    version: int
    policy: ObjectIdentifier
    imprint: Imprint
    serial: int
    at: asn1.GeneralizedTime
    accuracy: Accuracy | None
    ordering: Annotated[bool, asn1.Default(False)]
    nonce: int | None
    authority: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class Attribute:
    oid: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class Signer:
    version: int
    certificate: asn1.TLV
    digest_algorithm: Algorithm
    signed: Annotated[asn1.SetOf[Attribute], asn1.Implicit(0)]
    signature_algorithm: Algorithm
    signature: bytes
    unsigned: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class Content:
    oid: ObjectIdentifier
    content: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class Signed:
    version: int
    digests: asn1.SetOf[Algorithm]
    content: Content
    certificates: Annotated[asn1.SetOf[x509.Certificate] | None, asn1.Implicit(0)]
    revocations: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[Signer]


@asn1.sequence
class Token:
    oid: ObjectIdentifier
    signed: Annotated[Signed, asn1.Explicit(0)]


@asn1.sequence
class Answer:
    status: Status
    token: Token | None


def request_of(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq (DER) for a SHA-256 digest, with the signer's certificate asked for."""
    imprint = Imprint(algorithm=Algorithm(oid=SHA256_OID, parameters=asn1.Null()), digest=digest)
    return asn1.encode_der(Request(version=1, imprint=imprint, nonce=nonce, certificate_wanted=True))
