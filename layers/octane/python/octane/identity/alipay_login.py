"""Login with Alipay (ID1). Alipay itself is the channel's; rooms beside each other do not meet, so it is
handed in."""

import re
from collections.abc import Callable

from octane.identity.wechat_mini import LoginCodeInvalidError, ProviderUnavailableError

CODE = re.compile(r"[\x21-\x7e]{1,256}")


class AlipayCodes:
    """Implements `octane.identity.ports.AlipayLogin`."""

    def __init__(self, open_id_of: Callable[[str], str | None]) -> None:
        """`open_id_of` exchanges a code: the open id; empty: the code is refused; None: nobody knows now."""
        self._open_id_of = open_id_of

    def user_of(self, code: str) -> str:
        if not CODE.fullmatch(code):
            raise LoginCodeInvalidError
        open_id = self._open_id_of(code)
        if open_id is None:
            raise ProviderUnavailableError
        if not open_id:
            raise LoginCodeInvalidError
        return open_id
