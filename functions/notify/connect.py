"""WebSocket $connect: remember the connection of a person."""

from typing import Any

from octane.api.telemetry import logger
from octane.notify.connections import open_connection
from octane.wiring import deps


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    context = event["requestContext"]
    open_connection(
        deps().store, context["authorizer"]["user_id"], context["connectionId"], deps().clock.now()
    )
    logger().info("connected")
    return {"statusCode": 200}
