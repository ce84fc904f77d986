"""A biller behind the port, whatever its protocol: where its answers become decisions (FU2, GW7)."""

from datetime import date

from octane.billers import codes
from octane.billers.accounts import masked
from octane.billers.answers import read_owed, read_payment, text
from octane.billers.config import INTERFACES, Interface
from octane.billers.dialect import SKEW_MS, Dialect, Line, Operation, Told
from octane.billers.form_biller import FormDialect
from octane.billers.json_biller import JsonDialect
from octane.billers.port import BillerNoticeRefusedError, BillerRefused, BillPayment, Owed
from octane.billers.settlements import parse_settlement
from octane.billers.xml_biller import XmlDialect
from octane.kernel.clock import later
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, ParsedBill
from octane.wire.settlement_files import get_announced

UNREADABLE, FOREIGN = "ANSWER_UNREADABLE", "ANSWER_FOREIGN"
ENDED = frozenset({FulfilmentState.SUCCEEDED, FulfilmentState.REFUSED})


def open_biller(line: Line) -> "BillerAdapter":
    """The client of a biller in its own protocol. For settlement files the line's transport must take answers
    as large as a day's file may be."""
    return BillerAdapter(line, dialect_of(line))


def dialect_of(line: Line) -> Dialect:
    match INTERFACES[line.config.biller]:
        case Interface.JSON:
            return JsonDialect(line)
        case Interface.XML:
            return XmlDialect(line)
        case Interface.FORM:
            return FormDialect(line)


class BillerAdapter:
    """Implements `octane.billers.port.BillerClient`. What cannot be read exactly is unknown."""

    def __init__(self, line: Line, dialect: Dialect) -> None:
        self._line = line
        self._dialect = dialect
        self._words = dialect.words

    def owed(self, account_no: str) -> Owed | BillerRefused | FulfilmentUnknown:
        """Ask what is owed. Refused only by a code that speaks of the account."""
        told = self._dialect.ask(Operation.OWED, {"account_no": account_no})
        if isinstance(told, str):
            return FulfilmentUnknown(told)
        if (code := _code(told)) != self._words.ok:
            word = self._words.codes.get(code)
            return BillerRefused(word) if word in codes.QUESTION else FulfilmentUnknown(f"CODE_{code}")
        if told.get("account_no") != account_no:
            return FulfilmentUnknown(FOREIGN)
        try:
            return read_owed(told, self._words)
        except ValueError:
            return FulfilmentUnknown(UNREADABLE)

    def pay(self, payment: BillPayment) -> FulfilmentReport | FulfilmentUnknown:
        """Pay all parts or none. A biller keeps what it answered under an order number: sent again, the
        payment is told as it stands, and a refusal is one for good."""
        write = self._words.write_fen
        told = self._dialect.ask(
            Operation.PAY,
            {
                "order_no": payment.order_no,
                "account_no": payment.account_no,
                "amount": write(payment.amount),
                "bills": [{"bill_no": part.bill_no, "amount": write(part.amount)} for part in payment.parts],
            },
        )
        if isinstance(told, str):
            return FulfilmentUnknown(told)
        if (code := _code(told)) != self._words.ok:
            word = self._words.codes.get(code, "")
            if word not in codes.PAYMENT:
                return FulfilmentUnknown(f"CODE_{code}")
            if told.get("order_no") != payment.order_no:
                return FulfilmentUnknown(FOREIGN)
            return FulfilmentReport(payment.order_no, FulfilmentState.REFUSED, code=word)
        if told.get("account_no") != payment.account_no:
            return FulfilmentUnknown(FOREIGN)
        return self._report(told, payment.order_no, payment.amount, "answer")

    def query(self, order_no: str, amount: Fen, account_masked: str) -> FulfilmentReport | FulfilmentUnknown:
        """Ask how a payment stands."""
        told = self._dialect.ask(Operation.QUERY, {"order_no": order_no})
        if isinstance(told, str):
            return FulfilmentUnknown(told)
        if (code := _code(told)) != self._words.ok:
            # An error answers the question, not the payment: only one code is a word about it.
            if self._words.codes.get(code) == codes.PAYMENT_UNKNOWN:
                return FulfilmentReport(order_no, FulfilmentState.NOT_FOUND, code=code, source="query")
            return FulfilmentUnknown(f"CODE_{code}")
        account_no = told.get("account_no")
        if not isinstance(account_no, str) or account_masked not in {"", masked(account_no)}:
            return FulfilmentUnknown(FOREIGN)
        return self._report(told, order_no, amount, "query")

    def read_notice(self, body: bytes, headers: dict[str, str]) -> FulfilmentReport:
        """Verify a notice of an end; raise `BillerNoticeRefusedError`."""
        told = self._dialect.read_letter(body, headers)
        try:
            report = read_payment(told, self._words, "notice")
        except ValueError:
            raise BillerNoticeRefusedError from None
        if report.state not in ENDED:
            raise BillerNoticeRefusedError
        return report

    @property
    def merchant(self) -> str:
        """The file does not tell whose it is: the key does."""
        return ""

    def fetch(self, day: date) -> BillOriginal | BillNotReady | BillUnknown:
        """Ask for the file's address and get it; raise `BillUnreadableError` for a false digest."""
        told = self._dialect.ask(Operation.SETTLEMENT, {"day": day.isoformat()})
        if isinstance(told, str):
            return BillUnknown(told)
        if (code := _code(told)) != self._words.ok:
            word = self._words.codes.get(code)
            return BillNotReady(word) if word in set(BillNotReady) else BillUnknown(f"CODE_{code}")
        if told.get("day") != day.isoformat():
            return BillUnknown(FOREIGN)
        config = self._line.config
        name = f"{config.biller.value.lower()}-settlement-{day}.csv"
        return get_announced(self._line.transport, config.base_url, told.get("url"), told.get("sha256"), name)

    def parse(self, content: bytes, day: date) -> ParsedBill:
        return parse_settlement(content, day)

    def _report(
        self, told: Told, order_no: str, amount: Fen, source: str
    ) -> FulfilmentReport | FulfilmentUnknown:
        try:
            report, told_amount = read_payment(told, self._words, source), self._words.fen(told.get("amount"))
        except ValueError:
            return FulfilmentUnknown(UNREADABLE)
        if (report.order_no, told_amount) != (order_no, amount):
            return FulfilmentUnknown(FOREIGN)
        if (report.fulfilled_at or 0) > later(self._line.clock.now(), SKEW_MS):
            return FulfilmentUnknown(UNREADABLE)  # no day's closing would ever meet it
        return report


def _code(told: Told) -> str:
    try:
        return text(told, "code")
    except ValueError:
        return ""
