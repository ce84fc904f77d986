"""Settings under watch: what a function reads, the template must set for it.

One that is missing would be the product's default, whatever the deployment was told.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from octane.kernel.settings import Settings, read_settings
from world.permissions import Watch

ODD = "7"
"""No setting's default."""


class WatchedSettings:
    def __init__(self, settings: Settings, watch: Watch) -> None:
        self._settings = settings
        self._watch = watch

    def __getattr__(self, field: str) -> Any:
        value = getattr(self._settings, field)
        self._watch.need(variable_of()[field])
        return value


@cache
def variable_of() -> Mapping[str, str]:
    """The environment variable of each field, found by setting one after the other."""
    asked = _Asked()
    default = read_settings(asked)
    return {
        field: name
        for name in asked.names
        for field in Settings._fields
        if getattr(read_settings({name: ODD}), field) != getattr(default, field)
    }


class _Asked(Mapping[str, str]):
    """An empty environment that keeps what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
