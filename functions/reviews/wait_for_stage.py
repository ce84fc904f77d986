"""A step of the review's state machine: wait under a task token until a stage has ended."""

from octane.api.workers import Event, step_entry
from octane.reviews import waiting
from octane.wiring import deps


def wait_for_stage(event: Event) -> Event:
    waiting.wait_for_stage(deps(), event["order_id"], waiting.Stage(event["stage"]), event["token"])
    return {}


handler = step_entry(wait_for_stage)
