"""What the use cases of this room need from outside."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from octane.kernel.provinces import Province
from octane.prices.model import Reading

if TYPE_CHECKING:
    from octane.kernel.clock import Clock
    from octane.kernel.settings import Settings
    from octane.kernel.signals import Signals
    from octane.notify.messages import Messenger
    from octane.store.store import Store


class Silent(NamedTuple):
    """A source gave no answer that can be read."""

    reason: str


class PriceSource(Protocol):
    """Who tells the prices of some provinces."""

    @property
    def name(self) -> str: ...
    @property
    def provinces(self) -> Sequence[Province]: ...

    def pull(self) -> Mapping[Province, Reading] | Silent:
        """Ask once; never raises for what the source does."""
        ...


class NewsQueue(Protocol):
    """Where `PriceChanged` goes, to be told to subscribers."""

    def send(self, messages: list[dict[str, str | int]]) -> None: ...


class PriceDeps(Protocol):
    @property
    def clock(self) -> "Clock": ...
    @property
    def settings(self) -> "Settings": ...
    @property
    def signals(self) -> "Signals": ...
    @property
    def store(self) -> "Store": ...


class SetDeps(PriceDeps, Protocol):
    @property
    def price_news(self) -> NewsQueue: ...
    @property
    def tells_prices(self) -> bool:
        """Whether there is a template to tell subscribers with; else nothing is queued."""
        ...


class SyncDeps(SetDeps, Protocol):
    @property
    def price_sources(self) -> Sequence[PriceSource]: ...


class TellDeps(SetDeps, Protocol):
    @property
    def messenger(self) -> "Messenger": ...
