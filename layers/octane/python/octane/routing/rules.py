"""A rule set: everything about routing that a person may change without a deployment (PY5).

What can be wrong with it is in `octane.rulebook.errors`, and besides:

RulesQuotaFixedError          409  a quota that is being counted can only grow
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import StateError
from octane.kernel.money import Fen

PPM = 1_000_000
"""Shares and rates are integers in parts per million."""


class RulesQuotaFixedError(StateError):
    code = "RULES_QUOTA_FIXED"
    summary = "A quota that counts already can only grow; let the new one start on a later day."


class Platform(StrEnum):
    """Where the customer stands when paying."""

    MINI_PROGRAM = "MINI_PROGRAM"
    H5 = "H5"
    STATION_QR = "STATION_QR"


class MethodRule(NamedTuple):
    """Where a way to pay can be offered at all, whatever the decision table says."""

    method: PaymentMethod
    platforms: frozenset[Platform]
    currencies: frozenset[str]
    min_fen: Fen
    max_fen: Fen
    needs_payer: bool
    """It can be offered only to a payer whom the channel knows (openid, buyer id)."""


class QuotaPlan(NamedTuple):
    """What a channel may take on each Beijing day from `from_day` (`20261122`) on."""

    from_day: str
    limit: Fen
    shards: int


class BreakerRule(NamedTuple):
    """When a channel counts as sick. Times in milliseconds."""

    failures: int = 5
    """So many failures in a row open the circuit, when no pause between two of them is longer than:"""
    within_ms: int = 60 * SECOND
    failure_ppm: int = 500_000
    """Or this share of the window's calls, once it holds:"""
    least_calls: int = 20
    pause_ms: int = 20 * SECOND
    """The first pause before a probe; it doubles with each failed probe up to:"""
    longest_pause_ms: int = 300 * SECOND
    lease_ms: int = 60 * SECOND
    """A probe that has not reported by then is given up; longer than any call takes."""
    cool_down_ms: int = 20 * SECOND
    """A process that saw a time-out does not call the channel for so long."""


class Weights(NamedTuple):
    """What else counts as cost, in millionths of a fen: 0 leaves it to break ties."""

    failure_microfen: int = 0
    """What a failed attempt costs us beside the fee."""
    latency_microfen_per_ms: int = 0


class RuleSet(NamedTuple):
    """One version, immutable. `text` is the whole document as it is stored; `table` its decision table."""

    version: int
    """0 is the one built in; the first published one is 1."""
    published_at: Instant
    published_by: str
    digest: str
    """Of the rules themselves, without who published them and when."""
    text: str
    table: str
    methods: tuple[MethodRule, ...]
    quotas: Mapping[ChannelName, tuple[QuotaPlan, ...]]
    weights: Weights
    exploration_ppm: int
    window: int
    """Calls that the success rate and the latency look back on."""
    breaker: BreakerRule

    def quota(self, channel: ChannelName, day: str) -> QuotaPlan | None:
        """The plan that counts on a day; None is no limit."""
        plans = [plan for plan in self.quotas.get(channel, ()) if plan.from_day <= day]
        return plans[-1] if plans else None

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """Every channel that some method may use, in the order of `ChannelName`."""
        used = {rule.method.channel for rule in self.methods}
        return tuple(channel for channel in ChannelName if channel in used)
