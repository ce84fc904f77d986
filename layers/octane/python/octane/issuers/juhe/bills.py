"""The issuer's settlement files: ask for a day's address, get the file, check its digest."""

import json
from datetime import date
from http import HTTPStatus
from urllib.parse import urlencode

from octane.issuers.juhe import bill_file
from octane.issuers.juhe.client import JuheConfig
from octane.issuers.juhe.signing import bill_sign
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, ParsedBill
from octane.wire.http import Transport, WireError
from octane.wire.settlement_files import get_announced

PATH = "/ofpay/sinopec/bill"
ABSENT = {208720: BillNotReady.NOT_READY, 208721: BillNotReady.EMPTY_DAY}
"""error_codes of our own contract."""


class JuheBills:
    """`transport` must take answers as large as a day's bill may be."""

    def __init__(self, config: JuheConfig, transport: Transport) -> None:
        self._config = config
        self._transport = transport

    @property
    def merchant(self) -> str:
        return ""

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """GET bill, then the address that it gives; raise `BillUnreadableError` for a false digest."""
        answer = self._ask(f"{day:%Y%m%d}")
        if not isinstance(answer, dict):
            return answer
        name = f"juhe-settlement-{day}.csv"
        base_url, url, digest = self._config.base_url, answer.get("url"), answer.get("sha256")
        return get_announced(self._transport, base_url, url, digest, name)

    def parse(self, content: bytes, day: date) -> ParsedBill:
        return bill_file.parse(content, day)

    def _ask(self, day: str) -> dict[str, object] | BillNotReady | BillUnknown:
        config = self._config
        asked = {"date": day, "key": config.key, "sign": bill_sign(config.openid, config.key, day)}
        url = f"{config.base_url.rstrip('/')}{PATH}?{urlencode(asked)}"
        try:
            response = self._transport.send(
                "GET", url, {"accept": "application/json"}, None, config.timeout_s
            )
        except WireError as error:
            return BillUnknown(f"{type(error).__name__} {error}")
        if response.status != HTTPStatus.OK:
            return BillUnknown(f"HTTP_{response.status}")
        try:
            answer = json.loads(response.body)
        except (ValueError, RecursionError):
            answer = None
        code = answer.get("error_code") if isinstance(answer, dict) else None
        if not isinstance(code, int):
            return BillUnknown("ANSWER_UNREADABLE")
        if code:
            return ABSENT.get(code, BillUnknown(f"CODE_{code}"))
        result = answer.get("result")
        return result if isinstance(result, dict) else BillUnknown("ANSWER_UNREADABLE")
