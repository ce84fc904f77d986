"""The queue of PriceChanged: tell one shard of a province's subscribers."""

from octane.api.telemetry import logger
from octane.api.workers import Message, queue_entry
from octane.kernel.clock import later
from octane.prices.telling import WORK_MS, tell, telling_in
from octane.wiring import deps


def notify_prices(message: Message) -> None:
    until = later(deps().clock.now(), WORK_MS)
    logger().info("told", extra={"messages": tell(deps(), telling_in(message), until)})


handler = queue_entry(notify_prices, "province")
