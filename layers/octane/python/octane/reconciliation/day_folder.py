"""A day's folder in the archive, and how its files get there (RC4)."""

import json
from pathlib import Path

from octane.reconciliation.contents import Contents
from octane.store.objects import Objects
from octane.wire.manifests import MANIFEST


class SealedOtherwiseError(RuntimeError):
    """The version was sealed with other content: a rerun takes the next version."""


def export_prefix(day: str, version: int) -> str:
    return f"exports/day={day}/v={version}/"


def send_files(objects: Objects, contents: Contents, folder: Path) -> None:
    """Copy the exported files of a day to the archive. Raises `SealedOtherwiseError`."""
    prefix = export_prefix(contents.day, contents.version)
    sealed = objects.get(prefix + MANIFEST)
    if sealed is not None:
        listed = {each["path"]: each["sha256"] for each in json.loads(sealed)["files"]}
        if any(listed.get(file.path) != file.sha256 for file in contents.files):
            raise SealedOtherwiseError(prefix)
        return
    for file in contents.files:
        objects.send(folder / file.path, prefix + file.path)
