"""Facial verification by WeChat's mini-program server API: getVerifyId, queryVerifyInfo (ID4).

WeChat gives it to licensed kinds of business only. A person has passed when errcode is 0 and verify_ret is
10000; what the phone says is never asked.
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Protocol

from octane.identity.ports import FaceOutcome, FaceTicket
from octane.identity.wechat_mini import LoginBlockedError, LoginCodeInvalidError, ProviderUnavailableError

BEGIN, OUTCOME = "/cityservice/face/identify/getverifyid", "/cityservice/face/identify/queryverifyinfo"
IDENTITY_CARD = "IDENTITY_CARD"
PASSED = 10000
PENDING = frozenset({10005, 10300})
"""Running; not completed. A session that nobody completes stays so: who waits, sets an end."""
UNAVAILABLE = frozenset(
    {
        *(10006, 10007, 10008, 10013, 10014, 10015, 10016),
        *(10026, 10029, 10042, 10045, 10052),
    }
)
"""WeChat's own trouble, our permission, or (10026) a person whom the authority has no picture of. All that a
phone reports (9xxxx: cancelled, no camera, not supported) is a failure instead: whoever holds the phone could
bring it about, to be asked for less than a face."""


class TokenCalls(Protocol):
    """`octane.identity.wechat_mini.WechatMini`, as faces need it."""

    def call_with_token(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]: ...


class WechatFaces:
    """Implements `octane.identity.ports.FaceVerifier`."""

    def __init__(self, mini: TokenCalls) -> None:
        self._mini = mini

    def begin(self, number: str, name: str, identity_number: str, openid: str) -> FaceTicket | None:
        """Call getVerifyId. A call whose answer was lost leaves a session that nobody uses: begin again."""
        person = {"cert_type": IDENTITY_CARD, "cert_name": name, "cert_no": identity_number}
        told = self._call(BEGIN, {"out_seq_no": number, "cert_info": person, "openid": openid})
        verify_id, seconds = told.get("verify_id"), told.get("expires_in")
        if not isinstance(verify_id, str) or not verify_id or not isinstance(seconds, int) or seconds <= 0:
            return None
        return FaceTicket(verify_id, seconds)

    def outcome(
        self, number: str, verify_id: str, name: str, identity_number: str, openid: str
    ) -> FaceOutcome:
        """Call queryVerifyInfo: WeChat answers for exactly this session, person and account."""
        asked = {
            "verify_id": verify_id,
            "out_seq_no": number,
            "cert_hash": cert_hash(name, identity_number),
            "openid": openid,
        }
        result = self._call(OUTCOME, asked).get("verify_ret")
        if not isinstance(result, int) or result in UNAVAILABLE:
            return FaceOutcome.UNAVAILABLE
        if result in PENDING:
            return FaceOutcome.PENDING
        return FaceOutcome.PASSED if result == PASSED else FaceOutcome.FAILED

    def _call(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Return what was answered, nothing for any error: no errcode here says anything about the person."""
        try:
            return self._mini.call_with_token(path, body)
        except (ProviderUnavailableError, LoginCodeInvalidError, LoginBlockedError):
            return {}


def cert_hash(name: str, identity_number: str) -> str:
    """SHA-256 (hex) over the pairs of getVerifyId's `cert_info`, each value in base64."""
    fields = {"cert_type": IDENTITY_CARD, "cert_name": name, "cert_no": identity_number}
    pairs = (f"{field}={b64encode(value.encode()).decode()}" for field, value in fields.items())
    return sha256("&".join(pairs).encode()).hexdigest()
