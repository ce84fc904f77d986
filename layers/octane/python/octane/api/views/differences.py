"""Differences between a bill and the books, and what people decide about them."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.kernel.clock import rfc3339
from octane.kernel.statement import LineKind
from octane.reconciliation.differences import DifferenceState
from octane.reconciliation.model import MatchClass, Source
from octane.reconciliation.tasks import Action

if TYPE_CHECKING:
    from octane.reconciliation.differences import Difference, LineView
    from octane.reconciliation.tasks import DifferencePage, DifferenceStep

REASON = Field(min_length=1, max_length=500, description="Why; kept for ever.")
VERSION = Field(ge=1, description="The version that was read: a change made meanwhile refuses this.")


class DecideDifference(Body):
    action: Annotated[Action, Field(strict=False)]
    reason: str = REASON
    version: int = VERSION


class ApproveDifference(Body):
    version: int = VERSION


class RefuseDifference(Body):
    reason: str = REASON
    version: int = VERSION


class SideView(View):
    """What one side says of the line."""

    amount_fen: int
    fee_fen: int
    currency: str
    status: str
    reference: str
    settled_at: str
    line: int = Field(description="Its line in the bill's file; 0 on our side.")

    @classmethod
    def of(cls, view: "LineView") -> "SideView":
        return cls(
            amount_fen=view.amount,
            fee_fen=view.fee,
            currency=view.currency,
            status=view.status,
            reference=view.reference,
            settled_at=rfc3339(view.settled_at),
            line=view.line,
        )


class DifferenceView(View):
    difference_id: str
    day: str
    source: Source
    match_class: MatchClass
    kind: LineKind
    number: str
    fields: list[str] = Field(description="What differs, of a mismatch.")
    ours: SideView | None
    theirs: SideView | None
    state: DifferenceState
    version: int
    suspense_fen: int = Field(description="Set apart for it; positive is money that we lack.")
    opened_at: str
    action: str
    reason: str
    proposed_by: str
    decided_by: str

    @classmethod
    def of(cls, difference: "Difference") -> "DifferenceView":
        return cls(
            difference_id=difference.id,
            day=difference.day,
            source=difference.source,
            match_class=difference.match_class,
            kind=difference.kind,
            number=difference.number,
            fields=list(difference.fields),
            ours=SideView.of(difference.ours) if difference.ours else None,
            theirs=SideView.of(difference.theirs) if difference.theirs else None,
            state=difference.state,
            version=difference.version,
            suspense_fen=difference.suspense,
            opened_at=rfc3339(difference.opened_at),
            action=difference.action,
            reason=difference.reason,
            proposed_by=difference.proposed_by,
            decided_by=difference.decided_by,
        )


class DifferenceList(View):
    differences: list[DifferenceView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: "DifferencePage") -> "DifferenceList":
        found = [DifferenceView.of(each) for each in page.differences]
        return cls(differences=found, next_cursor=page.next_cursor)


class DifferenceStepView(View):
    version: int
    state: DifferenceState
    action: str
    reason: str
    suspense_fen: int
    at: str
    by: str


class DifferenceFile(View):
    """A difference with all that was done about it."""

    difference: DifferenceView
    steps: list[DifferenceStepView]

    @classmethod
    def of(cls, found: "tuple[Difference, list[DifferenceStep]]") -> "DifferenceFile":
        difference, steps = found
        return cls(
            difference=DifferenceView.of(difference),
            steps=[
                DifferenceStepView(
                    version=step.version,
                    state=step.state,
                    action=step.action,
                    reason=step.reason,
                    suspense_fen=step.suspense,
                    at=rfc3339(step.at),
                    by=step.by,
                )
                for step in steps
            ],
        )
