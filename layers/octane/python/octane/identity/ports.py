"""Who helps to tell who somebody is: senders of codes, verifiers of faces, login providers (ID1, ID4).

None of them is trusted with a decision: an answer that did not come is `UNKNOWN`, never a yes.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol


class Sent(StrEnum):
    SENT = "SENT"
    REFUSED = "REFUSED"
    """Definite: no message goes out (a number that can't get any, the provider's own limits)."""
    UNKNOWN = "UNKNOWN"
    """It may arrive."""


class SmsSender(Protocol):
    def send_code(self, phone: str, code: str, minutes: int, number: str) -> Sent:
        """Send a one-time code, valid for `minutes`; `number` (ours, <= 64 characters) names the message."""
        ...


class FaceTicket(NamedTuple):
    """What the mini-program needs to begin: `wx.requestFacialVerify({verifyId})`."""

    verify_id: str
    expires_in: int
    """Seconds."""


class FaceOutcome(StrEnum):
    PASSED = "PASSED"
    FAILED = "FAILED"
    """Definite: another face, or given up."""
    PENDING = "PENDING"
    """Not done yet."""
    UNAVAILABLE = "UNAVAILABLE"
    """The verifier does not answer or does not serve this person: a fallback is allowed."""


class FaceVerifier(Protocol):
    def begin(self, number: str, name: str, identity_number: str, openid: str) -> FaceTicket | None:
        """Open a verification under our `number`; None: unavailable."""
        ...

    def outcome(
        self, number: str, verify_id: str, name: str, identity_number: str, openid: str
    ) -> FaceOutcome: ...


class AlipayLogin(Protocol):
    def user_of(self, code: str) -> str:
        """Exchange the one-time code of `my.getAuthCode` for the person's id within Alipay
        (alipay.system.oauth.token).

        Raises `LoginCodeInvalidError` or `ProviderUnavailableError`."""
        ...
