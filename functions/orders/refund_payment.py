"""The refund queue: money is owed back, ask the channel for it."""

from octane.api.workers import Message, queue_entry
from octane.orders.refund import send_refunds
from octane.wiring import deps


def refund_payment(message: Message) -> None:
    send_refunds(deps(), message["order_id"], int(message["refund_no"]))


handler = queue_entry(refund_payment)
