"""What the world does next: messages that come, money that arrives, time that passes."""

import json
from typing import Any

from world.shop import Shop


def finish(shop: Shop) -> None:
    """Carry a paid order on until the issuer's word is in."""
    shop.drain()
    assert shop.deliver().body == "success"
    shop.drain()


def refunds_arrive(shop: Shop) -> None:
    """Carry a refund that is owed on until the channel's word is in."""
    shop.drain()
    assert shop.deliver().status == 200
    shop.drain()


def sweep_after(shop: Shop, seconds: int) -> None:
    shop.clock.move(seconds=seconds)
    shop.sweep()


def sqs(*messages: object) -> dict[str, Any]:
    """A batch as SQS hands it to a worker."""
    return {
        "Records": [
            {"messageId": str(no), "body": json.dumps(message), "eventSource": "aws:sqs"}
            for no, message in enumerate(messages)
        ]
    }
