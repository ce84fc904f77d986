"""The embedded AWS: one process that plays every service of the template."""

import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.processes import clean_environment, free_port, start, stop, wait_until

REGION = "us-east-1"
ROOT_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""What the embedded AWS takes for the owner of the account."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running embedded AWS. `endpoint` serves every service; `log` is what it complained about."""

    endpoint: str
    log: Path
    process: subprocess.Popen[str]

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client with the account's root credentials."""
        return client(self.endpoint, service, **options)

    @property
    def execute_base(self) -> str:
        """REST and WebSocket APIs answer under this URL plus `/{api}/{stage}`."""
        return f"{self.endpoint}/_aws/execute-api"

    def stop(self) -> None:
        stop(self.process)


def client(endpoint: str, service: str, **options: Any) -> Any:
    """A boto3 client of the embedded AWS at `endpoint`, unless `options` name another `endpoint_url`."""
    session: Any = boto3.Session(region_name=REGION)
    config = Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60)
    settings = {"endpoint_url": endpoint, "config": config, **ROOT_CREDENTIALS} | options
    return session.client(service, **settings)


def start_cloud(directory: Path, *, port: int = 0, iam: bool = False) -> Cloud:
    """Start an empty embedded AWS; its state is under `directory`. `iam` enforces every policy."""
    home = directory / "aws"
    shutil.rmtree(home, ignore_errors=True)
    for folder in ("tmp", "state", "s3"):
        (home / folder).mkdir(parents=True)
    port = port or free_port()
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "TMPDIR": str(home / "tmp"),
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "AUTH": "true" if iam else "false",
        **{name.upper(): value for name, value in ROOT_CREDENTIALS.items()},
        "PYTHONUNBUFFERED": "1",
    }
    log = directory / "aws.log"
    log.unlink(missing_ok=True)
    # without this folder on its import path: the functions would inherit it
    command = [sys.executable, "-P", str(Path(__file__).with_name("embedded.py"))]
    process = start(command, clean_environment(settings), log)
    cloud = Cloud(f"http://127.0.0.1:{port}", log, process)
    try:
        wait_until(lambda: _answers(f"{cloud.endpoint}/_ministack/health"), process, log, "the embedded AWS")
    except BaseException:
        cloud.stop()
        raise
    return cloud


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
