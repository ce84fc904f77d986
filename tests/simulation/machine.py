"""The review's state machine: steps under task tokens, each of which may fail, come late or be lost."""

from dataclasses import dataclass, field

from octane.reviews.waiting import Stage, expire_review, wait_for_stage
from octane.wire.machines import MachineUnavailableError
from simulation.delivery import MINUTE, SECOND, WORKER_LIFE, invoke
from simulation.deps import SimulatedDeps
from simulation.faults import CALL
from simulation.world import HOURS_12, QUEUE, Lost, World

TIME_OUT = HOURS_12
STAGES = tuple(Stage)
MOST_TRIES = 6


@dataclass(slots=True)
class SimulatedMachine:
    """Implements `octane.reviews.deps.ReviewMachine`, and invokes the steps."""

    world: World
    deps: SimulatedDeps
    runs: set[str] = field(default_factory=set)
    waiting: dict[str, tuple[str, int]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    tokens: int = 0

    def start(self, order_id: str) -> None:
        def effect(_kind: str) -> None:
            if order_id not in self.runs:
                self.runs.add(order_id)
                self._wait(order_id, 0)

        self._outside("start review", order_id, effect)

    def resume(self, token: str) -> None:
        def effect(_kind: str) -> None:
            if token in self.waiting:
                order_id, stage = self.waiting.pop(token)
                self._wait(order_id, stage + 1)

        self._outside("resume review", token.partition(".")[0], effect)

    def _outside(self, operation: str, order_id: str, effect: object) -> None:
        try:
            self.world.outside(operation, order_id, CALL, QUEUE, effect)  # type: ignore[arg-type]
        except Lost:
            raise MachineUnavailableError from None

    def _wait(self, order_id: str, stage: int) -> None:
        if stage == len(STAGES):
            self._expire(order_id, 1)
            return
        self.tokens += 1
        token = f"{order_id}.{self.tokens}"
        self.waiting[token] = (order_id, stage)

        def work() -> None:
            wait_for_stage(self.deps, order_id, STAGES[stage], token)

        def ended(done: bool) -> None:
            if not done:  # the step has failed, whatever its function did before
                self._fail(token)

        alias = self.world.alias(order_id)
        invoke(self.world, "wait_for_stage", alias, work, delay=self._soon(), life=WORKER_LIFE, ended=ended)
        self.world.scheduler.at(self.world.scheduler.now + TIME_OUT, lambda: self._fail(token))

    def _fail(self, token: str) -> None:
        """The step is over: failed, or timed out."""
        if token in self.waiting:
            order_id, _ = self.waiting.pop(token)
            self._expire(order_id, 1)

    def _expire(self, order_id: str, tries: int) -> None:
        answers: list[bool] = []

        def work() -> None:
            answers.append(expire_review(self.deps, order_id))

        def ended(done: bool) -> None:
            now = self.world.scheduler.now
            if not done and tries < MOST_TRIES:
                self.world.scheduler.at(
                    now + 5 * SECOND * 2**tries, lambda: self._expire(order_id, tries + 1)
                )
            elif done and not answers[0]:
                self.world.scheduler.at(now + MINUTE, lambda: self._wait(order_id, 0))
            elif done:
                self.ended.add(order_id)

        alias = self.world.alias(order_id)
        invoke(self.world, "expire_review", alias, work, delay=self._soon(), life=WORKER_LIFE, ended=ended)

    def _soon(self) -> int:
        return self.world.random.randint(5, 200)
