"""WeChat Pay's own keys by serial: certificates and the public key side by side, and their rotation (PY1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from octane.channels.port import NoticeRefusedError
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.exchange import Exchange, object_of, parse_object, text_of
from octane.channels.wechat_pay.signing import Verifiers, check_signature
from octane.kernel.clock import MINUTE, Clock, Instant, later
from octane.kernel.errors import UnavailableError
from octane.kernel.ids import Nonces
from octane.wire.aead import SealBrokenError, unseal
from octane.wire.certificates import public_key_pem, read_certificate
from octane.wire.http import Response, Transport, WireError
from octane.wire.rsa import KeyUnreadableError, load_public_key

RELOAD_MS = MINUTE
TARGET = "/v3/certificates"


class PlatformKeysUnavailableError(UnavailableError):
    code = "PLATFORM_KEYS_UNAVAILABLE"
    summary = "WeChat Pay's certificates cannot be read now; the ones that are held stay in use."


class PlatformCertificate(NamedTuple):
    """One of WeChat Pay's certificates, to be kept in our own table under its serial."""

    serial: str
    pem: str
    public_key_pem: str
    """The same key without its certificate: a table that holds this spares its readers the X.509 code."""
    effective_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class _Held:
    key: RSAPublicKey
    not_before: Instant
    not_after: Instant | None
    """None for a public key: it is good until it is taken away."""


class PlatformKeys:
    """Says which key a serial names. An unknown serial makes it read our table again, at most each minute."""

    def __init__(
        self,
        config: WechatPayConfig,
        transport: Transport,
        clock: Clock,
        nonces: Nonces,
        load: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        """`load` returns serial to PEM (certificate or public key) from our table; what it raises passes."""
        self._config = config
        self._exchange = Exchange(config, transport, clock, nonces)
        self._clock = clock
        self._load = load
        self._reload_at = Instant(0)
        self._held: dict[str, _Held] = {}
        self._secret_read = False

    def verifier(self, serial: str) -> RSAPublicKey | None:
        """Return the key of `serial`, or None when it is unknown, not yet valid or expired.

        Raise `PlatformKeysUnavailableError` when what we hold cannot be read.
        """
        wanted = _canonical(serial)
        held = self._held.get(wanted) or self._look_up(wanted)
        now = self._clock.now()
        if held is None or now < held.not_before or (held.not_after is not None and now > held.not_after):
            return None
        return held.key

    def download(self) -> list[PlatformCertificate]:
        """Fetch the present certificates and hold them; raise `PlatformKeysUnavailableError`.

        The seal under our APIv3 key proves where they come from, so the answer may be signed by one of them.
        """
        try:
            response = self._exchange.send("GET", TARGET)
            found = self._open(response)
        except (WireError, ValueError):
            raise PlatformKeysUnavailableError from None
        fresh = {_canonical(certificate.serial): _read_pem(certificate.pem) for certificate in found}
        try:
            check_signature(self._verifiers_with(fresh), response.headers, response.body, self._clock.now())
        except NoticeRefusedError:
            raise PlatformKeysUnavailableError from None
        self._held |= fresh
        return found

    def _verifiers_with(self, fresh: Mapping[str, _Held]) -> Verifiers:
        def find(serial: str) -> RSAPublicKey | None:
            held = fresh.get(_canonical(serial))
            return held.key if held else self.verifier(serial)

        return find

    def _open(self, response: Response) -> list[PlatformCertificate]:
        listed = (parse_object(response.body) or {}).get("data")
        if not isinstance(listed, list) or not listed:
            raise SealBrokenError("no certificates in the answer")
        return [self._open_one(item) for item in listed if isinstance(item, dict)]

    def _open_one(self, item: Mapping[str, object]) -> PlatformCertificate:
        sealed = object_of(item, "encrypt_certificate")
        pem = unseal(
            self._config.api_v3_key.encode(),
            text_of(sealed, "nonce").encode(),
            text_of(sealed, "associated_data").encode(),
            text_of(sealed, "ciphertext"),
        ).decode()
        certificate = read_certificate(pem)
        if _canonical(certificate.serial) != _canonical(text_of(item, "serial_no")):
            raise KeyUnreadableError("another serial than listed")
        return PlatformCertificate(
            serial=certificate.serial,
            pem=pem,
            public_key_pem=public_key_pem(certificate.public_key),
            effective_at=certificate.not_before,
            expires_at=certificate.not_after,
        )

    def _look_up(self, serial: str) -> _Held | None:
        """Search what we were given first, then our table. Nothing is parsed before a serial asks for it."""
        if serial and serial == _canonical(self._config.public_key_id):
            self._held[serial] = _read_pem(self._config.public_key_pem)
        elif not self._secret_read:
            for pem in self._config.platform_certificates:
                self._held[_canonical(_serial_of(pem))] = _read_pem(pem)
            self._secret_read = True
        if serial not in self._held:
            self._reload()
        return self._held.get(serial)

    def _reload(self) -> None:
        now = self._clock.now()
        if self._load is None or now < self._reload_at:
            return
        self._reload_at = later(now, RELOAD_MS)
        self._held |= {_canonical(serial): _read_pem(pem) for serial, pem in self._load().items()}


def _canonical(serial: str) -> str:
    """Leading zeros and case of a hexadecimal serial differ between writers."""
    return serial.upper().lstrip("0")


def _serial_of(pem: str) -> str:
    try:
        return read_certificate(pem).serial
    except KeyUnreadableError:
        raise PlatformKeysUnavailableError from None


def _read_pem(pem: str) -> _Held:
    try:
        if "BEGIN CERTIFICATE" not in pem:
            return _Held(load_public_key(pem), Instant(0), None)
        certificate = read_certificate(pem)
    except KeyUnreadableError:
        raise PlatformKeysUnavailableError from None
    return _Held(certificate.public_key, certificate.not_before, certificate.not_after)
