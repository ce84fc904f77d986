"""Where files are kept: whole objects under keys, as S3 has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from octane.kernel.clock import Instant


class Written(NamedTuple):
    """An object, and when what stands there was written: S3 tells it to the second."""

    content: bytes
    at: Instant


class Objects(Protocol):
    """One bucket. Keys are `/`-separated. Raises `StoreUnavailableError` when it cannot be reached."""

    def get(self, key: str) -> bytes | None: ...

    def written(self, key: str) -> Written | None:
        """The same, with its time."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Write, or overwrite, an object."""
        ...

    def put_new(self, key: str, content: bytes) -> bool:
        """Write an object unless there is one under the key (If-None-Match). Return whether what stands there
        now is this content."""
        ...

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there stays so."""
        ...

    def link(self, key: str, seconds: int) -> str:
        """An address at which whoever has it can read the object for so long."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Every key under a prefix, in order of the bytes."""
        ...

    def fetch(self, key: str, path: Path) -> None:
        """Copy an object into a local file; raises `NotFoundError`."""
        ...

    def send(self, path: Path, key: str) -> None:
        """Copy a local file into an object, overwriting it."""
        ...
