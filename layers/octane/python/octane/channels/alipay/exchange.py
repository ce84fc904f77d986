"""One signed call to the gateway, and whether its answer may be believed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.envelope import EnvelopeError, open_envelope
from octane.channels.alipay.keys import AlipayKeys
from octane.channels.alipay.readings import beijing, text_of
from octane.channels.alipay.serials import certificate_sn, root_sn
from octane.channels.alipay.signing import SIGN_TYPE, signed
from octane.channels.port import Unknown
from octane.kernel.clock import Clock
from octane.kernel.errors import OctaneError
from octane.wire.http import NoAnswerError, NotSentError, Response, Transport
from octane.wire.rsa import KeyUnreadableError

SUCCESS = "10000"
CHARSET = "utf-8"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that the request never left."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose signature verified."""

    fields: Mapping[str, object]

    @property
    def good(self) -> bool:
        return self.gateway_code == SUCCESS

    @property
    def gateway_code(self) -> str:
        """10000, 40004 (see `code`), 20000, 4000x."""
        return text_of(self.fields, "code")

    @property
    def code(self) -> str:
        """The business error, or the gateway's when there is none."""
        return text_of(self.fields, "sub_code") or self.gateway_code or "NO_CODE"

    @property
    def message(self) -> str:
        return text_of(self.fields, "sub_msg") or text_of(self.fields, "msg")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a call needs from outside."""

    config: AlipayConfig
    transport: Transport
    clock: Clock
    keys: AlipayKeys

    def call(
        self, method: str, content: Mapping[str, object], notify_url: str = ""
    ) -> Answer | NotSent | Unknown:
        """Send, then believe the answer only if its signature verifies."""
        written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return self.call_with(method, {"notify_url": notify_url, "biz_content": written})

    def call_with(self, method: str, own: Mapping[str, str]) -> Answer | NotSent | Unknown:
        """The same for a method that takes parameters of its own beside the public ones."""
        try:
            response = self._send(method, own)
        except NotSentError as error:
            return NotSent(str(error))
        except KeyUnreadableError:
            return NotSent("our key or certificate cannot be read")
        except NoAnswerError as error:
            return Unknown(f"NO_ANSWER {error}", no_answer=True)
        if response.status != HTTPStatus.OK:
            return Unknown(f"HTTP_{response.status}")
        return self._believed(method, response)

    def _send(self, method: str, own: Mapping[str, str]) -> Response:
        parameters = {
            "app_id": self.config.app_id,
            "method": method,
            "format": "JSON",
            "charset": CHARSET,
            "sign_type": SIGN_TYPE,
            "timestamp": beijing(self.clock.now()),
            "version": "1.0",
            **own,
        }
        if self.config.certified:
            parameters["app_cert_sn"] = certificate_sn(self.config.app_certificate_pem)
            parameters["alipay_root_cert_sn"] = root_sn(self.config.alipay_root_pem)
        sent = signed(self.config, parameters)
        # The charset stands in the address: the gateway reads it before it can read the body.
        charset = urlencode({"charset": sent.pop("charset")})
        headers = {
            "accept": "application/json",
            "content-type": f"application/x-www-form-urlencoded;charset={CHARSET}",
            "user-agent": "octane/1",
        }
        url = f"{self.config.gateway_url}?{charset}"
        return self.transport.send("POST", url, headers, urlencode(sent).encode(), self.config.timeout_s)

    def _believed(self, method: str, response: Response) -> Answer | Unknown:
        try:
            envelope = open_envelope(response.body.decode(CHARSET), method)
        except (EnvelopeError, UnicodeDecodeError):
            return Unknown("ANSWER_UNREADABLE")
        try:
            known = self.keys.verifies(envelope.content.encode(), envelope.signature, envelope.certificate_sn)
        except OctaneError as error:
            # The request has left, so this too is an unknown outcome.
            return Unknown(f"KEYS_{error.code}")
        if not known:
            return Unknown("ANSWER_SIGNATURE_INVALID")
        fields = parse_object(envelope.content)
        return Unknown("ANSWER_UNREADABLE") if fields is None else Answer(fields)


def parse_object(content: str) -> Mapping[str, object] | None:
    """Read a JSON object; None for anything else, one key twice included. No number becomes a float."""
    try:
        value = json.loads(content, parse_float=str, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_doubles(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("one key twice")
    return found
