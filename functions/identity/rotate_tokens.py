"""Secrets Manager asks for one step of a rotation of the key that signs access tokens."""

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.identity.rotation import Step, rotate
from octane.wiring import deps


def rotate_tokens(event: Event) -> None:
    step = Step(event["Step"])
    rotate(deps().token_keys, step, event["ClientRequestToken"])
    logger().info("rotated", extra={"step": step.value})


handler = worker_entry(rotate_tokens)
