"""CPU of a cold start, as a ratio to a process that only makes a boto3 DynamoDB client.

Each start is a fresh process that imports the function's module and makes ready what its first call needs:
clients, keys, verifiers, but no call. Each start runs between two bare processes and is held against their
mean, so that a busy machine is busy for both; the median of seven such ratios counts. Packages that the
functions' layer does not have (development tools that botocore and others would find and import) are hidden
from both sides; modules are compiled before, as the packager does.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import orjson

from world.system import ROOT, functions, system

ROUNDS = 7
BARE = "import boto3\nboto3.client('dynamodb')\n"
YARDSTICK = {"boto3", "s3transfer"}
"""What the bare process needs, whether the functions' layer has it or not."""
CREDENTIALS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_EC2_METADATA_DISABLED": "true",
}

START = """
import os
import {module}
import orjson
from octane import wiring

class Ready(wiring.Wiring):
    def _secret(self, name):
        self._client("secretsmanager")
        return orjson.loads(self._environment["BENCH_SECRET_" + name])

    @property
    def table(self):
        from octane.routing.decide import compiled_table
        from octane.routing.defaults import default_rules
        compiled_table(default_rules())

    @property
    def risk_table(self):
        from octane.risk.defaults import default_rules
        from octane.risk.table import compiled
        compiled(default_rules().table)

ready = Ready(os.environ)
for part in {parts!r}:
    getattr(ready, part)
"""


def cold_ratios(
    starts: Mapping[str, tuple[str, list[str]]], environment: Mapping[str, str], secrets: Mapping[str, Any],
    directory: Path, rounds: int = ROUNDS,
) -> dict[str, float]:  # fmt: skip
    """For each operation its function and the parts that it uses; return the ratio to the bare process, and
    under "" the bare process's CPU seconds."""
    code = _copied_code(directory)
    hidden = f"import sys\nsys.modules.update(dict.fromkeys({_not_in_layer()!r}))\n"
    programs = {"": hidden + BARE}
    for name, (function, parts) in starts.items():
        programs[name] = hidden + START.format(module=function.rpartition("/")[2], parts=parts)
    domains = sorted({function.partition("/")[0] for function, _ in starts.values()})
    folders = [code / "layer", *(code / "functions" / domain for domain in domains)]
    settings = {
        **environment,
        **CREDENTIALS,
        **template_environment(),
        **{f"BENCH_SECRET_{name}": orjson.dumps(secret).decode() for name, secret in secrets.items()},
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(str(folder) for folder in folders),
        "PYTHONPYCACHEPREFIX": str(directory / "pycache"),
        "HOME": str(directory),
    }
    bare = programs.pop("")
    ratios: dict[str, list[float]] = {name: [] for name in ("", *programs)}
    # the first turn compiles what the others load
    for turn in range(rounds + 1):
        for name, program in programs.items():
            before = _cpu_seconds(bare, settings)
            spent = _cpu_seconds(program, settings)
            after = _cpu_seconds(bare, settings)
            if turn:
                ratios[name].append(2 * spent / (before + after))
                ratios[""] += before, after
    return {name: statistics.median(values) for name, values in ratios.items()}


def template_environment() -> dict[str, str]:
    """What the template sets for every function and does not take from elsewhere."""
    variables = functions(system())["PlaceOrderFunction"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def _cpu_seconds(program: str, environment: Mapping[str, str]) -> float:
    """User and system time of one fresh process, from start to end."""
    process = subprocess.Popen([sys.executable, "-c", program], env=dict(environment))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, program[-400:]
    return usage.ru_utime + usage.ru_stime


def _copied_code(directory: Path) -> Path:
    code = directory / "code"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "layers/octane/python", code / "layer", ignore=without_caches)
    shutil.copytree(ROOT / "functions", code / "functions", ignore=without_caches)
    return code


def _not_in_layer() -> list[str]:
    """Top-level modules of installed packages that the functions' lock file does not name."""
    lines = (ROOT / "layers/deps/requirements.txt").read_text().splitlines()
    locked = {_canonical(line.partition("==")[0]) for line in lines if "==" in line} | YARDSTICK
    return sorted(
        module for module, packages in packages_distributions().items()
        if module.isidentifier() and not locked.intersection(_canonical_all(packages))
    )  # fmt: skip


def _canonical_all(packages: Iterable[str]) -> Iterator[str]:
    return (_canonical(package) for package in packages)


def _canonical(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).strip().lower()
