"""Errors a caller can see. Each class is one stable code; rooms add their own below these families.

OctaneError
├── InputError            400  what was sent cannot be read or is out of bounds
│   ├── AmountInvalidError
│   └── ...
├── UnauthenticatedError  401
├── ForbiddenError        403
├── NotFoundError         404
├── StateError            409  right request, wrong moment
├── TooManyError          429
└── UnavailableError      503  try the same request again: nothing is lost, and nothing happens twice
"""

from typing import ClassVar


class OctaneError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and whether the same request may succeed later."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    summary: ClassVar[str] = "Something went wrong on our side; nothing is lost."
    retry_after: int = 2
    """Seconds until the same request is worth sending again, where it is `retryable`."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.summary
        super().__init__(self.message)


class InputError(OctaneError):
    code = "INVALID_REQUEST"
    status = 400
    summary = "The request cannot be read."


class AmountInvalidError(InputError):
    code = "AMOUNT_INVALID"
    summary = "The amount must be positive, within the limit, and whole fen."


class UnauthenticatedError(OctaneError):
    code = "UNAUTHENTICATED"
    status = 401
    summary = "Log in again: the token is missing, unknown or expired."


class ForbiddenError(OctaneError):
    code = "FORBIDDEN"
    status = 403
    summary = "This account may not do that."


class NotFoundError(OctaneError):
    code = "NOT_FOUND"
    status = 404
    summary = "There is no such thing, or it is not yours."


class StateError(OctaneError):
    code = "WRONG_STATE"
    status = 409
    summary = "That is not possible in the present state."


class KeyReusedError(StateError):
    code = "IDEMPOTENCY_KEY_REUSED"
    summary = "This Idempotency-Key was used with another request; send a new key."


class TooManyError(OctaneError):
    code = "TOO_MANY_REQUESTS"
    status = 429
    retryable = True
    summary = "Too many requests; wait a moment and try again."

    def __init__(self, message: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        if retry_after is not None:
            self.retry_after = retry_after


class UnavailableError(OctaneError):
    code = "UNAVAILABLE"
    status = 503
    retryable = True
    summary = "Try the same request again: nothing is lost, and nothing happens twice."


def all_errors(root: type[OctaneError] = OctaneError) -> list[type[OctaneError]]:
    """Every error class that is loaded, for the documentation and its test."""
    return [root, *(found for child in root.__subclasses__() for found in all_errors(child))]
