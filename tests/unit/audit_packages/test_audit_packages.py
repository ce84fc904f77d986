"""Silence of the vulnerability service is never taken for a no."""

import json

import pytest

from audit_packages.__main__ import KNOWN, UNASKED, Finding, Report, read_report, verdict

CLEAN = {"name": "pydantic", "version": "2.13.5", "vulns": []}
BAD = {"name": "urllib3", "version": "1.0", "vulns": [{"id": "PYSEC-2"}, {"id": "PYSEC-1"}]}
UNKNOWN = {"name": "orjson", "skip_reason": "Dependency not found on PyPI"}


def report(*listed: dict[str, object]) -> Report:
    return read_report(json.dumps({"dependencies": listed, "fixes": []}))


def test_what_is_known_is_a_failure_whatever_else_is_not() -> None:
    found = report(CLEAN, BAD, UNKNOWN)
    assert found == Report(2, ("orjson",), (Finding("urllib3", "1.0", ("PYSEC-1", "PYSEC-2")),))
    status, told = verdict(found, strict=False)
    assert status == KNOWN
    assert "urllib3 1.0: PYSEC-1, PYSEC-2" in told


@pytest.mark.parametrize("silent", [report(CLEAN, UNKNOWN), report(UNKNOWN), None])
@pytest.mark.parametrize(("strict", "status"), [(False, 0), (True, UNASKED)])
def test_silence_is_said_aloud_and_fails_where_an_answer_is_due(
    silent: Report | None, strict: bool, status: int
) -> None:
    found, told = verdict(silent, strict=strict)
    assert found == status
    assert "NOT AUDITED" in told


def test_all_audited_and_nothing_known() -> None:
    assert verdict(report(CLEAN), strict=True) == (0, "audited: 1 packages, nothing known against any")


def test_no_answer_is_no_report() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        read_report("")
