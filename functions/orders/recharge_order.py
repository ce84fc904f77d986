"""The recharge queue: an order is paid, submit it to the card's issuer."""

from octane.api.workers import Message, queue_entry
from octane.orders.recharge import start_recharge
from octane.wiring import deps


def recharge_order(message: Message) -> None:
    start_recharge(deps(), message["order_id"])


handler = queue_entry(recharge_order)
