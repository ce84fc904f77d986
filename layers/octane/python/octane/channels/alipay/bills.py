"""Alipay's bills: ask for a day's address, then get the file, which carries no signature: its address did."""

from datetime import date

from octane.channels.alipay import bill_file, errors
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.errors import Verdict, judge
from octane.channels.alipay.exchange import Exchange, NotSent
from octane.channels.alipay.keys import AlipayKeys
from octane.channels.alipay.readings import text_of
from octane.channels.port import Unknown
from octane.kernel.clock import Clock
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, ParsedBill
from octane.wire.bill_files import FINAL_MS, absent, get, is_as_safe
from octane.wire.http import Transport


class AlipayBills:
    """`transport` must take answers as large as a day's bill may be.

    Alipay has one word for a bill that is not made yet and for a day without movement: it means the latter
    from `final_ms` after the day's first moment on.
    """

    def __init__(
        self, config: AlipayConfig, transport: Transport, clock: Clock, final_ms: int = FINAL_MS
    ) -> None:
        self._config = config
        self._exchange = Exchange(config, transport, clock, AlipayKeys(config, clock))
        self._final_ms = final_ms

    @property
    def merchant(self) -> str:
        return self._config.seller_id

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """Call alipay.data.dataservice.bill.downloadurl.query, then GET the address that it gives."""
        content = {"bill_type": "trade", "bill_date": day.isoformat()}
        answer = self._exchange.call("alipay.data.dataservice.bill.downloadurl.query", content)
        if isinstance(answer, NotSent):
            return BillUnknown(f"NOT_SENT {answer.reason}")
        if isinstance(answer, Unknown):
            return BillUnknown(answer.reason)
        if not answer.good:
            if judge(errors.BILL, answer.gateway_code, answer.code) is not Verdict.NOT_FOUND:
                return BillUnknown(answer.code)
            return absent(day, self._exchange.clock.now(), self._final_ms)
        url = text_of(answer.fields, "bill_download_url")
        if not is_as_safe(url, self._config.gateway_url):
            return BillUnknown("ANSWER_UNREADABLE no address")
        file = get(self._exchange.transport, url)
        return file if isinstance(file, BillUnknown) else BillOriginal(f"alipay-trade-{day}.zip", file)

    def parse(self, content: bytes, day: date) -> ParsedBill:
        return bill_file.parse(content, day, self._config.seller_id)
