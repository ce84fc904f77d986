"""UnionPay's clearing file of a day, by file transfer (txnType 76).

The answer that carries the file is signed, so the file needs no digest of its own.
"""

from dataclasses import replace
from datetime import date

from octane.channels.port import Unknown
from octane.channels.unionpay import bill_file, codes
from octane.channels.unionpay.certificates import SignerCertificates
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.exchange import Exchange, NotSent
from octane.channels.unionpay.moments import txn_time
from octane.channels.unionpay.requests import ANY_PRODUCT, DIRECT
from octane.kernel.clock import Clock
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, ParsedBill
from octane.wire.bill_files import DOWNLOAD_SECONDS, FINAL_MS, absent
from octane.wire.http import Transport


class UnionPayBills:
    """`transport` must take answers as large as a day's file may be.

    UnionPay has one word for a file that is not made yet and for a day without movement: it means the latter
    from `final_ms` after the day's first moment on.
    """

    def __init__(
        self, config: UnionPayConfig, transport: Transport, clock: Clock, final_ms: int = FINAL_MS
    ) -> None:
        certificates = SignerCertificates(
            config.root_certificates, config.intermediate_certificates, config.signer_names, clock
        )
        self._exchange = Exchange(replace(config, timeout_s=DOWNLOAD_SECONDS), transport, certificates)
        self._clock = clock
        self._final_ms = final_ms

    @property
    def merchant(self) -> str:
        return self._exchange.config.mer_id

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """Fetch one clearing day, from 23:00 of the day before: its file, as the answer has it."""
        asked = {
            "txnType": "76",
            "txnSubType": "01",
            "bizType": ANY_PRODUCT,
            "accessType": DIRECT,
            "txnTime": txn_time(self._clock.now()),
            "settleDate": f"{day:%m%d}",
            "fileType": "00",
        }
        answer = self._exchange.call(f"{self._exchange.config.file_url}/", asked)
        if isinstance(answer, NotSent):
            return BillUnknown(f"NOT_SENT {answer.reason}")
        if isinstance(answer, Unknown):
            return BillUnknown(answer.reason)
        if answer.code == codes.NO_FILE:
            return absent(day, self._clock.now(), self._final_ms)
        if answer.code not in codes.SUCCESS:
            return BillUnknown(answer.code)
        if answer.fields.get("settleDate", asked["settleDate"]) != asked["settleDate"]:
            return BillUnknown("ANSWER_FOREIGN settleDate")
        content = answer.fields.get("fileContent", "")
        if not content:
            return BillUnknown("ANSWER_UNREADABLE no file")
        return BillOriginal(f"unionpay-zm-{day}.base64", content.encode())

    def parse(self, content: bytes, day: date) -> ParsedBill:
        return bill_file.parse(content, day, self._exchange.config.mer_id)
