"""Clients of AWS: those of boto3's core, made quickly and never waiting long."""

import gzip
from pathlib import Path
from typing import Any

import orjson
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

SERVICES = (
    "dynamodb",
    "sqs",
    "secretsmanager",
    "ssm",
    "apigatewaymanagementapi",
    "s3",
    "kms",
    "stepfunctions",
)
"""All of AWS that we call."""


class _Files(JSONFileLoader):
    """Reads a service's model in half the time: botocore's own reader makes ordered dictionaries of
    megabytes."""

    def load_file(self, file_path: str) -> Any:
        for ending, opened in ((".json.gz", gzip.open), (".json", open)):
            path = Path(f"{file_path}{ending}")
            if path.is_file():
                with opened(path, "rb") as file:
                    return orjson.loads(file.read())
        return None


class _Models(Loader):
    """Knows which services we call, instead of looking through four hundred folders."""

    def list_available_services(self, type_name: str) -> list[str]:
        return list(SERVICES)


def new_session() -> Session:
    """A session whose clients take half the CPU of boto3's to make."""
    session = Session()
    session.register_component("data_loader", _Models(file_loader=_Files()))
    return session


def new_client(
    session: Session, service: str, endpoint_url: str | None = None, read_seconds: float = 3
) -> Any:
    """A client without retries of its own: the store and the queues decide themselves what to send again.

    Its check of parameters is off, because the service checks them again, and its name is a constant:
    together a fifth of a call's CPU.
    """
    config = Config(
        connect_timeout=1,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
        user_agent="octane",
        # a link to an object under a KMS key is refused with the older signature, some regions' default
        signature_version="s3v4" if service == "s3" else None,
    )
    return session.create_client(service, config=config, endpoint_url=endpoint_url)
