"""A bucket in memory, which behaves as `Objects` promises."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from octane.kernel.errors import NotFoundError


class MemoryObjects:
    """Safe to share among threads."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        return self.content.get(key)

    def put(self, key: str, content: bytes) -> None:
        self.content[key] = bytes(content)

    def put_new(self, key: str, content: bytes) -> bool:
        with self._lock:
            return self.content.setdefault(key, bytes(content)) == content

    def delete(self, key: str) -> None:
        with self._lock:
            self.content.pop(key, None)

    def link(self, key: str, seconds: int) -> str:
        return f"https://bucket.invalid/{key}?for={seconds}"

    def list(self, prefix: str) -> Iterator[str]:
        found = [key for key in list(self.content) if key.startswith(prefix)]
        return iter(sorted(found, key=str.encode))

    def fetch(self, key: str, path: Path) -> None:
        content = self.get(key)
        if content is None:
            raise NotFoundError(f"There is no object {key}.")
        path.write_bytes(content)

    def send(self, path: Path, key: str) -> None:
        self.put(key, path.read_bytes())
