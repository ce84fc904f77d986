"""UnionPay sends its certificate inside each message: whether to believe it, and the key it holds.

The public path builders of today refuse UnionPay's own certificates (SHA-1, no subject alternative name),
so the path is checked here step by step: each certificate issued by the next by name and by signature,
issuers that may sign certificates, all of them valid now, a configured root at the end, and a subject that
names UnionPay.
"""

import importlib
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from octane.kernel.clock import SECOND, Clock, Instant

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ORGANISATION = 2
"""In a common name `041@<licence>@<organisation>@<number>`, as CFCA writes it."""
HASHES = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""The authorities of UnionPay's production sign with SHA-1 still; nothing weaker."""
REMEMBERED = 8
LEAST_BITS = 2048


class CertificateRefusedError(ValueError):
    """A certificate that is not UnionPay's, or not now."""


@dataclass(frozen=True, slots=True)
class _Believed:
    key: RSAPublicKey
    not_before: Instant
    not_after: Instant
    """Of the whole path: the latest beginning and the earliest end."""


class SignerCertificates:
    """Says which key a certificate in a message holds. A path is walked once for each certificate."""

    def __init__(
        self,
        roots: tuple[str, ...],
        intermediates: tuple[str, ...],
        signer_names: tuple[str, ...],
        clock: Clock,
    ) -> None:
        self._roots = roots
        self._intermediates = intermediates
        self._signer_names = frozenset(signer_names)
        self._clock = clock
        self._believed: dict[str, _Believed] = {}

    def key_of(self, pem: str) -> RSAPublicKey:
        """Return the key of UnionPay's certificate; raise `CertificateRefusedError`."""
        believed = self._believed.get(pem)
        if believed is None:
            # The x509 module costs 50 ms of import, and a function that asks nothing never verifies.
            believed = self._judge(importlib.import_module("cryptography.x509"), pem)
            while len(self._believed) >= REMEMBERED:
                self._believed.pop(next(iter(self._believed)))
            self._believed[pem] = believed
        if not believed.not_before <= self._clock.now() <= believed.not_after:
            raise CertificateRefusedError("not valid now")
        return believed.key

    def _judge(self, x509: ModuleType, pem: str) -> _Believed:
        """A stranger chooses the bytes: however the reader stumbles over them, they are not UnionPay's."""
        try:
            return self._walk(x509, pem)
        except CertificateRefusedError:
            raise
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension):
            raise CertificateRefusedError("unreadable") from None

    def _walk(self, x509: ModuleType, pem: str) -> _Believed:
        leaf = _read(x509, pem)
        if _organisation(leaf) not in self._signer_names:
            raise CertificateRefusedError("another subject")
        if leaf.version is not x509.Version.v3 or _is_authority(x509, leaf):
            raise CertificateRefusedError("not an end certificate")
        roots = [_read(x509, text) for text in self._roots]
        middles = [_read(x509, text) for text in self._intermediates]
        for path in (
            *((leaf, root) for root in roots),
            *((leaf, m, root) for m in middles for root in roots),
        ):
            if all(_issued(x509, child, issuer) for child, issuer in itertools.pairwise(path)):
                return _Believed(
                    key=_rsa_key(leaf),
                    not_before=max(_instant(part.not_valid_before_utc) for part in path),
                    not_after=min(_instant(part.not_valid_after_utc) for part in path),
                )
        raise CertificateRefusedError("no path to a root")


def _read(x509: ModuleType, pem: str) -> "Certificate":
    """Exactly one certificate: text around it would be signed along, and mean nothing."""
    text = pem.strip()
    if not text.startswith("-----BEGIN CERTIFICATE-----") or text.count("-----BEGIN") != 1:
        raise CertificateRefusedError("not one certificate")
    found: Certificate = x509.load_pem_x509_certificate(text.encode())
    return found


def _organisation(certificate: "Certificate") -> str:
    """The organisation in the common name, by its place: a name elsewhere in the subject proves nothing."""
    names = [part.value for part in certificate.subject if part.oid.dotted_string == "2.5.4.3"]
    parts = str(names[0]).split("@") if len(names) == 1 else []
    return parts[ORGANISATION] if len(parts) == ORGANISATION + 2 else ""


def _issued(x509: ModuleType, child: "Certificate", issuer: "Certificate") -> bool:
    if child.issuer != issuer.subject or not _is_authority(x509, issuer):
        return False
    algorithm = child.signature_hash_algorithm
    if algorithm is None or algorithm.name not in HASHES:
        return False
    try:
        _rsa_key(issuer).verify(child.signature, child.tbs_certificate_bytes, PKCS1v15(), algorithm)
    except (InvalidSignature, CertificateRefusedError):
        return False
    return True


def _is_authority(x509: ModuleType, certificate: "Certificate") -> bool:
    """May it sign certificates: basicConstraints CA, and keyUsage keyCertSign where it is stated."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return bool(constraints.ca)
    return bool(constraints.ca and usage.key_cert_sign)


def _rsa_key(certificate: "Certificate") -> RSAPublicKey:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise CertificateRefusedError("not an RSA key of 2048 bits")
    return key


def _instant(moment: datetime) -> Instant:
    return Instant(round(moment.astimezone(UTC).timestamp()) * SECOND)
