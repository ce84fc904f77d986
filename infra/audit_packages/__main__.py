"""`python -m audit_packages PIP_AUDIT LOCK…`: audit every package of the lock files with pip-audit.

pip-audit answers "No known vulnerabilities found" when its service has not heard of a package, or cannot be
asked. Here both are said for what they are, in the last line: NOT AUDITED is no failure where there is no
service (an offline machine must be able to run the tests), unless `--strict` says that there must be one.

Exit status: 0 nothing known (or nobody to ask), 1 something known, 2 with `--strict`: not all were audited.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

TIMEOUT_SECONDS = 300
KNOWN, UNASKED = 1, 2


class Finding(NamedTuple):
    package: str
    version: str
    names: tuple[str, ...]


class Report(NamedTuple):
    audited: int
    unasked: tuple[str, ...]
    """Packages whose state is unknown; all of them when the service cannot be reached."""
    findings: tuple[Finding, ...]


def read_report(text: str) -> Report:
    """Read pip-audit's JSON; what is no JSON is no audit at all. Raises `ValueError`."""
    listed: list[dict[str, Any]] = json.loads(text)["dependencies"]
    unasked = tuple(sorted(each["name"] for each in listed if "skip_reason" in each))
    findings = tuple(
        Finding(each["name"], each["version"], tuple(sorted(found["id"] for found in each["vulns"])))
        for each in listed
        if each.get("vulns")
    )
    return Report(len(listed) - len(unasked), unasked, findings)


def verdict(report: Report | None, *, strict: bool) -> tuple[int, str]:
    """The exit status, and the words that end the output. None: pip-audit gave no answer."""
    unknown = UNASKED if strict else 0
    if report is None:
        return unknown, "!! NOT AUDITED: the vulnerability service cannot be reached from here."
    if report.findings:
        lines = [f"!! {each.package} {each.version}: {', '.join(each.names)}" for each in report.findings]
        return KNOWN, "\n".join(lines)
    if report.unasked:
        names = ", ".join(report.unasked[:5])
        left = len(report.unasked)
        whole = left + report.audited
        return unknown, f"!! NOT AUDITED: {left} of {whole} packages, {names} first: no answer about them."
    return 0, f"audited: {report.audited} packages, nothing known against any"


def audit(program: str, locks: Sequence[Path]) -> Report | None:
    """Run pip-audit over the lock files; None when it ends without an answer."""
    files = [word for lock in locks for word in ("-r", str(lock))]
    how = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")
    command = [program, *files, *how]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        return read_report(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="audit_packages")
    parser.add_argument("--strict", action="store_true", help="fail unless every package was audited")
    parser.add_argument("program")
    parser.add_argument("locks", nargs="+", type=Path)
    chosen = parser.parse_args(arguments)
    status, told = verdict(audit(chosen.program, chosen.locks), strict=chosen.strict)
    print(told)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
