"""`python -m local up`: run Octane here until Ctrl-C; Enter deploys the tree as it then is."""

import argparse
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from local.stack import DeployError
from local.world import ROOT, LocalOctane


class _StoppedError(Exception):
    """The process was asked to end."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="local", description=__doc__)
    parser.add_argument("command", choices=["up"])
    parser.add_argument("--port", type=int, default=8080, help="the edge's; 0 takes a free one")
    parser.add_argument("--aws-port", type=int, default=0, help="the embedded AWS's; default: a free one")
    parser.add_argument("--iam", action="store_true", help="enforce every IAM policy")
    parser.add_argument("--directory", type=Path, default=ROOT / ".local", help="logs and state")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="template parameter")
    chosen = parser.parse_args(arguments)
    settings = dict(pair.split("=", 1) for pair in chosen.set)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with LocalOctane(
            chosen.directory,
            edge_port=chosen.port,
            cloud_port=chosen.aws_port,
            iam=chosen.iam,
            settings=settings,
            say=_say,
        ) as octane:
            _say(f"Octane runs at {octane.url} (Ctrl-C stops it, Enter deploys again)")
            _stay(octane)
    except (KeyboardInterrupt, _StoppedError):
        _say("stopped")
    return 0


def _stay(octane: LocalOctane) -> None:
    terminal = sys.stdin.isatty()
    while True:
        if not terminal:
            time.sleep(3600)
        elif select.select([sys.stdin], [], [], 3600)[0]:
            sys.stdin.readline()
            try:
                octane.deploy()
            except DeployError as error:
                _say(str(error))


def _stop(_: int, __: FrameType | None) -> None:
    raise _StoppedError


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
