"""Each quarter (`{"begin": true}`) another key seals; every ten minutes the rest comes under it."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.privacy import rotation
from octane.wiring import deps

RUN_SECONDS = 240
"""Under the function's 300 seconds."""


def rotate_keys(event: Event) -> None:
    if event.get("begin") is True:
        rotation.begin_rotation(deps())
    done = rotation.continue_rotation(deps(), RUN_SECONDS)
    if done is not None:
        logger().info("rotation", extra={"state": done.state, "rewritten": done.rewritten, "left": done.left})


handler = worker_entry(rotate_keys)
