"""Step-ups and the proofs that pass them."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.identity.proof_records import StepUpState, Via
from octane.identity.proof_rules import Method
from octane.identity.step_ups import Operation
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.identity.proof_records import StepUp
    from octane.identity.proofs import Proof


class StartStepUp(Body):
    operation: Annotated[Operation, Field(strict=False)]
    subject: str = Field(
        default="",
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]*$",
        description=(
            "The order (LARGE_TOP_UP, PAY_FROM_WALLET), the card (PLACE_ORDER), the provider (UNLINK_LOGIN); "
            "otherwise nothing."
        ),
    )
    amount_fen: int = Field(
        default=0,
        description="What the operation moves; 0 where it moves nothing.",
        json_schema_extra={"minimum": 0},
    )


class GiveProof(Body):
    method: Annotated[Method, Field(strict=False)]
    value: str = Field(
        default="",
        max_length=64,
        pattern=r"^[\x21-\x7e]*$",
        description="The code or the payment password. Empty with SMS: send a code; always empty with FACE.",
    )


class StepUpView(View):
    step_up_id: str
    operation: Operation
    state: StepUpState
    methods: list[Method] = Field(description="The proofs that are still to be given, in this order.")
    via: Via = Field(description="FALLBACK: no face could be verified, other proofs stand for it.")
    expires_at: str

    @classmethod
    def of(cls, step_up: "StepUp") -> "StepUpView":
        return cls(
            step_up_id=step_up.step_up_id,
            operation=step_up.operation,
            state=step_up.state,
            methods=list(step_up.due),
            via=step_up.via,
            expires_at=rfc3339(step_up.expires_at),
        )


class FaceTicketView(View):
    verify_id: str = Field(description="For wx.requestFacialVerify.")
    expires_in: int = Field(description="Seconds.")


class ProofView(View):
    step_up: StepUpView
    face: FaceTicketView | None = Field(
        description="With FACE: show it, then send FACE again to learn the outcome."
    )

    @classmethod
    def of(cls, proof: "Proof") -> "ProofView":
        ticket = proof.ticket
        face = FaceTicketView(verify_id=ticket.verify_id, expires_in=ticket.expires_in) if ticket else None
        return cls(step_up=StepUpView.of(proof.step_up), face=face)
