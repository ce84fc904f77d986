"""Checks what Octane hands out from its files alone: who altered what, to the row, the entry, the timestamp.

It knows nothing of the program that wrote them but their format.
"""

from pathlib import Path

from octane_verify.evidence import FORMAT, verify_package
from octane_verify.findings import Finding, Report
from octane_verify.manifest import CannotCheckError, format_of, load_key
from octane_verify.parcel import opened

__all__ = ["CannotCheckError", "Finding", "Report", "verify"]


def verify(
    root: Path,
    key: Path | None = None,
    previous: Path | None = None,
    tsa: Path | None = None,
    policy: str | None = None,
) -> Report:
    """Check the folder of a day, or an evidence package (a folder or a ZIP file), against the public key
    (PEM) and the folder of the day before, or the authority's root certificates, where given.

    Raises `CannotCheckError` when there is nothing to check or to check with.
    """
    trusted = load_key(key) if key else None
    if key and trusted is None:
        raise CannotCheckError(f"{key} holds no public key (PEM, P-256).")
    with opened(root) as folder:
        if format_of(folder) == FORMAT:
            return verify_package(folder, trusted, tsa, policy)
        from octane_verify.day import verify_day  # noqa: PLC0415 - a package needs no DuckDB

        return verify_day(folder, trusted, previous)
