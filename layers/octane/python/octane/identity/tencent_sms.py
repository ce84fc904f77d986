"""One-time codes by Tencent Cloud SMS: SendSms, version 2021-01-11, signed TC3-HMAC-SHA256 (ID1, ID4).

The provider knows no idempotency: a call that is made again sends again. So each is made once, and one
without a readable answer is `UNKNOWN`: the message may arrive. Answers are unsigned; TLS vouches for them.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from octane.identity.ports import Sent
from octane.kernel.clock import SECOND, Clock
from octane.wire.http import NoAnswerError, NotSentError, Transport

ACTION, VERSION, SERVICE = "SendSms", "2021-01-11", "sms"
CONTENT_TYPE = "application/json; charset=utf-8"
MAINLAND = re.compile(r"1[3-9][0-9]{9}")
ELSEWHERE = re.compile(r"\+[1-9][0-9]{6,14}")
DONE = "Ok"
UNSURE = "InternalError"
"""The provider lost its own way (time-outs inside, `InternalError.…`): only these errors prove nothing."""


@dataclass(frozen=True, slots=True)
class TencentSmsConfig:
    """The approved template takes the code and its minutes, in this order."""

    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    sign_name: str
    template_id: str
    region: str
    base_url: str
    timeout_s: float = 3.0

    @classmethod
    def from_secret(cls, secret: Mapping[str, str], base_url: str) -> Self:
        """Build from the SMS secret: secret_id, secret_key, sdk_app_id, sign_name, template_id, region."""
        return cls(
            secret["secret_id"],
            secret["secret_key"],
            secret["sdk_app_id"],
            secret["sign_name"],
            secret["template_id"],
            secret["region"],
            base_url,
        )


class TencentSms:
    """Implements `octane.identity.ports.SmsSender`."""

    def __init__(self, config: TencentSmsConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._transport = transport
        self._clock = clock

    def send_code(self, phone: str, code: str, minutes: int, number: str) -> Sent:
        """Send to `13800138000` or `+85291234567`; `number` travels as SessionContext."""
        receiver = f"+86{phone}" if MAINLAND.fullmatch(phone) else phone
        if not ELSEWHERE.fullmatch(receiver):
            return Sent.REFUSED
        body = {
            "PhoneNumberSet": [receiver],
            "SmsSdkAppId": self._config.sdk_app_id,
            "SignName": self._config.sign_name,
            "TemplateId": self._config.template_id,
            "TemplateParamSet": [code, str(minutes)],
            "SessionContext": number,
        }
        return _sent(self._call(json.dumps(body).encode()), receiver)

    def _call(self, body: bytes) -> Mapping[str, object] | Sent:
        """Return what the provider says, or what its silence means."""
        seconds = self._clock.now() // SECOND
        host = urlsplit(self._config.base_url).netloc
        headers = {
            "content-type": CONTENT_TYPE,
            "x-tc-action": ACTION,
            "x-tc-version": VERSION,
            "x-tc-timestamp": str(seconds),
            "x-tc-region": self._config.region,
        }
        signed = {"content-type": CONTENT_TYPE, "host": host, "x-tc-action": ACTION}
        headers["authorization"] = authorization(
            self._config.secret_id, self._config.secret_key, SERVICE, signed, body, seconds
        )
        url = self._config.base_url.rstrip("/") + "/"
        try:
            answer = self._transport.send("POST", url, headers, body, self._config.timeout_s)
            told = json.loads(answer.body)
        except NotSentError:
            return Sent.REFUSED
        except (NoAnswerError, ValueError, RecursionError):
            return Sent.UNKNOWN
        response = told.get("Response") if isinstance(told, dict) else None
        return response if answer.status == HTTPStatus.OK and isinstance(response, dict) else Sent.UNKNOWN


def authorization(
    secret_id: str, secret_key: str, service: str, headers: Mapping[str, str], body: bytes, seconds: int
) -> str:
    """Return the Authorization header of a POST to `/`: TC3-HMAC-SHA256 over `headers` (names in lower case)
    and the body. Tencent Cloud's clock may be five minutes away."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    request = f"POST\n/\n\n{lines}\n{';'.join(names)}\n{sha256(body).hexdigest()}"
    day = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request", text):
        key = hmac.digest(key, part.encode(), sha256)
    return (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={key.hex()}"
    )


def _sent(told: Mapping[str, object] | Sent, receiver: str) -> Sent:
    """Read the answer for our one receiver, or the error in its place."""
    if isinstance(told, Sent):
        return told
    error, statuses = told.get("Error"), told.get("SendStatusSet")
    if isinstance(statuses, list) and len(statuses) == 1:
        status = statuses[0]
        if isinstance(status, dict) and status.get("PhoneNumber") == receiver:
            return _verdict(status.get("Code"))
    return _verdict(error.get("Code")) if isinstance(error, dict) else Sent.UNKNOWN


def _verdict(code: object) -> Sent:
    if not isinstance(code, str) or not code or code.startswith(UNSURE):
        return Sent.UNKNOWN
    return Sent.SENT if code == DONE else Sent.REFUSED
