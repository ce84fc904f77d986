"""Alters a sound day of exports, or a sound evidence package, in every way we thought of, and asks
octane-verify each time."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from octane_verify import Report, verify
from octane_verify.evidence import FORMAT
from octane_verify.manifest import format_of
from tamper.evidence_ways import EVIDENCE_WAYS
from tamper.ways import WAYS, Way

Check = Callable[[Path], Report]


class NotSoundError(ValueError):
    """The folder to start from is altered already; says how."""


class Tampering(NamedTuple):
    what: str
    found: bool
    """Whether the altered file, row or entry was named."""
    said: str
    """The finding that names it, or else all that was said."""


def drill(folder: Path) -> list[Tampering]:
    """Alter copies of a sound folder, one way each, and check each with the folder's own key (and the
    authority's certificates) as the trusted ones. Raises `NotSoundError`."""
    return list(steps(folder))


def steps(folder: Path) -> Iterator[Tampering]:
    """The same, one by one."""
    with tempfile.TemporaryDirectory() as scratch:
        key = Path(shutil.copy(folder / "manifest.pem", Path(scratch, "trusted.pem")))
        check: Check = lambda copy: verify(copy, key)  # noqa: E731 - one of two
        ways: Sequence[Way] = WAYS
        if format_of(folder) == FORMAT:
            roots = Path(shutil.copy(folder / "tsa.pem", Path(scratch, "authority.pem")))
            check, ways = (lambda copy: verify(copy, key, tsa=roots)), EVIDENCE_WAYS
        already = check(folder).findings
        if already:
            raise NotSoundError("; ".join(map(str, already)))
        for number, way in enumerate(ways):
            copy = Path(scratch, str(number))
            shutil.copytree(folder, copy)
            yield _tried(way, copy, check)
            shutil.rmtree(copy)


def _tried(way: Way, copy: Path, check: Check) -> Tampering:
    expected = way.alter(copy)
    findings = check(copy).findings
    naming = [
        finding
        for finding in findings
        if finding.file == expected.file
        and all(words in f"{finding.place} {finding.what}" for words in expected.place.split(", "))
    ]
    if naming:
        return Tampering(way.what, True, str(max(naming, key=lambda finding: bool(finding.place))))
    said = "; ".join(map(str, findings)) or "nothing"
    return Tampering(way.what, False, f"expected {expected.file}, {expected.place}; said: {said}")
