"""Orders as they are read back: with their timeline, or in pages."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import View
from octane.api.views.orders import OrderView, order_fields
from octane.api.views.refunds import RefundView
from octane.kernel.clock import rfc3339
from octane.orders.states import OrderState

if TYPE_CHECKING:
    from octane.orders.model import Dossier, Step


class StepView(View):
    no: int
    source: OrderState | None
    target: OrderState
    event: str
    at: str
    by: str
    because: str

    @classmethod
    def of(cls, step: "Step") -> "StepView":
        return cls(
            no=step.no,
            source=step.source,
            target=step.target,
            event=step.event.value,
            at=rfc3339(step.at),
            by=step.by,
            because=step.because,
        )


class OrderDetail(OrderView):
    timeline: list[StepView] = Field(description="Every recorded step, oldest first.")
    refunds: list[RefundView]

    @classmethod
    def with_timeline(cls, dossier: "Dossier") -> "OrderDetail":
        timeline = [StepView.of(step) for step in dossier.steps]
        refunds = [RefundView.of(refund) for refund in dossier.refunds]
        return cls.model_validate({**order_fields(dossier.order), "timeline": timeline, "refunds": refunds})


class OrderList(View):
    orders: list[OrderView]
    next_cursor: str | None
