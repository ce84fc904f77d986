"""WebSocket $disconnect: forget the connection."""

from typing import Any

from octane.api.telemetry import logger
from octane.notify.connections import close_connection
from octane.wiring import deps


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    context = event["requestContext"]
    user_id = (context.get("authorizer") or {}).get("user_id")
    if user_id:
        close_connection(deps().store, user_id, context["connectionId"])
    logger().info("disconnected")
    return {"statusCode": 200}
