"""What stations ask of a map: how far it is by road (ST1)."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from octane.kernel.clock import Clock
from octane.kernel.settings import Settings
from octane.kernel.signals import Signals
from octane.stations.model import Place
from octane.stations.posted import PostedPrices
from octane.store.objects import Objects
from octane.store.store import Store


class Drive(NamedTuple):
    metres: int
    seconds: int


class DrivingMap(Protocol):
    def drives(self, start: Place, ends: Sequence[Place]) -> list[Drive | None] | None:
        """The way to each of at most 200 places, in their order; None for a place that no road leads to.

        None for all: the map is silent, refuses, or says what cannot be believed. It raises nothing: whoever
        asks has the distance through the air.
        """
        ...


class StationDeps(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def posted(self) -> PostedPrices: ...
    @property
    def driving_map(self) -> DrivingMap: ...


class ImportDeps(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def work(self) -> Objects: ...


class ArrivalDeps(ImportDeps, Protocol):
    @property
    def signals(self) -> Signals: ...
