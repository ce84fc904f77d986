"""Alipay's own keys: one public key, or certificates by their sn. What we do not hold we do not believe."""

from dataclasses import dataclass

from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.serials import certificate_sn
from octane.kernel.clock import Clock
from octane.kernel.errors import UnavailableError
from octane.wire import rsa
from octane.wire.certificates import Certificate, read_certificate
from octane.wire.rsa import KeyUnreadableError


class AlipayKeysUnavailableError(UnavailableError):
    """A 503 of its family: what Alipay sends is not refused for ever because our secret cannot be read."""

    summary = "Alipay's keys cannot be read now; its notices are believed as soon as they can."


@dataclass(slots=True)
class AlipayKeys:
    """Says whether Alipay signed something. Nothing is parsed before the first question."""

    config: AlipayConfig
    clock: Clock
    _held: dict[str, Certificate] | None = None

    def verifies(self, message: bytes, signature: str, certificate: str | None) -> bool:
        """Say whether `signature` (base64) is Alipay's; raise `AlipayKeysUnavailableError`.

        `certificate` is the alipay_cert_sn that came with it; None: it names none, and any that we hold may
        have signed. A certificate outside its time signs nothing. Key mode has one key, whatever is named.
        """
        try:
            if not self.config.certified:
                return rsa.verify(rsa.load_public_key(self.config.alipay_public_key_pem), message, signature)
            held = self._certificates()
        except KeyUnreadableError:
            raise AlipayKeysUnavailableError from None
        now = self.clock.now()
        named = held.values() if certificate is None else [held[certificate]] if certificate in held else []
        return any(
            known.not_before <= now <= known.not_after and rsa.verify(known.public_key, message, signature)
            for known in named
        )

    def _certificates(self) -> dict[str, Certificate]:
        if self._held is None:
            self._held = {
                certificate_sn(pem): read_certificate(pem) for pem in self.config.alipay_certificates
            }
        return self._held
