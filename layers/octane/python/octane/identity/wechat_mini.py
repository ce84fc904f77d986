"""The WeChat mini-program server API: who logs in, and the phone number that is shared with us (ID1)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from octane.kernel.clock import MINUTE, SECOND, Clock, Instant, later
from octane.kernel.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from octane.wire.http import NoAnswerError, NotSentError, Transport, WireError

EARLY_MS = 5 * MINUTE
"""An access token is renewed this long before it ends."""
MAX_TOKEN_SECONDS = 7_200
CODE = re.compile(r"[\x21-\x7e]{1,256}")
CODE_INVALID = frozenset({40029, 40163})
"""Not a code of ours or too old; used already."""
LOGIN_BLOCKED = frozenset({40226})
"""WeChat rates the customer as high risk."""
TOKEN_INVALID = frozenset({40001, 40014, 42001})
MAINLAND = "86"


class LoginCodeInvalidError(UnauthenticatedError):
    code = "LOGIN_CODE_INVALID"
    summary = "This code is not accepted: it is used, too old or not ours. Ask for a new one."


class LoginBlockedError(ForbiddenError):
    code = "LOGIN_BLOCKED"
    summary = "WeChat does not let this account log in to the mini-program."


class ProviderUnavailableError(UnavailableError):
    code = "PROVIDER_UNAVAILABLE"
    summary = "The login provider does not answer now; try again in a moment."


@dataclass(frozen=True, slots=True)
class WechatMiniConfig:
    appid: str
    app_secret: str = field(repr=False)
    base_url: str
    timeout_s: float = 3.0


@dataclass(frozen=True, slots=True)
class WechatIdentity:
    """Who the customer is to WeChat. The session key that comes with it is dropped where it arrives."""

    openid: str
    unionid: str | None


class WechatMini:
    """The client. It keeps the access token in this process; every process is given the same one."""

    def __init__(self, config: WechatMiniConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._transport = transport
        self._clock = clock
        self._token = ""
        self._renew_at = Instant(0)

    def identify(self, code: str) -> WechatIdentity:
        """Exchange wx.login's code (code2Session).

        Raise `LoginCodeInvalidError`, `LoginBlockedError` or `ProviderUnavailableError`. A code works once:
        after an answer was lost the customer's app asks for a new one.
        """
        query = {
            "appid": self._config.appid,
            "secret": self._config.app_secret,
            "js_code": _checked(code),
            "grant_type": "authorization_code",
        }
        fields = self._call("GET", f"/sns/jscode2session?{urlencode(query)}")
        _raise_for(_error_of(fields))
        openid = fields.get("openid")
        unionid = fields.get("unionid")
        if not isinstance(openid, str) or not openid:
            raise ProviderUnavailableError
        return WechatIdentity(openid, unionid if isinstance(unionid, str) and unionid else None)

    def phone_number(self, code: str) -> str:
        """Exchange the phone button's code: `13800138000`, or `+85291234567` from outside the mainland.

        Raise `LoginCodeInvalidError` or `ProviderUnavailableError`.
        """
        body = {"code": _checked(code)}
        fields = self.call_with_token("/wxa/business/getuserphonenumber", body)
        info = fields.get("phone_info")
        if not isinstance(info, dict):
            raise ProviderUnavailableError
        watermark = info.get("watermark")
        if isinstance(watermark, dict) and watermark.get("appid", self._config.appid) != self._config.appid:
            raise ProviderUnavailableError
        number, country = str(info.get("purePhoneNumber", "")), str(info.get("countryCode", MAINLAND))
        if not re.fullmatch(r"[0-9]{5,15}", number) or not re.fullmatch(r"[0-9]{1,4}", country):
            raise ProviderUnavailableError
        return number if country == MAINLAND else f"+{country}{number}"

    def call_with_token(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """As `answer_with_token`, with errors for an errcode: raise `ProviderUnavailableError`, or what it
        says about a login."""
        try:
            fields = self.answer_with_token(path, body)
        except WireError:
            raise ProviderUnavailableError from None
        _raise_for(_error_of(fields))
        return fields

    def answer_with_token(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Call with the access token; when WeChat has withdrawn the one we kept, once more with a new one.

        WeChat checks the token before it touches a code, so the second call does not meet a used code. Return
        what was answered, an errcode too. Raise `NotSentError` when this call never left (without a token it
        does not), `NoAnswerError` when it may have taken effect.
        """
        fields = self._answer(path, body)
        if _error_of(fields) in TOKEN_INVALID:
            self._token = ""
            fields = self._answer(path, body)
        return fields

    def _answer(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]:
        try:
            token = self._access_token()
        except ProviderUnavailableError:
            raise NotSentError("no access token") from None
        return self._exchange("POST", f"{path}?{urlencode({'access_token': token})}", body)

    def _access_token(self) -> str:
        now = self._clock.now()
        if self._token and now < self._renew_at:
            return self._token
        body = {
            "grant_type": "client_credential",
            "appid": self._config.appid,
            "secret": self._config.app_secret,
        }
        fields = self._call("POST", "/cgi-bin/stable_token", body)
        token, seconds = fields.get("access_token"), fields.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise ProviderUnavailableError
        self._token = token
        self._renew_at = later(now, min(seconds, MAX_TOKEN_SECONDS) * SECOND - EARLY_MS)
        return token

    def _call(
        self, method: str, target: str, body: Mapping[str, object] | None = None
    ) -> Mapping[str, object]:
        try:
            return self._exchange(method, target, body)
        except WireError:
            raise ProviderUnavailableError from None

    def _exchange(self, method: str, target: str, body: Mapping[str, object] | None) -> Mapping[str, object]:
        content = None if body is None else json.dumps(body).encode()
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if content else {})
        url = self._config.base_url.rstrip("/") + target
        response = self._transport.send(method, url, headers, content, self._config.timeout_s)
        try:
            value = json.loads(response.body)
        except (ValueError, RecursionError):
            raise NoAnswerError("unreadable") from None
        if response.status != HTTPStatus.OK or not isinstance(value, dict):
            raise NoAnswerError(f"HTTP {response.status}")
        return value


def _checked(code: str) -> str:
    """Refuse what cannot be a code before a call is spent on it."""
    if not CODE.fullmatch(code):
        raise LoginCodeInvalidError
    return code


def _error_of(fields: Mapping[str, object]) -> int:
    """Return WeChat's errcode: 0 when it is absent, -1 when it is no number."""
    error = fields.get("errcode", 0)
    return error if isinstance(error, int) else -1


def _raise_for(error: int) -> None:
    """Map WeChat's errcode. Not listed (-1 busy, 45011 too often, our own appid or secret): unavailable."""
    if error in CODE_INVALID:
        raise LoginCodeInvalidError
    if error in LOGIN_BLOCKED:
        raise LoginBlockedError
    if error != 0:
        raise ProviderUnavailableError
