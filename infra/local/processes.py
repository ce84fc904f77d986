"""Start a child process, wait until it is ready, stop it."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

READY_SECONDS = 60.0
STOP_SECONDS = 10.0


class NotReadyError(Exception):
    """A child process ended, or was not ready in time; the message holds the end of its log."""


def free_port() -> int:
    """A port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its import path and cloud settings, plus `extra`.

    The functions inherit it, and must find their code in their own zip and layers only.
    """
    dropped = ("PYTHONPATH", "PYTEST_", "AWS_", "OCTANE_", "POWERTOOLS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | dict(extra)


def start(
    command: Sequence[str], environment: Mapping[str, str], log: Path, *, speaks: bool = False
) -> subprocess.Popen[str]:
    """Start `command` in a session of its own: Ctrl-C reaches only us. What it prints goes to `log`.

    One that `speaks` has its output, though not its errors, read by `first_line` instead.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as errors:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if speaks else errors,
            stderr=errors,
            text=True,
            start_new_session=True,
        )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[str], log: Path, name: str) -> None:
    """Return once `ready()`; raise `NotReadyError` when the process ends or `READY_SECONDS` pass."""
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReadyError(f"{name} is not ready (exit {process.poll()}).\n{tail(log)}")
        time.sleep(0.05)


def first_line(process: subprocess.Popen[str], log: Path, name: str) -> str:
    """The first line that the process prints; what follows goes to `log`, so that the pipe never fills."""
    found: list[str] = []
    stream = process.stdout
    if stream is None:
        raise NotReadyError(f"{name} has no output to read")

    def drain() -> None:
        with stream, log.open("a") as target:
            found.append(stream.readline())
            for line in stream:
                target.write(line)

    threading.Thread(target=drain, daemon=True, name=f"{name}-output").start()
    wait_until(lambda: bool(found), process, log, name)
    if not found[0]:
        raise NotReadyError(f"{name} ended without a word.\n{tail(log)}")
    return found[0]


def stop(process: subprocess.Popen[str]) -> None:
    """Ask the process to end (SIGTERM), and end it when it does not within `STOP_SECONDS`.

    What it started and left behind goes with it: `start` gave it a group of its own.
    """
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
