"""Logins with Alipay: the codes of `my.getAuthCode`, each good once. Instants in epoch ms.

A code is `code-<open_id>`, or `code-<open_id>.<anything>` for the same person's next login.
"""

import re
from random import Random

from simulators.protocol import Json, Now, RefusedError
from simulators.texts import LETTERS, pick

CODE = re.compile(r"code-([0-9A-Za-z_-]{1,128})(?:\.[0-9A-Za-z]{1,64})?")
TOKEN_SECONDS, RENEW_SECONDS = 300, 360
GRANT = "authorization_code"


class Logins:
    def __init__(self, now: Now, random: Random) -> None:
        self._now = now
        self._random = random
        self.used: dict[str, int] = {}
        """Codes and when they were exchanged."""

    def exchange(self, grant: str, code: str) -> Json:
        """alipay.system.oauth.token; raises isv.grant-type-invalid or isv.code-invalid."""
        if grant != GRANT:
            raise RefusedError(200, "isv.grant-type-invalid", "grant_type参数不正确")
        found = CODE.fullmatch(code)
        if found is None or code in self.used:
            raise RefusedError(200, "isv.code-invalid", "授权码code无效")
        self.used[code] = self._now()
        return {
            "open_id": found[1],
            "access_token": "authbseB" + pick(self._random, LETTERS, 32),
            "expires_in": TOKEN_SECONDS,
            "refresh_token": "authbseB" + pick(self._random, LETTERS, 32),
            "re_expires_in": RENEW_SECONDS,
        }
