"""The embedded AWS for tests: the one that OCTANE_TEST_ENDPOINT names, or one started for the session."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

START_SECONDS = 30
STOP_SECONDS = 10


@contextmanager
def embedded_aws() -> Iterator[str]:
    """Yield the endpoint URL of an embedded AWS; one that was started here is stopped at the end."""
    given = os.environ.get("OCTANE_TEST_ENDPOINT")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, _started(Path(folder), _free_port()) as endpoint:
        yield endpoint


@contextmanager
def _started(folder: Path, port: int) -> Iterator[str]:
    """Run ministack in its own folder; `-m` finds it in this interpreter, whatever PATH says."""
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        _wait_until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(port: int) -> None:
    retries = urllib3.Retry(connect=START_SECONDS * 5, backoff_factor=0.2, backoff_max=0.2)
    with urllib3.PoolManager(retries=retries, timeout=START_SECONDS) as pool:
        pool.request("GET", f"http://127.0.0.1:{port}/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
