"""Risk rules, decisions, lists and freezes, as staff see them."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from octane.api.views import Body, Text, View
from octane.kernel.clock import rfc3339
from octane.risk.facts import Listing
from octane.risk.rules import Outcome

if TYPE_CHECKING:
    from octane.risk.decide import Verdict
    from octane.risk.decisions import Shown
    from octane.risk.freezes import Freeze
    from octane.risk.lists import ListEntry
    from octane.risk.publishing import DryRun, InForce
    from octane.risk.rules import RuleSet
    from octane.risk.suggestions import Suggestion

Draft = Annotated[
    dict[str, Any],
    Field(description="table (a decision table of the GoRules editor, hit policy collect) and limits"),
]
Version = Annotated[int, Field(ge=0, le=999_999)]
STAMP = ("version", "published_at", "published_by")


class PublishRiskRulesBody(Body):
    rules: Draft
    based_on: Version = Field(description="The version that was read before.")


class RollBackRiskRulesBody(Body):
    to_version: Version = Field(description="0 is the version that is built in.")
    based_on: Version


class DryRunRiskRulesBody(Body):
    rules: Draft
    orders: list[str] = Field(description="Ids of 1 to 100 orders.")


class ListEntryBody(Body):
    entry: Literal["ALLOW", "WATCH", "BLOCK"]
    reason: Text


class ReasonBody(Body):
    reason: Text


class RiskRulesView(View):
    version: int = Field(description="0 is the version that is built in.")
    published_at: str
    published_by: str
    rules: dict[str, Any]

    @classmethod
    def of(cls, rules: "RuleSet") -> "RiskRulesView":
        document = json.loads(rules.text)
        return cls(
            version=rules.version,
            published_at=rfc3339(rules.published_at),
            published_by=rules.published_by,
            rules={name: value for name, value in document.items() if name not in STAMP},
        )


class SuggestionView(View):
    rules: dict[str, Any] = Field(description="A draft to look at and to publish, or not.")
    because: list[str]


class RiskRulesInForceView(RiskRulesView):
    suggestion: SuggestionView | None

    @classmethod
    def in_force(cls, found: "InForce") -> "RiskRulesInForceView":
        shown = RiskRulesView.of(found.rules).model_dump()
        return cls(**shown, suggestion=_suggestion(found.suggestion))


class VerdictView(View):
    outcome: Outcome
    reasons: list[str]


class RiskChangeView(View):
    order_id: str
    before: VerdictView
    after: VerdictView


class RiskDryRunView(View):
    decisions: int
    changed: list[RiskChangeView]
    outcomes: dict[str, int] = Field(description="What the draft makes of all of them.")

    @classmethod
    def of(cls, report: "DryRun") -> "RiskDryRunView":
        return cls(
            decisions=report.total,
            changed=[
                RiskChangeView(
                    order_id=change.order_id, before=_verdict(change.before), after=_verdict(change.after)
                )
                for change in report.changed
            ],
            outcomes={outcome.value: count for outcome, count in report.outcomes.items()},
        )


class RiskDecisionView(View):
    at: str
    placed: bool = Field(description="Whether the order was placed by it, or refused.")
    rules_version: int
    verdict: VerdictView
    proven: bool = Field(description="A step-up answered the challenge.")
    facts: dict[str, str | int] = Field(description="All inputs of the rules.")
    tags: dict[str, str] = Field(description="Ids and digests to list by.")
    replayed: bool = Field(description="The same rules say the same again.")

    @classmethod
    def of(cls, shown: "Shown") -> "RiskDecisionView":
        decision = shown.decision
        return cls(
            at=rfc3339(decision.at),
            placed=shown.placed,
            rules_version=decision.version,
            verdict=_verdict(decision.verdict),
            proven=decision.proven,
            facts=decision.facts._asdict(),
            tags=decision.tags._asdict(),
            replayed=shown.replayed,
        )


class RiskDecisionsView(View):
    decisions: list[RiskDecisionView] = Field(description="Newest first, the last 20.")


class ListEntryView(View):
    list: str
    value: str
    entry: Listing
    reason: str
    by: str
    at: str

    @classmethod
    def of(cls, entry: "ListEntry") -> "ListEntryView":
        return cls(
            list=entry.name.value,
            value=entry.value,
            entry=entry.listing,
            reason=entry.reason,
            by=entry.by,
            at=rfc3339(entry.at),
        )


class FreezeView(View):
    user_id: str
    frozen: bool
    reason: str
    by: str
    at: str

    @classmethod
    def of(cls, freeze: "Freeze") -> "FreezeView":
        return cls(**freeze._asdict() | {"at": rfc3339(freeze.at)})


def _verdict(verdict: "Verdict") -> VerdictView:
    return VerdictView(outcome=verdict.outcome, reasons=list(verdict.reasons))


def _suggestion(found: "Suggestion | None") -> SuggestionView | None:
    return None if found is None else SuggestionView(rules=found.draft, because=list(found.because))
