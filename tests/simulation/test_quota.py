"""A thousand payers at once over quotas of a few shards: never exceeded, and nobody is refused while there is
room."""

from collections import Counter
from functools import partial

import pytest

from octane.channels.port import PaymentMethod
from octane.orders.states import OrderState
from simulation.cast import Cast
from simulation.faults import Schedule
from simulation.people import Person
from simulation.play import play
from simulation.published import draft
from simulation.witness import Witness

PAYERS, PRICE = 1_000, 10_000
ROOM = {"WECHAT": 300, "ALIPAY": 200}
"""Payments that each channel's quota has room for; the limits leave a rest in each shard."""
RULES = draft(quotas={"WECHAT": (300 * PRICE + 7_000, 4), "ALIPAY": (200 * PRICE + 9_999, 3)})
NOON = 20_000
"""When everybody pays, in milliseconds after the world's beginning."""


@pytest.mark.parametrize("seed", [1])
def test_a_thousand_payers_fill_the_quotas_and_never_more(seed: int) -> None:
    peaks: Counter[str] = Counter()
    answered: Counter[str] = Counter()

    # Given orders that are all paid in the same second, through whatever channel has room
    def crowd(cast: Cast, witness: Witness) -> None:
        world = cast.world
        world.scheduler.most_events = 3_000_000
        cast.publish(RULES)
        began = world.scheduler.now
        for number in range(PAYERS):
            person = cast.customer(f"P{number:04d}")
            cast.start(person.name, partial(pays, person, began, answered), number % 40)

        def look() -> None:
            used: Counter[str] = Counter()
            for (channel, _, _), fen in witness.keepers.quotas.used.items():
                used[channel] += fen
            for channel, fen in used.items():
                peaks[channel] = max(peaks[channel], fen)

        world.after_write.append(look)

    # When they do, and nobody confirms
    outcome = play(Schedule("crowd", seed), tell=crowd)

    # Then every effect kept the limits (the witness), the room was used to the last, and all of it came back
    assert (outcome.invariant, outcome.detail) == ("", "")
    assert peaks == {channel: room * PRICE for channel, room in ROOM.items()}
    assert answered["got a code"] == sum(ROOM.values())
    assert answered["no channel"] == PAYERS - sum(ROOM.values())


def pays(person: Person, began: int, answered: Counter[str]) -> None:
    order = person.place(f"{person.name}1", PRICE)
    person.world.scheduler.sleep(began + NOON - person.world.scheduler.now + person.random.randint(0, 1_000))
    reference = person.pay(order, None, platform="STATION_QR")
    answered["got a code" if reference else "no channel"] += 1


def test_what_is_given_back_is_free_for_others() -> None:
    states: list[OrderState | None] = []

    def crowd(cast: Cast, _witness: Witness) -> None:
        cast.publish(draft(quotas={"WECHAT": (PRICE, 1), "ALIPAY": (1, 1)}))
        first, second = cast.customer("A"), cast.customer("B")

        def both() -> None:
            # Given the only room is taken
            one, two = first.place("A1", PRICE), second.place("B1", PRICE)
            assert first.pay(one, PaymentMethod.WECHAT_NATIVE)
            assert second.pay(two, platform="STATION_QR") == ""
            # When that payment is cancelled
            first.cancel(one)
            # Then it is somebody else's
            first.wait(6_000, 7_000)
            second.confirm(second.pay(two, platform="STATION_QR", key="again"))
            states.append(second.watch(two))

        cast.start("both", both)

    outcome = play(Schedule("room", 1), tell=crowd)
    assert (outcome.invariant, outcome.detail) == ("", "")
    assert states == [OrderState.SUCCEEDED]
