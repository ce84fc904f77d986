"""Stories in which a large order waits for people: what is decided, by whom, in time or not."""

from octane.channels.port import PaymentMethod
from octane.kernel.caller import Role
from octane.reviews.deciding import Decision
from simulation.cast import Cast, Story
from simulation.people import Person
from simulation.reviewing import look, prove, say, settle, take

LARGE, HUGE = 250_000, 1_200_000


def reviewed(cast: Cast, ann: Person, alias: str) -> None:
    order = _held(cast, ann, alias, LARGE)
    prove(ann, order, LARGE)
    settle(_reviewer(cast, ann, "rita"), order, Decision.APPROVE)
    ann.watch(order)


def sent_back(cast: Cast, ann: Person, alias: str) -> None:
    order = _held(cast, ann, alias, LARGE)
    prove(ann, order, LARGE)
    settle(_reviewer(cast, ann, "rita"), order, Decision.REFUSE)
    ann.watch(order)


def unseen(cast: Cast, ann: Person, alias: str) -> None:
    """Nobody shows a face, or nobody looks."""
    order = _held(cast, ann, alias, LARGE)
    if ann.random.random() < 1 / 2:
        prove(ann, order, LARGE)
    ann.watch(order)


def two_people(cast: Cast, ann: Person, alias: str) -> None:
    """A huge order: one person tries to be both reviewers."""
    order = _held(cast, ann, alias, HUGE)
    prove(ann, order, HUGE)
    rita, olaf = _reviewer(cast, ann, "rita"), _reviewer(cast, ann, "olaf")
    settle(rita, order, Decision.APPROVE)
    if ann.random.random() < 1 / 2:
        settle(rita, order, Decision.APPROVE)
    settle(olaf, order, ann.random.choice(tuple(Decision)))
    ann.watch(order)


def two_minds(cast: Cast, ann: Person, alias: str) -> None:
    """One reviewer, two pages: approves in one and refuses in the other."""
    order = _held(cast, ann, alias, LARGE)
    prove(ann, order, LARGE)
    rita = _reviewer(cast, ann, "rita")
    claimed = take(rita, order)
    if claimed is not None:
        version = claimed.version
        for decision in ann.random.sample(tuple(Decision), 2):
            cast.start(
                f"{rita.name}-{decision.lower()}",
                lambda decision=decision: say(rita, order, decision, version),  # type: ignore[misc]
                ann.random.randint(0, 60),
            )
    ann.watch(order)


def at_the_deadline(cast: Cast, ann: Person, alias: str) -> None:
    """The reviewer decides in the very second in which the time is over, and tries again after it."""
    order = _held(cast, ann, alias, LARGE)
    prove(ann, order, LARGE)
    rita = _reviewer(cast, ann, "rita")
    seen = look(rita, order)
    if seen is not None:
        ann.wait(*(2 * [seen.expires_at - cast.world.scheduler.now - 60_000]))
        claimed = take(rita, order)
        left = seen.expires_at - cast.world.scheduler.now
        ann.wait(max(0, left - 3_000), max(1, left + 50_000))
        if claimed is not None:
            say(rita, order, Decision.APPROVE, claimed.version)
            ann.wait(1_000, 70_000)
            say(rita, order, Decision.APPROVE, claimed.version)
    ann.watch(order)


def own_money(cast: Cast, ann: Person, alias: str) -> None:
    """A reviewer tops up her own card, and would approve it herself."""
    order = _held(cast, ann, alias, LARGE)
    prove(ann, order, LARGE)
    ann.role = Role.RISK
    settle(ann, order, Decision.APPROVE)
    ann.role = Role.CUSTOMER
    settle(_reviewer(cast, ann, "olaf"), order, Decision.APPROVE)
    ann.watch(order)


def in_parts(cast: Cast, ann: Person, alias: str) -> None:
    """Paid by the wallet and a channel: both parts are held, and both go back."""
    cast.fill(ann, 15_000)
    order = ann.place(alias, LARGE)
    reference = ann.pay(order, wallet=15_000)
    ann.wait(500, 30_000)
    ann.confirm(reference)
    ann.wait(2_000, 60_000)
    prove(ann, order, LARGE)
    settle(_reviewer(cast, ann, "rita"), order, ann.random.choice(tuple(Decision)))
    ann.watch(order)


def paid_twice(cast: Cast, ann: Person, alias: str) -> None:
    """While the order waits for its reviewer, an older payment of it arrives after all."""
    order = ann.place(alias, LARGE)
    first = ann.pay(order)
    second = ann.pay(order, PaymentMethod.ALIPAY_NATIVE, key="second")
    ann.wait(500, 5_000)
    ann.confirm(second or first)
    ann.wait(500, 30_000)
    ann.confirm(first, late=True)
    prove(ann, order, LARGE)
    settle(_reviewer(cast, ann, "rita"), order, ann.random.choice(tuple(Decision)))
    ann.watch(order)


def _held(cast: Cast, ann: Person, alias: str, amount: int) -> str:
    order = ann.place(alias, amount)
    reference = ann.pay(order)
    ann.wait(500, 30_000)
    ann.confirm(reference)
    ann.wait(2_000, 60_000)
    return order


def _reviewer(cast: Cast, ann: Person, name: str) -> Person:
    return cast.reviewer(f"{ann.name}-{name}")


ALL: tuple[Story, ...] = (
    *(reviewed, sent_back, unseen, two_people, two_minds, at_the_deadline, own_money, in_parts, paid_twice),
)
