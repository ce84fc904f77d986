"""Timestamps of a third party over HTTP: RFC 3161, its section 3.4 (SE2)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple, Self

from cryptography import x509

from octane.kernel.errors import UnavailableError
from octane.kernel.ids import Nonces
from octane.wire.http import Transport, WireError
from octane.wire.timestamp_der import request_of
from octane.wire.timestamp_tokens import TimestampInvalidError, read_answer

QUERY, ANSWER = "application/timestamp-query", "application/timestamp-reply"
NONCE_DIGITS = 16


class TimestampUnavailableError(UnavailableError):
    """No timestamp, or none that may be kept. Asking again costs nothing but a second timestamp."""

    code = "TIMESTAMP_UNAVAILABLE"
    summary = "The time-stamping authority gives no valid timestamp now; try again later."


class TimestampConfig(NamedTuple):
    url: str
    issuers: tuple[str, ...]
    """PEM: whose signers are trusted, intermediate authorities too. Public: the verifier needs them too."""
    timeout_s: float = 10.0

    @classmethod
    def from_secret(cls, secret: Mapping[str, list[str]], url: str) -> Self:
        """Build from the TSA secret: root_certificates, a list of PEM."""
        return cls(url, tuple(secret["root_certificates"]))


class HttpTimestamps:
    """A time-stamping authority that we ask over HTTP."""

    def __init__(self, config: TimestampConfig, transport: Transport, nonces: Nonces) -> None:
        self._config = config
        self._transport = transport
        self._nonces = nonces

    @property
    def certificates(self) -> tuple[str, ...]:
        """Whose timestamps these are, in PEM: what an offline verifier has to trust."""
        return self._config.issuers

    def stamp(self, sha256: bytes) -> bytes:
        """Have a SHA-256 digest (32 bytes) timestamped; return the whole TimeStampResp (DER).

        It is checked first, as `octane.wire.timestamp_tokens` says. Raise `TimestampUnavailableError`.
        """
        nonce = int(self._nonces.token()[-NONCE_DIGITS:], 16)
        headers = {"content-type": QUERY, "accept": ANSWER}
        query = request_of(sha256, nonce)
        try:
            answer = self._transport.send("POST", self._config.url, headers, query, self._config.timeout_s)
            if answer.status != HTTPStatus.OK:
                raise TimestampUnavailableError
            issuers = [x509.load_pem_x509_certificate(pem.encode()) for pem in self._config.issuers]
            read_answer(answer.body, sha256, nonce, issuers)
        except (WireError, TimestampInvalidError) as error:
            raise TimestampUnavailableError from error
        return answer.body
