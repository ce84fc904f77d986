"""People of reviews: the customer shows their face, reviewers claim and decide."""

from collections.abc import Callable

from octane.identity.step_ups import Operation, binding, step_up_key
from octane.kernel.errors import OctaneError
from octane.reviews.deciding import Decision, claim, decide, get_review, prove_large_top_up
from octane.reviews.model import Review
from octane.store.writes import Absent, Put
from simulation.people import Person

WHY = "seen and known"


def prove(person: Person, order_id: str, amount: int) -> Review | None:
    """Pass a step-up for the order, and use it."""
    step_up = f"step-up-{order_id}"
    passed = {
        "state": "PASSED",
        "binding": binding(Operation.LARGE_TOP_UP, order_id, amount),
        "expires_at": person.world.scheduler.now + 300_000,
    }
    person.world.engine.write(Put(step_up_key(person.user_id, step_up), passed, when=Absent()))

    def act() -> Review:
        return prove_large_top_up(person.deps, person.caller, order_id, step_up)

    return _tried(person, "prove_order", order_id, act)


def look(staff: Person, order_id: str) -> Review | None:
    return _tried(staff, "get_review", order_id, lambda: get_review(staff.deps, staff.caller, order_id))


def take(staff: Person, order_id: str) -> Review | None:
    """Claim the review as it is now."""
    seen = look(staff, order_id)
    if seen is None:
        return None
    version = seen.version
    return _tried(staff, "claim_review", order_id, lambda: claim(staff.deps, staff.caller, order_id, version))


def say(staff: Person, order_id: str, decision: Decision, version: int) -> Review | None:
    def act() -> Review:
        return decide(staff.deps, staff.caller, order_id, decision, WHY, version)

    return _tried(staff, "decide_review", order_id, act)


def settle(staff: Person, order_id: str, decision: Decision) -> Review | None:
    """Claim and decide, as somebody who insists."""
    for _ in range(3):
        claimed = take(staff, order_id)
        if claimed is not None:
            staff.wait(500, 20_000)
            seen = look(staff, order_id) or claimed
            said = say(staff, order_id, decision, seen.version)
            if said is not None:
                return said
        staff.wait(1_000, 30_000)
    return None


def _tried(person: Person, kind: str, order_id: str, act: Callable[[], Review]) -> Review | None:
    """What came of it; None when they are told that it cannot be, or nothing."""
    try:
        done = person.request(kind, person.world.alias(order_id), act)
    except OctaneError as error:
        person.world.note(f"{kind}: {error.code}")
        return None
    person.world.note(f"{kind}: {done.state} v{done.version}")
    return done
