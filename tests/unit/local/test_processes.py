"""Child processes: readiness, early death, the end."""

import sys
from pathlib import Path

import pytest

from local.processes import NotReadyError, clean_environment, first_line, start, stop


def test_first_line_is_read_and_the_rest_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys; print('ready', flush=True); print('more', flush=True); sys.stderr.write('oops')"
    process = start([sys.executable, "-c", code], clean_environment({}), log, speaks=True)
    assert first_line(process, log, "it") == "ready\n"
    process.wait(10)
    stop(process)
    assert "oops" in log.read_text()


def test_a_process_that_dies_early_tells_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(
        [sys.executable, "-c", "raise SystemExit('no port')"], clean_environment({}), log, speaks=True
    )
    with pytest.raises(NotReadyError, match="no port"):
        first_line(process, log, "it")
    stop(process)


def test_children_do_not_inherit_our_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "here")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("OCTANE_TABLE_ORDERS", "live")
    environment = clean_environment({"X": "1"})
    assert not {"PYTHONPATH", "AWS_PROFILE", "OCTANE_TABLE_ORDERS"} & set(environment)
    assert environment["X"] == "1"
