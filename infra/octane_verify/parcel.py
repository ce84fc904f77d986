"""A package as it came: a folder, or a ZIP file that is unpacked for the time of the check."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from octane_verify.manifest import CannotCheckError

MOST_BYTES = 1 << 30
MOST_FILES = 100_000


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """The folder to check. Raises `CannotCheckError`."""
    if not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="octane-verify-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(path) as package:
                _unpack(package, folder)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
            raise CannotCheckError(f"{path} is no ZIP file that can be read: {error}") from error
        yield folder


def _unpack(package: zipfile.ZipFile, folder: Path) -> None:
    members = package.infolist()
    names = [member.filename for member in members]
    if len(names) > MOST_FILES or sum(member.file_size for member in members) > MOST_BYTES:
        raise CannotCheckError("It unfolds to more than a package has.")
    if len(set(names)) < len(names):
        raise CannotCheckError("A file is in it twice.")
    for name in names:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or "\\" in name or ".." in parts or ":" in name:
            raise CannotCheckError(f"It has a file that would lie outside: {name!r}.")
    for member in members:
        package.extract(member, folder)
