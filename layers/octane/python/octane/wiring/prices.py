"""Where prices come from, and how their subscribers are told."""

from functools import cached_property
from typing import TYPE_CHECKING

from octane.wiring.cloud import Cloud
from octane.wiring.people import People

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octane.notify.messages import Messenger
    from octane.orders.deps import Queues
    from octane.orders.states import Queue
    from octane.prices.ports import NewsQueue, PriceSource


class QueueOf:
    """One of the queues."""

    def __init__(self, queues: "Queues", queue: "Queue") -> None:
        self._queues, self._queue = queues, queue

    def send(self, messages: list[dict[str, str | int]]) -> None:
        self._queues.send(self._queue, messages)


class Prices(People, Cloud):
    """Sources, messages, and the queue between them."""

    @cached_property
    def price_sources(self) -> "Sequence[PriceSource]":
        from octane.prices.sources import DEFAULT, HttpSource, read_sources
        from octane.wire.http import HttpTransport

        url = self._environment.get("OCTANE_PRICES_URL", "")
        if not url:
            return ()
        sources = read_sources(self._environment.get("OCTANE_PRICE_SOURCES") or DEFAULT)
        # a circuit for each, though several may be on one host: a slow one must not silence the others
        return tuple(HttpSource(source, url, HttpTransport(self.clock), self.clock) for source in sources)

    @property
    def tells_prices(self) -> bool:
        return bool(self._price_template)

    @property
    def _price_template(self) -> str:
        return self._environment.get("OCTANE_TEMPLATE_PRICE_CHANGED", "")

    @cached_property
    def price_news(self) -> "NewsQueue":
        from octane.orders.states import Queue

        return QueueOf(self.queues, Queue.PRICES)

    @cached_property
    def messenger(self) -> "Messenger":
        from octane.notify.messages import Template
        from octane.notify.wechat_messages import WechatMessages

        ids = {
            Template.PRICE_CHANGED: self._price_template,
            Template.INSTALMENT_DUE: self._environment.get("OCTANE_TEMPLATE_INSTALMENT_DUE", ""),
        }
        return WechatMessages(self._wechat_mini, ids)
