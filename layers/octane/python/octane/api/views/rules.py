"""Routing rules and what a draft of them would change."""

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from octane.api.views import Body, View
from octane.channels.port import PaymentMethod
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.routing.replays import DryRun
    from octane.routing.rules import RuleSet

Draft = Annotated[
    dict[str, Any],
    Field(description="table (a decision table of the GoRules editor), methods, quotas, weights, …"),
]


class PublishRulesBody(Body):
    rules: Draft
    based_on: int = Field(description="The version that these rules change: the one that was read before.")


class DryRunBody(Body):
    rules: Draft
    attempts: list[str] = Field(description="Numbers (out_trade_no) of 1 to 100 routed attempts.")


class RulesView(View):
    version: int = Field(description="0 is the version that is built in.")
    published_at: str
    published_by: str
    rules: dict[str, Any]

    @classmethod
    def of(cls, rules: "RuleSet") -> "RulesView":
        document = json.loads(rules.text)
        stamp = ("version", "published_at", "published_by")
        return cls(
            version=rules.version,
            published_at=rfc3339(rules.published_at),
            published_by=rules.published_by,
            rules={name: value for name, value in document.items() if name not in stamp},
        )


class ChangeView(View):
    out_trade_no: str
    before: PaymentMethod | None
    after: PaymentMethod | None


class DryRunView(View):
    decisions: int
    changed: list[ChangeView]
    cost_change_microfen: int = Field(description="Over those with a winner on both sides.")
    lost: int = Field(description="Had a channel and would have none.")
    gained: int

    @classmethod
    def of(cls, report: "DryRun") -> "DryRunView":
        return cls(
            decisions=report.total,
            changed=[
                ChangeView(out_trade_no=change.attempt_no, before=change.before, after=change.after)
                for change in report.changed
            ],
            cost_change_microfen=report.cost_microfen,
            lost=report.lost,
            gained=report.gained,
        )
