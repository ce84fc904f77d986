"""Request headers that several functions take."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header

StepUpId = Annotated[
    str,
    Header(
        alias="X-Step-Up",
        max_length=26,
        pattern=r"^[A-Z2-7]*$",
        description="The step-up that was passed for exactly this (`POST /api/v1/me/step-ups`).",
    ),
]
"""Give it the default ""."""
