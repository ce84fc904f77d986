"""How our clients reach a channel of the world: through outside calls that fail, or not at all while it is
down."""

from collections.abc import Callable
from typing import TypeVar

from octane.channels.port import ChannelName, Unknown
from simulation.faults import LOST
from simulation.violations import must
from simulation.world import CHANNEL, Lost, World

NOBODY = Unknown("LOST", no_answer=True)

Answer = TypeVar("Answer")


def ask(
    world: World,
    channel: ChannelName,
    operation: str,
    number: str,
    kinds: tuple[str, ...],
    effect: Callable[[str], Answer],
) -> Answer | Unknown:
    """Call a channel; nobody's answer is `Unknown`. A probe's number is P00: one at a time may be under
    way."""
    forced = LOST if world.is_down(channel) else ""
    probe = number[26:] == "P00"
    world.probing[channel] += probe
    must(world.probing[channel] <= 1, "a sick channel has a single probe", f"{channel} {number}")
    try:
        answer = world.outside(operation, number, kinds, CHANNEL, effect, forced=forced)
    except Lost:
        return NOBODY
    finally:
        world.probing[channel] -= probe
    if world.lines is not None:
        world.note(f"← {channel} {answer}")
    return answer
