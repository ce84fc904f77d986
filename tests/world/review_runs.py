"""The review's state machine as the tests have it: its three stages, each under a task token."""

from collections import deque
from typing import Any

from world.permissions import Watch

STAGES = ("FACE", "REVIEWER", "SECOND_REVIEWER")
MACHINE = "ReviewOrder"


class ReviewRuns:
    """Runs by order. What is due is done when the test lets queues run; nothing is resumed twice."""

    def __init__(self, watch: Watch) -> None:
        self.due: deque[tuple[str, int]] = deque()
        self.waiting: dict[str, tuple[str, int]] = {}
        self.runs: set[str] = set()
        self.ended: list[str] = []
        self._watch = watch

    def start(self, order_id: str) -> None:
        self._watch.note("states:StartExecution", MACHINE)
        if order_id not in self.runs:
            self.runs.add(order_id)
            self.due.append((order_id, 0))

    def resume(self, token: str) -> None:
        self._watch.note("states:SendTaskSuccess", "*")
        if token in self.waiting:
            order_id, stage = self.waiting.pop(token)
            self.due.append((order_id, stage + 1))

    def time_out(self) -> None:
        """Every step that waits has waited long enough."""
        for token in list(self.waiting):
            order_id, _ = self.waiting.pop(token)
            self.due.append((order_id, len(STAGES)))

    def step(self, function: Any, context: Any) -> bool:
        """Do one step that is due; tell whether there was one."""
        if not self.due:
            return False
        order_id, stage = self.due.popleft()
        if stage < len(STAGES):
            token = f"token-{order_id}-{stage}"
            self.waiting[token] = (order_id, stage)
            event = {"order_id": order_id, "stage": STAGES[stage], "token": token}
            function("reviews/wait_for_stage")(event, context)
            return True
        if function("reviews/expire_review")({"order_id": order_id}, context)["ended"]:
            self.ended.append(order_id)
        else:
            self.due.append((order_id, 0))
        return True
