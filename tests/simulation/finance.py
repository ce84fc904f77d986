"""People of finance: they look at what waits and decide; of a large difference, two of them."""

from collections.abc import Callable

from octane.kernel.errors import OctaneError
from octane.reconciliation.differences import Difference
from octane.reconciliation.tasks import Action, Place, approve, decide, list_differences, refuse
from simulation.people import Person

WHY = "seen with the bill"


def waiting(staff: Person, *numbers: str) -> list[Difference]:
    """What waits for a person about these numbers of ours."""

    def read() -> list[Difference]:
        return list_differences(staff.deps, staff.caller, None, None, None).differences

    try:
        found = staff.request("list_differences", "", read)
    except OctaneError as error:
        staff.world.note(f"sees no differences: {error.code}")
        return []
    return [each for each in found if each.number.startswith(numbers)]


def propose(staff: Person, difference: Difference, action: Action) -> Difference:
    """Decide; of a large difference it is a proposal."""

    def act() -> Difference:
        return decide(staff.deps, staff.caller, place_of(difference), action, WHY, difference.version)

    return _tried(staff, "decide_difference", difference, act)


def agree(staff: Person, difference: Difference) -> Difference:
    def act() -> Difference:
        return approve(staff.deps, staff.caller, place_of(difference), difference.version)

    return _tried(staff, "approve_difference", difference, act)


def disagree(staff: Person, difference: Difference) -> Difference:
    def act() -> Difference:
        return refuse(staff.deps, staff.caller, place_of(difference), WHY, difference.version)

    return _tried(staff, "refuse_difference", difference, act)


def settle(staff: Person, colleague: Person, action: Action, *numbers: str) -> None:
    """One decides, and approves it too if nobody stops them; the other approves."""
    for difference in waiting(staff, *numbers):
        proposed = propose(staff, difference, action)
        staff.wait(100, 3_000)
        agree(staff, proposed)
        agree(colleague, proposed)


def place_of(difference: Difference) -> Place:
    return difference.day, difference.source, difference.id


def _tried(staff: Person, kind: str, difference: Difference, act: Callable[[], Difference]) -> Difference:
    """The difference as it is then; as it was, when they are told that it cannot be."""
    try:
        done = staff.request(kind, staff.world.alias(difference.number), act)
    except OctaneError as error:
        staff.world.note(f"{kind}: {error.code}")
        return difference
    staff.world.note(f"{kind}: {done.state} v{done.version}")
    return done
