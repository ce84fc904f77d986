"""The mini-program server API's state: sessions, access tokens, phone numbers. Instants in epoch ms.

A login code is `code-<openid>` and a phone code is `phone-<11 digits>`: the phone's owner may be anyone.
Unlike the real ones they can be used again, so that a test may log the same customer in twice.
"""

import re
from base64 import b64encode
from random import Random

from simulators.protocol import Json, Now, RefusedError
from simulators.texts import LETTERS, pick

LOGIN = re.compile(r"code-([0-9A-Za-z_-]{1,128})")
PHONE = re.compile(r"phone-([0-9]{11})")
TOKEN_SECONDS = 7_200
RENEW_SECONDS = 300
"""A token is replaced this long before its end; a replaced one is still taken for as long."""
FORCED_PER_DAY = 20
DAY_MS = 86_400_000


def mini_error(code: int, message: str) -> RefusedError:
    """This API answers HTTP 200 with an errcode."""
    return RefusedError(200, str(code), message)


class MiniProgram:
    def __init__(self, appids: frozenset[str], app_secret: str, now: Now, random: Random) -> None:
        self._appids = appids
        """The merchant's own and its sub-merchant's, both with the same secret."""
        self._secret = app_secret
        self._now = now
        self._random = random
        self._token = ""
        self._token_appid = ""
        self._tokens: dict[str, int] = {}
        self._forced: list[int] = []

    def session(self, appid: str, secret: str, code: str, grant: str) -> Json:
        self._known(appid, secret)
        if grant != "authorization_code":
            raise mini_error(40002, "invalid grant_type")
        match = LOGIN.fullmatch(code)
        if match is None:
            raise mini_error(40029, "invalid code")
        session_key = b64encode(self._random.randbytes(16)).decode()
        return {"openid": match[1], "session_key": session_key, "unionid": f"union-{match[1]}"}

    def stable_token(self, appid: str, secret: str, grant: str, forced: bool) -> Json:
        """The same token until shortly before its end; `forced` makes a new one, 20 times a day at most."""
        self._known(appid, secret)
        if grant != "client_credential":
            raise mini_error(40002, "invalid grant_type")
        self._token_appid = appid
        now = self._now()
        left = (self._tokens.get(self._token, now) - now) // 1000
        if forced:
            self._forced = [at for at in self._forced if at > now - DAY_MS]
            if len(self._forced) >= FORCED_PER_DAY:
                raise mini_error(45009, "reach max api daily quota limit")
            self._forced.append(now)
        if forced or left <= RENEW_SECONDS:
            if self._token:
                self._tokens[self._token] = min(self._tokens[self._token], now + RENEW_SECONDS * 1000)
            self._token = pick(self._random, LETTERS, 96)
            self._tokens[self._token] = now + TOKEN_SECONDS * 1000
            left = TOKEN_SECONDS
        return {"access_token": self._token, "expires_in": left}

    def check_token(self, token: str) -> None:
        if not token:
            raise mini_error(41001, "access_token missing")
        if token not in self._tokens:
            raise mini_error(40001, "invalid credential, access_token is invalid or not latest")
        if self._tokens[token] <= self._now():
            raise mini_error(42001, "access_token expired")

    def phone_number(self, token: str, code: str) -> Json:
        self.check_token(token)
        match = PHONE.fullmatch(code)
        if match is None:
            raise mini_error(40029, "invalid code")
        return {
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": match[1],
                "purePhoneNumber": match[1],
                "countryCode": "86",
                "watermark": {"timestamp": self._now() // 1000, "appid": self._token_appid},
            },
        }

    def _known(self, appid: str, secret: str) -> None:
        if appid not in self._appids:
            raise mini_error(40013, "invalid appid")
        if secret != self._secret:
            raise mini_error(40125, "invalid appsecret")
