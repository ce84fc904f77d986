"""WeChat Pay's bills: ask for a day's address, get the file, check it against the digest that was signed."""

from dataclasses import replace
from datetime import date
from urllib.parse import urlencode, urlsplit

from octane.channels.port import Unknown
from octane.channels.wechat_pay import bill_file
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.exchange import Exchange, NotSent, text_of
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.kernel.clock import Clock
from octane.kernel.ids import Nonces
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, ParsedBill
from octane.wire.bill_files import (
    DOWNLOAD_SECONDS,
    FINAL_MS,
    GZIP,
    absent,
    body_of,
    check_digest,
    plain_or_gzip,
)
from octane.wire.http import Transport, WireError
from octane.wire.rsa import KeyUnreadableError

APPLY = "/v3/bill/tradebill"
CREATING, NONE = "STATEMENT_CREATING", "NO_STATEMENT_EXIST"


class WechatBills:
    """`transport` must take answers as large as a day's bill may be. "No statement" means that nothing moved
    only from `final_ms` after the day's first moment on."""

    def __init__(
        self,
        config: WechatPayConfig,
        transport: Transport,
        clock: Clock,
        nonces: Nonces,
        keys: PlatformKeys,
        final_ms: int = FINAL_MS,
    ) -> None:
        self._exchange = Exchange(config, transport, clock, nonces)
        self._files = self._exchange._replace(config=replace(config, timeout_s=DOWNLOAD_SECONDS))
        self._config = config
        self._keys = keys
        self._final_ms = final_ms

    @property
    def merchant(self) -> str:
        return self._config.sub_mchid or self._config.mchid

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """GET tradebill, then the address that it gives; raise `BillUnreadableError` for a false digest."""
        asked = urlencode({"bill_date": day.isoformat(), "bill_type": "ALL", "tar_type": "GZIP"})
        answer = self._exchange.call(self._keys.verifier, "GET", f"{APPLY}?{asked}")
        if isinstance(answer, NotSent):
            return BillUnknown(f"NOT_SENT {answer.reason}")
        if isinstance(answer, Unknown):
            return BillUnknown(answer.reason)
        if answer.code == CREATING:
            return BillNotReady.NOT_READY
        if answer.code == NONE:
            return absent(day, self._exchange.clock.now(), self._final_ms)
        if not answer.good:
            return BillUnknown(answer.code)
        digest = text_of(answer.fields, "hash_value")
        if text_of(answer.fields, "hash_type") != "SHA1" or not digest:
            return BillUnknown("ANSWER_UNREADABLE no digest")
        content = self._download(text_of(answer.fields, "download_url"))
        if isinstance(content, BillUnknown):
            return content
        check_digest(plain_or_gzip(content), "sha1", digest)
        packed = ".gz" if content.startswith(GZIP) else ""
        return BillOriginal(f"wechat-tradebill-{day}.csv{packed}", content)

    def parse(self, content: bytes, day: date) -> ParsedBill:
        return bill_file.parse(content, day)

    def _download(self, url: str) -> bytes | BillUnknown:
        """The address wants our signature like any other, and gets it on WeChat Pay's own host only."""
        parts, ours = urlsplit(url), urlsplit(self._exchange.config.base_url)
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
            return BillUnknown("ANSWER_UNREADABLE no address")
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            return body_of(self._files.send("GET", target))
        except KeyUnreadableError as error:
            return BillUnknown(f"NOT_SENT {error}")
        except WireError as error:
            return BillUnknown(f"NO_BILL {error}")
