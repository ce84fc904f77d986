"""A bucket in memory, which behaves as `Objects` promises."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from octane.kernel.clock import SECOND, Clock, Instant, SystemClock
from octane.kernel.errors import NotFoundError
from octane.store.objects import Written


class MemoryObjects:
    """Safe to share among threads."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.content: dict[str, bytes] = {}
        self._at: dict[str, Instant] = {}
        self._clock = clock or SystemClock()
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        return self.content.get(key)

    def written(self, key: str) -> Written | None:
        with self._lock:
            content = self.content.get(key)
            return None if content is None else Written(content, self._at[key])

    def put(self, key: str, content: bytes) -> None:
        with self._lock:
            self._put(key, content)

    def put_new(self, key: str, content: bytes) -> bool:
        with self._lock:
            if key not in self.content:
                self._put(key, content)
            return self.content[key] == content

    def _put(self, key: str, content: bytes) -> None:
        self.content[key], self._at[key] = bytes(content), Instant(self._clock.now() // SECOND * SECOND)

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
