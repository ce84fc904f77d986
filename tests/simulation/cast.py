"""The people of one schedule, and what a story may do to their world beforehand."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from octane.channels.port import ChannelName
from octane.kernel.caller import Role
from octane.kernel.money import Fen
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from octane.ledger.entries import Entry, post, transfer
from octane.store.engine import ConditionFailed
from simulation import endowing
from simulation.closing import Closing
from simulation.deps import SimulatedDeps
from simulation.people import Person
from simulation.published import publication
from simulation.world import World

BEFORE = "CHANNEL_RECEIVABLE:BEFORE"
"""What filled a wallet before the story began."""


@dataclass(slots=True)
class Cast:
    """The people of one schedule."""

    world: World
    deps: SimulatedDeps
    closing: Closing
    people: list[Person] = field(default_factory=list)

    def customer(self, name: str) -> Person:
        person = Person(self.world, self.deps, name)
        person.moves_in()
        self.people.append(person)
        return person

    def staff(self, name: str) -> Person:
        person = Person(self.world, self.deps, name, Role.FINANCE)
        self.people.append(person)
        return person

    def start(self, name: str, act: Callable[[], object], delay: int = 0) -> None:
        """Let somebody act beside what else goes on; a person has no time limit."""

        def work() -> None:
            act()

        self.world.scheduler.start(self.world.name(name, ""), work, delay=delay, life=None)

    def script_always(self, operation: str, alias: str, kind: str) -> None:
        """What befalls such a call every time."""
        self.world.always[operation, alias] = kind

    def script(self, operation: str, alias: str, *kinds: str) -> None:
        self.world.scripts[operation, alias] = list(kinds)

    def operator(self, name: str) -> Person:
        person = Person(self.world, self.deps, name, Role.OPERATOR)
        self.people.append(person)
        return person

    def reviewer(self, name: str) -> Person:
        person = Person(self.world, self.deps, name, Role.RISK)
        self.people.append(person)
        return person

    def fill(self, person: Person, amount: int) -> None:
        """Give somebody a balance."""
        account, now = wallet(person.user_id), self.world.clock.now()
        legs = transfer(Fen(amount), debit=BEFORE, credit=account)
        entry = Entry(f"before-{person.name}", "wallet_credited", "R00", legs, now, now)
        writes = post(entry), credit(account, 0, Fen(amount))
        self.world.engine.transact(writes, self.world.nonces.token())
        self.world.written = True

    def claimer(self, name: str) -> Person:
        """Somebody who has no card, and wants a coupon."""
        person = Person(self.world, self.deps, name)
        self.people.append(person)
        return person

    def coupon(
        self,
        person: Person,
        coupon_id: str,
        value: int,
        *,
        percent: bool = False,
        stackable: bool = False,
        minutes: int = 2_000,
    ) -> None:
        """Give somebody a coupon: `value` fen off, or percent."""
        lives_ms = minutes * 60_000
        endowing.give_coupon(
            *(self.world, person.user_id, coupon_id, value),
            percent=percent,
            stackable=stackable,
            lives_ms=lives_ms,
        )

    def campaign(self, name: str, units: int, shards: int) -> None:
        endowing.open_campaign(self.world, name, units, shards)

    def owes(self, person: Person, *bills: tuple[str, int]) -> None:
        person.bill_account_id = endowing.owe(self.world, person.user_id, bills)

    def plan(self, person: Person, bill: tuple[str, int], parts: int) -> str:
        return endowing.make_plan(self.world, person.user_id, bill, parts)

    def publish(self, draft: str) -> None:
        """Put the first rules in force; of many in a world, the first do."""
        with suppress(ConditionFailed):  # somebody else's story has put its own
            self.world.engine.transact(publication(draft), self.world.nonces.token())
        self.world.written = True

    def silence(self, channel: ChannelName, minutes: int) -> None:
        """Nobody answers us at a channel for so long; its customers' phones still reach it."""
        self.world.down_until[channel] = self.world.scheduler.now + minutes * 60_000
        self.world.note(f"{channel} does not answer for {minutes} minutes")


Story = Callable[[Cast, Person, str], None]
"""Told within the person's own process; the text is the alias of the order."""
