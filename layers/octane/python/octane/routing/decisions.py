"""A routing decision as it is stored: what was asked, what was known, what was weighed, what came out (PY5).

It holds every input of `decide`, so that the same rules give the same answer again at any later time.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.routing.rules import PPM, Platform


class Circuit(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Outcome(StrEnum):
    """What a call said about the channel, not about the payment."""

    OK = "OK"
    """It answered: yes, or a definite no that is the customer's or ours."""
    CHANNEL_ERROR = "CHANNEL_ERROR"
    """It could not be reached, answered 5xx, or answered what cannot be believed."""
    TIMEOUT = "TIMEOUT"
    """The same, and it kept us waiting: this process leaves it alone for a while."""


class Health(NamedTuple):
    """How a channel is, as far as a decision goes. The defaults are the safe ones: nothing is known against
    it."""

    circuit: Circuit = Circuit.CLOSED
    success_ppm: int = PPM
    """Of calls, not of payments; at least 1, so that it divides."""
    latency_ms: int = 0
    cooling: bool = False
    """This process saw a time-out a moment ago."""


class RouteRequest(NamedTuple):
    attempt_no: str
    """The attempt's number (out_trade_no): it decides the draw and the quota's shard."""
    platform: Platform
    amount: Fen
    currency: str = "CNY"
    merchant: str = ""
    """The sub-merchant that collects; empty is ourselves."""
    payers: tuple[ChannelName, ...] = ()
    """The channels that know this payer."""
    tried: tuple[ChannelName, ...] = ()
    """The channels on which an earlier attempt of the same request ended without taking anything."""
    exhausted: tuple[ChannelName, ...] = ()
    """The channels whose quota has just refused this attempt."""
    probing: ChannelName | None = None
    """The caller holds this channel's probe: its open circuit does not count, and it is preferred."""


class Exclusion(StrEnum):
    """Why a method is no candidate: the first that applies, in this order."""

    PLATFORM = "PLATFORM"
    CURRENCY = "CURRENCY"
    PAYER_MISSING = "PAYER_MISSING"
    UNDER_MINIMUM = "UNDER_MINIMUM"
    OVER_SINGLE_LIMIT = "OVER_SINGLE_LIMIT"
    NO_RULE = "NO_RULE"
    DISABLED = "DISABLED"
    TRIED = "TRIED"
    CIRCUIT_OPEN = "CIRCUIT_OPEN"
    COOLING_DOWN = "COOLING_DOWN"
    QUOTA_EXHAUSTED = "QUOTA_EXHAUSTED"


class Reason(StrEnum):
    """Why the winner won: the first thing in which it beats the second."""

    PROBE = "PROBE"
    ONLY_ONE = "ONLY_ONE"
    LOWEST_COST = "LOWEST_COST"
    HIGHER_SUCCESS = "HIGHER_SUCCESS"
    LOWER_LATENCY = "LOWER_LATENCY"
    PRIORITY = "PRIORITY"
    NAME = "NAME"
    EXPLORATION = "EXPLORATION"
    NONE_ELIGIBLE = "NONE_ELIGIBLE"


class Candidate(NamedTuple):
    """One method. Costs are in millionths of a fen, and 0 where it was excluded before they mattered."""

    method: PaymentMethod
    excluded: Exclusion | None
    row: int = -1
    """Which row of the table spoke, from 0."""
    fee_microfen: int = 0
    cost_microfen: int = 0
    """The fee against the success rate, and what the weights add."""
    priority: int = 0


class Decision(NamedTuple):
    request: RouteRequest
    rules_version: int
    rules_digest: str
    draw: int
    decided_at: Instant
    health: Mapping[ChannelName, Health]
    left: Mapping[ChannelName, int]
    """Fen that the quotas still gave, as last read; a channel without one is not named."""
    candidates: tuple[Candidate, ...]
    winner: PaymentMethod | None
    reason: Reason

    def exclusion(self, method: PaymentMethod) -> Exclusion | None:
        return next((c.excluded for c in self.candidates if c.method is method), None)
