"""What every part of the wiring stands on: clock, settings, store, the clients of AWS."""

import random
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from octane.kernel.clock import Clock, SystemClock
from octane.kernel.ids import Nonces, SystemNonces
from octane.kernel.settings import Settings, read_settings, required
from octane.kernel.signals import Signals
from octane.store.items import Table

if TYPE_CHECKING:
    from octane.limits.buckets import Buckets
    from octane.store.store import Store
    from octane.wire.http import Transport

PAUSE_SECONDS = 0.02


class Base:
    """The environment of one function, and what all else is made from."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def nonces(self) -> Nonces:
        return SystemNonces()

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self._environment)

    @cached_property
    def signals(self) -> Signals:
        from octane.api.telemetry import MetricSignals

        return MetricSignals()

    @cached_property
    def store(self) -> "Store":
        from octane.store.dynamodb import DynamoDbEngine
        from octane.store.store import Store

        tables = {table: self._environment.get(f"OCTANE_TABLE_{table.name}", "") for table in Table}
        return Store(DynamoDbEngine(self._client("dynamodb"), tables), self.nonces, pause)

    @cached_property
    def buckets(self) -> "Buckets":
        from octane.limits.buckets import Buckets
        from octane.limits.table import limits_of

        return Buckets(self.store, self.clock, self.signals, limits_of(self.settings))

    @cached_property
    def _transport(self) -> "Transport":
        from octane.wire.http import HttpTransport

        return HttpTransport(self.clock)

    def _callback(self, path: str) -> str:
        return f"{self.settings.public_url}/api/v1/callbacks/{path}"

    @cached_property
    def _session(self) -> Any:
        from octane.wire.aws import new_session

        return new_session()

    def _client(self, service: str, endpoint_url: str | None = None) -> Any:
        from octane.wire.aws import new_client

        return new_client(self._session, service, endpoint_url)

    def _secret(self, name: str) -> dict[str, Any]:
        arn = required(self._environment, f"OCTANE_SECRET_{name}")
        answer = self._client("secretsmanager").get_secret_value(SecretId=arn)
        found: dict[str, Any] = orjson.loads(answer["SecretString"])
        return found


def pause(attempt: int) -> None:
    """Back off with full jitter before try number `attempt`."""
    time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))
