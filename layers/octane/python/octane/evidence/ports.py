"""What evidence needs from outside; the wiring room provides it, tests provide their own."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octane.kernel.clock import Clock
    from octane.kernel.signals import Signals
    from octane.store.objects import Objects
    from octane.store.store import Store
    from octane.wire.manifests import Signer


class TimestampAuthority(Protocol):
    """Somebody outside who signs what time it is (RFC 3161)."""

    @property
    def certificates(self) -> tuple[str, ...]:
        """Whose timestamps these are (PEM): what a verifier has to trust."""
        ...

    def stamp(self, sha256: bytes) -> bytes:
        """Return a TimeStampResp (DER) that was granted for this digest, with its signer's certificate.

        Raises `UnavailableError` when there is none to be had now.
        """
        ...


class StampDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def archive(self) -> "Objects": ...
    @property
    def timestamp_authority(self) -> TimestampAuthority: ...


class RequestDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def store(self) -> "Store": ...
    @property
    def work(self) -> "Objects": ...


class PackageDeps(StampDeps, Protocol):
    @property
    def store(self) -> "Store": ...
    @property
    def work(self) -> "Objects": ...
    @property
    def manifest_signer(self) -> "Signer": ...
