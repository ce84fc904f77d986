"""One signed call to WeChat Pay, and whether its answer may be believed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from octane.channels.port import NoticeRefusedError, Unknown
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.signing import Verifiers, authorization, check_signature, request_message
from octane.kernel.clock import SECOND, Clock
from octane.kernel.errors import OctaneError
from octane.kernel.ids import Nonces
from octane.wire.http import NoAnswerError, NotSentError, Response, Transport
from octane.wire.rsa import KeyUnreadableError


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that the request never left."""

    reason: str


class Answer(NamedTuple):
    """An answer whose signature verified. `fields` is empty for an empty body."""

    status: int
    fields: Mapping[str, object]

    @property
    def good(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def code(self) -> str:
        return text_of(self.fields, "code") or f"HTTP_{self.status}"

    @property
    def message(self) -> str:
        return text_of(self.fields, "message")


class Exchange(NamedTuple):
    """What a call needs from outside."""

    config: WechatPayConfig
    transport: Transport
    clock: Clock
    nonces: Nonces

    def send(self, method: str, target: str, body: Mapping[str, object] | None = None) -> Response:
        """Sign and send; raise a `WireError`. `target` is path and query. The answer is not yet checked."""
        content = (
            b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        )
        timestamp, nonce = self.clock.now() // SECOND, self.nonces.token()
        message = request_message(method, target, timestamp, nonce, content)
        headers = {
            "accept": "application/json",
            "content-type": "application/json",
            "user-agent": "octane/1",
            "authorization": authorization(self.config, message, timestamp, nonce),
        }
        if self.config.public_key_id:
            # While certificates are phased out, this says which of their keys should sign the answer.
            headers["wechatpay-serial"] = self.config.public_key_id
        url = self.config.base_url + target
        return self.transport.send(method, url, headers, content or None, self.config.timeout_s)

    def call(
        self, verifiers: Verifiers, method: str, target: str, body: Mapping[str, object] | None = None
    ) -> Answer | NotSent | Unknown:
        """Send, then believe the answer only if its signature verifies, whatever its status says."""
        try:
            response = self.send(method, target, body)
        except (NotSentError, KeyUnreadableError) as error:
            return NotSent(str(error))
        except NoAnswerError as error:
            return Unknown(f"NO_ANSWER {error}", no_answer=True)
        try:
            check_signature(verifiers, response.headers, response.body, self.clock.now())
        except NoticeRefusedError as error:
            return Unknown(f"ANSWER_{error.code} {response.status}")
        except OctaneError as error:
            # The key table could not be read. The request has left, so this too is an unknown outcome.
            return Unknown(f"KEYS_{error.code} {response.status}")
        fields = parse_object(response.body) if response.body else {}
        return (
            Unknown(f"ANSWER_UNREADABLE {response.status}")
            if fields is None
            else Answer(response.status, fields)
        )


def parse_object(content: bytes) -> Mapping[str, object] | None:
    """Read a JSON object; None for anything else."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text_of(fields: Mapping[str, object], name: str) -> str:
    """Return a text field, or the empty string when it is absent or no text."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def object_of(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return an object field, or an empty one when it is absent or no object."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
