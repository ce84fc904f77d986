"""The billers' XML interface: water and property fees (infra/docs/billers.md).

One address; `head` names the service. HMAC-SHA256 over the whole document, byte for byte, in the header
`Biller-Signature`; an answer repeats the question's nonce. Amounts are yuan, times Beijing's.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from octane.billers import codes
from octane.billers.dialect import (
    NOTICE_LIMIT,
    Line,
    Operation,
    Told,
    Words,
    beijing,
    check_fresh,
    is_answer,
    lead_of,
    post,
    yuan,
)
from octane.billers.port import BillerNoticeRefusedError
from octane.billers.xml_documents import XmlRefusedError, read_document, write_document
from octane.kernel.fulfilment import FulfilmentState
from octane.kernel.money import format_yuan

SIGNATURE = "biller-signature"


def true_or_false(value: object) -> bool:
    if value not in {"true", "false"}:
        raise ValueError
    return value == "true"


WORDS = Words(
    ok="0000",
    codes={
        "1001": codes.ACCOUNT_UNKNOWN,
        "1002": codes.ACCOUNT_CLOSED,
        "2001": codes.BILL_UNKNOWN,
        "2002": codes.BILL_NOT_OWED,
        "2003": codes.AMOUNT_NOT_ALLOWED,
        "2008": codes.PAYMENT_REVOKED,
        "2009": codes.BILLER_REFUSED,
        "3001": codes.PAYMENT_UNKNOWN,
        "4001": codes.NOT_READY,
        "4002": codes.EMPTY_DAY,
    },
    states={"0": FulfilmentState.RUNNING, "1": FulfilmentState.SUCCEEDED, "9": FulfilmentState.REFUSED},
    fen=yuan,
    write_fen=format_yuan,
    moment=beijing,
    flag=true_or_false,
)


class XmlDialect:
    """Implements `octane.billers.dialect.Dialect`."""

    words = WORDS

    def __init__(self, line: Line) -> None:
        self._line = line
        self._key = line.config.key.encode()

    def ask(self, operation: Operation, fields: Told) -> Told | str:
        lead = lead_of(self._line, operation)
        document = write_document("request", {"head": lead, "body": fields})
        headers = {"content-type": "application/xml; charset=utf-8", SIGNATURE: self._sign(document)}
        answer = post(self._line, operation, "/service", headers, document)
        if isinstance(answer, str):
            return answer
        if not self._is_signed(answer.body, answer.headers):
            return "SIGNATURE"
        try:
            said, told = _parts("response", answer.body)
        except XmlRefusedError:
            return "ANSWER_UNREADABLE"
        if not is_answer(lead, said):
            return "ANSWER_FOREIGN"
        return {**told, "code": said.get("code", "")}

    def read_letter(self, body: bytes, headers: Mapping[str, str]) -> Told:
        if len(body) > NOTICE_LIMIT or not self._is_signed(body, headers):
            raise BillerNoticeRefusedError
        try:
            head, told = _parts("notice", body)
            check_fresh(self._line.clock.now(), beijing(head.get("time")))
        except ValueError:
            raise BillerNoticeRefusedError from None
        return told

    def _sign(self, document: bytes) -> str:
        return hmac.new(self._key, document, sha256).hexdigest()

    def _is_signed(self, document: bytes, headers: Mapping[str, str]) -> bool:
        given = headers.get(SIGNATURE, "")
        return hmac.compare_digest(self._sign(document).encode(), given.encode())


def _parts(root: str, content: bytes) -> tuple[dict[str, object], dict[str, object]]:
    """A document's head and body; raise `XmlRefusedError`."""
    fields = read_document(root, content)
    head, body = fields.get("head"), fields.get("body")
    if not isinstance(head, dict):
        raise XmlRefusedError("no head")
    return head, body if isinstance(body, dict) else {}
