"""Rule sets and requests to test with."""

import json
from typing import Any

from octane.channels.port import ChannelName
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.routing.decisions import Outcome, RouteRequest
from octane.routing.defaults import default_draft, default_rules
from octane.routing.health import ChannelRecord, health_key, record_of
from octane.routing.publishing import publish
from octane.routing.router import Router
from octane.routing.rules import Platform, RuleSet
from octane.rulebook.documents import table_of
from octane.store.store import Store

NOON = 1_795_320_000_000
"""2026-11-22 12:00 in Beijing."""
DAY = "20261122"
WECHAT, ALIPAY, UNIONPAY = ChannelName.WECHAT, ChannelName.ALIPAY, ChannelName.UNIONPAY


def rules_with(**changes: Any) -> RuleSet:
    """The default rules with other top-level fields, as version 1."""
    return publish(default_rules(), json.dumps(default_draft() | changes), "tests", Instant(NOON)).rules


def table(*rows: dict[str, str]) -> dict[str, Any]:
    """A table of these rows, all columns there."""
    return table_of(
        list(rows),
        ["platform", "method", "channel", "amount_fen", "currency", "merchant"],
        ["enabled", "fee_ppm", "fee_min_fen", "max_single_fen", "priority"],
    )


def row(channel: str = "", fee_ppm: int = 6_000, **cells: str) -> dict[str, str]:
    return {
        "channel": f'"{channel}"' if channel else "",
        "enabled": "true",
        "fee_ppm": str(fee_ppm),
    } | cells


def quotas(limit: int, shards: int = 4, channel: str = "WECHAT", day: str = DAY) -> dict[str, Any]:
    return {channel: [{"from_day": day, "limit_fen": limit, "shards": shards}]}


def request(**changes: Any) -> RouteRequest:
    asked = RouteRequest("O" * 26 + "P01", Platform.H5, Fen(10_000), payers=(WECHAT, ALIPAY))
    return asked._replace(**changes)


def record(store: Store, channel: ChannelName = WECHAT) -> ChannelRecord:
    """A channel's health as the table has it."""
    return record_of(channel, store.get(health_key(channel)))


def fail(router: Router, times: int, name: str = "F") -> None:
    """Report failures of WeChat's, each of another attempt."""
    for number in range(times):
        router.report(WECHAT, f"{name}{number}", Outcome.CHANNEL_ERROR, 0)
