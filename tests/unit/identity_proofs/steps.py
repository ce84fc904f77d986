"""Step-ups as the tests of proofs start, pass and use them."""

from unit.identity_proofs.desk import PIN, Desk

from octane.identity.payment_password import set_password
from octane.identity.proof_records import (
    StepUp,
)
from octane.identity.step_ups import Operation, use_step_up
from octane.kernel.caller import Caller

ORDER, OTHER_ORDER = "T" + "A" * 25, "T" + "B" * 25
AMOUNT = 250_000


def large(desk: Desk, caller: Caller, key: str = "large-1") -> StepUp:
    return desk.start(caller, Operation.LARGE_TOP_UP, ORDER, AMOUNT, key)


def with_password(desk: Desk, caller: Caller) -> None:
    step_up = desk.start(caller, Operation.SET_PAYMENT_PASSWORD, key="password")
    desk.give_code(caller, step_up)
    set_password(desk, caller, PIN, step_up.step_up_id)


def use(desk: Desk, caller: Caller, step_up: StepUp, **other: object) -> None:
    bound = {"operation": step_up.operation, "subject": step_up.subject, "amount": step_up.amount, **other}
    desk.store.commit(use_step_up(caller.user_id, step_up.step_up_id, now=desk.clock.now(), **bound))


def passed(desk: Desk, caller: Caller, key: str = "place-1") -> StepUp:
    step_up = desk.start(caller, Operation.PLACE_ORDER, "", AMOUNT, key)
    return desk.give_code(caller, step_up).step_up
