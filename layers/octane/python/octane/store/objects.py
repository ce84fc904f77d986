"""Where files are kept: whole objects under keys, as S3 has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class Objects(Protocol):
    """One bucket. Keys are `/`-separated. Raises `StoreUnavailableError` when it cannot be reached."""

    def get(self, key: str) -> bytes | None: ...

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
