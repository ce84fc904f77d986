"""A step-up as it is kept (`octane.identity.step_ups` is what other rooms know of it)."""

from enum import StrEnum
from typing import NamedTuple

from octane.identity.proof_rules import Method
from octane.identity.step_ups import Operation, step_up_key
from octane.kernel.clock import MINUTE, SECOND, Instant
from octane.kernel.errors import NotFoundError, StateError
from octane.store.items import Item, Key
from octane.store.store import Store
from octane.store.writes import AllOf, AtLeast, AtMost, Is, Update, all_of

LIFE_MS = 5 * MINUTE
KEPT_SECONDS = 7 * 24 * 3600
MOST_TRIES = 5


class StepUpState(StrEnum):
    OPEN = "OPEN"
    PASSED = "PASSED"
    USED = "USED"


class Via(StrEnum):
    """Which way the person was recognised, for whoever reviews the operation."""

    NONE = ""
    """No face was asked for, or none shown yet."""
    FACE = "FACE"
    FALLBACK = "FALLBACK"
    """No verifier, or no consent to it: payment password and a second code instead."""


class StepUpNotFoundError(NotFoundError):
    code = "STEP_UP_NOT_FOUND"


class StepUpOverError(StateError):
    code = "STEP_UP_OVER"
    summary = "This step-up is over: too late, tried too often, or used. Start another one."


class StepUp(NamedTuple):
    user_id: str
    step_up_id: str
    operation: Operation
    subject: str
    amount: int
    """Fen."""
    state: StepUpState
    methods: tuple[Method, ...]
    step: int
    """How many of `methods` were given."""
    via: Via
    expires_at: Instant
    bound: str
    tries: int = 0
    verify_id: str = ""
    face_number: str = ""
    face_version: int = 0
    """Of the real name that the face is compared with."""

    @property
    def due(self) -> tuple[Method, ...]:
        """The proofs that are still to be given, in order."""
        return self.methods[self.step :]

    @property
    def key(self) -> Key:
        return step_up_key(self.user_id, self.step_up_id)


def find_step_up(store: Store, user_id: str, step_up_id: str) -> StepUp:
    """Return a person's own step-up; somebody else's does not exist (`StepUpNotFoundError`)."""
    item = store.get(step_up_key(user_id, step_up_id))
    if item is None:
        raise StepUpNotFoundError
    return step_up_of(item)


def unmoved(known: StepUp) -> AllOf:
    """It waits for the same proof as when it was read."""
    return all_of(Is("state", StepUpState.OPEN.value), Is("step", known.step), Is("via", known.via.value))


def change(known: StepUp, assign: Item) -> Update:
    return Update(known.key, when=unmoved(known), assign=assign, otherwise=StepUpOverError())


def counted(store: Store, known: StepUp, now: Instant) -> StepUp:
    """Count a try before it is made, and return the step-up as it then is; raise `StepUpOverError`."""
    may_try = all_of(unmoved(known), AtMost("tries", MOST_TRIES - 1), AtLeast("expires_at", now))
    item = store.take(Update(known.key, when=may_try, add={"tries": 1}, otherwise=StepUpOverError()))
    return step_up_of(item)


def item_of(step_up: StepUp) -> Item:
    return {
        "operation": step_up.operation.value,
        "subject": step_up.subject,
        "amount": step_up.amount,
        "binding": step_up.bound,
        "state": step_up.state.value,
        "methods": [method.value for method in step_up.methods],
        "step": step_up.step,
        "via": step_up.via.value,
        "tries": step_up.tries,
        "expires_at": step_up.expires_at,
        "ttl": step_up.expires_at // SECOND + KEPT_SECONDS,
    }


def step_up_of(item: Item) -> StepUp:
    methods = item["methods"]
    return StepUp(
        user_id=str(item["pk"]),
        step_up_id=str(item["sk"]).removeprefix("STEPUP#"),
        operation=Operation(str(item["operation"])),
        subject=str(item["subject"]),
        amount=int(str(item["amount"])),
        state=StepUpState(str(item["state"])),
        methods=tuple(Method(str(method)) for method in methods) if isinstance(methods, list) else (),
        step=int(str(item["step"])),
        via=Via(str(item["via"])),
        expires_at=Instant(int(str(item["expires_at"]))),
        bound=str(item["binding"]),
        tries=int(str(item["tries"])),
        verify_id=str(item.get("verify_id", "")),
        face_number=str(item.get("face_number", "")),
        face_version=int(str(item.get("face_version", 0))),
    )
