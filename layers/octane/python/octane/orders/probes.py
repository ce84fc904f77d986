"""Whether a sick channel is well again (PY6): asked on schedule, never with a customer's payment."""

from octane.channels.port import Trade, Unknown
from octane.kernel.errors import OctaneError
from octane.kernel.ids import derive_id
from octane.orders.deps import Deps
from octane.routing.decisions import Outcome


def probe_channels(deps: Deps) -> list[str]:
    """Ask each channel whose pause is over about a trade that does not exist; return who was asked.

    One function in all holds a channel's probe: an answer that can be believed closes the circuit, none
    opens it again for twice as long. No call at all while every channel is well, but the reading.
    """
    asked = []
    for record in deps.router.probes_due():
        now = deps.clock.now()
        number = derive_id("T", "probe", record.channel.value, str(record.version)) + "P00"
        if not deps.router.claim_probe(record.channel, number):
            continue
        try:
            answer = deps.channel_of(record.channel).query(Trade(number, now, now))
        except OctaneError as error:  # not set up, say: it must not keep the others from being asked
            answer = Unknown(error.code)
        outcome = Outcome.OK
        if isinstance(answer, Unknown):
            outcome = Outcome.TIMEOUT if answer.no_answer else Outcome.CHANNEL_ERROR
        deps.router.report(record.channel, number, outcome, deps.clock.now() - now)
        deps.signals.count("ChannelProbed", channel=record.channel.value, outcome=outcome.value)
        asked.append(record.channel.value)
    return asked
