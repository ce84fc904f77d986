"""Stories of accounts that end: frozen by staff while they pay, or erased at their own wish."""

from collections.abc import Callable
from typing import TypeVar

from octane.channels.port import PaymentMethod
from octane.identity.users import user_key
from octane.kernel.errors import OctaneError
from octane.rights.erasing import erase_people
from octane.rights.erasure import Erasure, request_erasure
from octane.risk.freezes import Freeze, freeze_account, lift_freeze
from octane.store.writes import Absent, Put
from simulation.cast import Cast, Story
from simulation.delivery import WORKER_LIFE, invoke
from simulation.people import Person
from simulation.telling import happy

Answer = TypeVar("Answer")
WHY = "seen by staff"
RUN_SECONDS = 20
HOUR = 3_600_000


def frozen_while_paying(cast: Cast, ann: Person, alias: str) -> None:
    """Staff freeze the account at some moment between order and payment; the customer goes on trying."""
    rita = cast.reviewer(f"{ann.name}-rita")
    most = ann.random.choice((60, 4_000))
    cast.start(f"{rita.name} freezes", lambda: _freeze(rita, ann), ann.random.randint(0, most))
    try:
        order = ann.place(alias, 10_000)
    except OctaneError as error:
        cast.world.note(f"cannot order: {error.code}")
        return
    ann.wait(0, 2_000)
    reference = ann.pay(order)
    ann.wait(0, 4_000)
    ann.confirm(reference)
    ann.confirm(ann.pay(order, PaymentMethod.ALIPAY_NATIVE, key="second"))
    ann.watch(order)


def frozen_and_lifted(cast: Cast, ann: Person, alias: str) -> None:
    """Frozen before, lifted by another person, and then as if nothing had been."""
    rita, olaf = cast.reviewer(f"{ann.name}-rita"), cast.reviewer(f"{ann.name}-olaf")
    _freeze(rita, ann)
    _top_up(cast, ann, alias)
    _lift(rita, ann)
    _lift(olaf, ann)
    _top_up(cast, ann, f"{ann.name}2")


def erased(cast: Cast, ann: Person, alias: str) -> None:
    """The account is erased: asked for while the order is under way, and again when it has ended."""
    now = cast.world.scheduler.now
    record = {"role": "customer", "openid": f"openid-{ann.name}", "created_at": now}
    cast.world.engine.write(Put(user_key(ann.user_id), record, when=Absent()))
    cast.start(f"{ann.name} asks", lambda: _ask(ann), ann.random.randint(0, 60_000))
    _top_up(cast, ann, alias)
    _ask(ann)
    for _ in range(3):
        cast.world.scheduler.sleep(HOUR)
        _erase(cast)


def _top_up(cast: Cast, ann: Person, alias: str) -> None:
    """Unless the account is closed by then."""
    try:
        happy(cast, ann, alias)
    except OctaneError as error:
        cast.world.note(f"cannot order: {error.code}")


def _freeze(staff: Person, ann: Person) -> Freeze | None:
    return _tried(staff, "freeze_account", lambda: freeze_account(staff.deps, staff.caller, ann.user_id, WHY))


def _lift(staff: Person, ann: Person) -> Freeze | None:
    return _tried(staff, "lift_freeze", lambda: lift_freeze(staff.deps, staff.caller, ann.user_id, WHY))


def _ask(ann: Person) -> Erasure | None:
    return _tried(ann, "request_erasure", lambda: request_erasure(ann.deps, ann.caller, ""))


def _tried(person: Person, kind: str, act: Callable[[], Answer]) -> Answer | None:
    try:
        done = person.request(kind, "", act)
    except OctaneError as error:
        person.world.note(f"{kind}: {error.code}")
        return None
    person.world.note(f"{kind}: done")
    return done


def _erase(cast: Cast) -> None:
    def work() -> None:
        erase_people(cast.deps, RUN_SECONDS)

    invoke(cast.world, "erase_people", "", work, delay=5, life=WORKER_LIFE)


ALL: tuple[Story, ...] = (frozen_while_paying, frozen_and_lifted, erased)
