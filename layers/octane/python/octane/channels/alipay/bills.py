"""Fetch a day's bill: ask for its address, then get the file. The address is good for 30 seconds."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlsplit

from octane.channels.alipay import errors
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.errors import Verdict, judge
from octane.channels.alipay.exchange import Exchange, NotSent
from octane.channels.alipay.keys import AlipayKeys
from octane.channels.alipay.readings import text_of
from octane.channels.port import Unknown
from octane.kernel.clock import Clock
from octane.wire.http import Transport, WireError

DOWNLOAD_SECONDS = 25.0


class BillType(StrEnum):
    TRADE = "trade"
    """Payments and refunds, one row each."""
    ACCOUNT = "signcustomer"
    """Every movement of our balance at Alipay."""


@dataclass(frozen=True, slots=True)
class BillFile:
    archive: bytes
    """The zip as it came; it carries no signature, its address did."""


class BillMissing(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    """No movement that day, or the bill is not ready: it is from 10:00 Beijing time of the next day."""


class AlipayBills:
    """`transport` must take answers as large as a day's bill may be."""

    def __init__(self, config: AlipayConfig, transport: Transport, clock: Clock) -> None:
        self._gateway = config.gateway_url
        self._exchange = Exchange(config, transport, clock, AlipayKeys(config, clock))
        self._transport = transport

    def download(self, kind: BillType, day: date) -> BillFile | BillMissing | Unknown:
        """Call alipay.data.dataservice.bill.downloadurl.query, then GET the address that it gives."""
        content = {"bill_type": kind.value, "bill_date": day.isoformat()}
        answer = self._exchange.call("alipay.data.dataservice.bill.downloadurl.query", content)
        if isinstance(answer, NotSent):
            return Unknown(f"NOT_SENT {answer.reason}")
        if isinstance(answer, Unknown):
            return answer
        if not answer.good:
            missing = judge(errors.BILL, answer.gateway_code, answer.code) is Verdict.NOT_FOUND
            return BillMissing.NOT_FOUND if missing else Unknown(answer.code)
        url = text_of(answer.fields, "bill_download_url")
        if not _is_as_safe(url, self._gateway):
            return Unknown("ANSWER_UNREADABLE no address")
        try:
            response = self._transport.send("GET", url, {"user-agent": "octane/1"}, None, DOWNLOAD_SECONDS)
        except WireError as error:
            return Unknown(f"NO_BILL {error}")
        if response.status != HTTPStatus.OK:
            return Unknown(f"NO_BILL HTTP_{response.status}")
        return BillFile(response.body)


def _is_as_safe(url: str, gateway: str) -> bool:
    """A bill travels as its address did: never in the clear unless the gateway does (a simulator's)."""
    parts = urlsplit(url)
    return bool(parts.netloc) and parts.scheme in {"https", urlsplit(gateway).scheme}
