"""Degradation switches kept in an SSM parameter: a JSON object of booleans.

Read at most once in 30 seconds by each process that asks. When it cannot be read or understood, what was read
last stays in force; before that, everything is off.
"""

from typing import Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from octane.kernel.clock import SECOND, Clock, Instant
from octane.kernel.signals import Signals
from octane.kernel.switches import Switches

CACHE_MS = 30 * SECOND


class Parameters(Protocol):
    """The call of `boto3.client("ssm")` that is made."""

    def get_parameter(self, *, Name: str) -> dict[str, dict[str, str]]: ...


class ParameterSwitches:
    def __init__(self, client: Parameters, name: str, clock: Clock, signals: Signals) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._signals = signals
        self._known = Switches()
        self._read_at: Instant | None = None

    def read(self) -> Switches:
        now = self._clock.now()
        if self._read_at is None or abs(now - self._read_at) >= CACHE_MS:  # a clock may also be set back
            try:
                self._known = _switches(self._client.get_parameter(Name=self._name)["Parameter"]["Value"])
            except (BotoCoreError, ClientError, ValueError, KeyError) as error:
                self._signals.count("SwitchesUnread", why=type(error).__name__)
            self._read_at = now  # not before: whoever asks meanwhile would take the default for an answer
        return self._known


def _switches(text: str) -> Switches:
    """Read the document; a switch that is left out is off. Raise `ValueError` for anything but booleans."""
    found = orjson.loads(text)
    if not isinstance(found, dict) or not all(type(value) is bool for value in found.values()):
        raise ValueError("a JSON object of booleans is wanted")
    return Switches(**{name: value for name, value in found.items() if name in Switches._fields})
