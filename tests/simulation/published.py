"""Routing rules for stories: the built-in ones with something changed."""

import json
from collections.abc import Mapping
from functools import lru_cache

from octane.kernel.clock import Instant
from octane.routing.defaults import default_draft, default_rules
from octane.routing.publishing import publish
from octane.store.writes import Put

DAY = "20231101"
"""Before the world begins."""
AT = Instant(1_699_999_000_000)


def draft(
    *,
    quotas: Mapping[str, tuple[int, int]] | None = None,
    off: tuple[str, ...] = (),
    breaker: Mapping[str, int] | None = None,
) -> str:
    """`quotas`: channel → (fen a day, shards); `off`: channels that are not offered."""
    fields = default_draft()
    fields["quotas"] = {
        channel: [{"from_day": DAY, "limit_fen": limit, "shards": shards}]
        for channel, (limit, shards) in (quotas or {}).items()
    }
    fields["breaker"] |= breaker or {}
    fields["exploration_ppm"] = 0
    for row in fields["table"]["nodes"][1]["content"]["rules"]:
        row["enabled"] = "false" if row["channel"].strip('"') in off else "true"
    return json.dumps(fields)


@lru_cache(maxsize=100)
def publication(text: str) -> tuple[Put, ...]:
    """The writes that make a draft the first version."""
    return publish(default_rules(), text, "user-boss", AT).writes
