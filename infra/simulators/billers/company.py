"""The billers as a company: five of them at addresses of their own, three protocols, callbacks.

The interfaces are Octane's own: infra/docs/billers.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from random import Random

from simulators.billers.books import BillerBooks, Order
from simulators.billers.control import BillerControl
from simulators.billers.defaults import default_account
from simulators.billers.desks import Desk
from simulators.billers.form_desk import FormDesk
from simulators.billers.json_desk import JsonDesk
from simulators.billers.names import BILLERS, ELECTRICITY, GAS, OK, PARKING, PROPERTY, REVOKED, WATER
from simulators.billers.settlement import FORM, settlement_rows
from simulators.billers.xml_desk import XmlDesk
from simulators.bills.office import Office
from simulators.bills.rows import Heading
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Letter, Notice, Now, RefusedError, Reply, Subject
from simulators.texts import HEX, moment, pick

MINUTE_MS = 60_000
RETRY_MS: tuple[int, ...] = (MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS)
FILES = "/settlements"
GARBAGE = b"\x00<garbage"
REMEMBERED = 100_000
NAMES = ("account_no", "order_no", "bill_no")


class Billers(BillerControl):
    name = "billers"
    operations = frozenset({"owed", "pay", "query", "settlement", "settlement_file", "notice"})
    retry_ms = RETRY_MS

    def __init__(self, keys: Mapping[str, str], now: Now, random: Random) -> None:
        """`keys`: what each biller shares with its merchant."""
        self.rules = Rules()
        self.keys = keys
        self._now = now
        self._random = random
        self._settings: Json = {"settle_ms": 300, "callback_url": "", "early_bills": False}
        self._desks: dict[str, Desk] = {
            ELECTRICITY: JsonDesk(keys[ELECTRICITY], now),
            WATER: XmlDesk(keys[WATER], now),
            GAS: FormDesk(keys[GAS], now),
            PARKING: JsonDesk(keys[PARKING], now),
            PROPERTY: XmlDesk(keys[PROPERTY], now),
        }
        self.reset()

    def reset(self) -> None:
        """Forget every account, payment and rule; settings stay."""
        self.rules.clear()
        self.payments = BillerBooks(
            self._now, self._random, lambda biller, number: default_account(biller, number, self._today())
        )
        self.offices = {biller: Office(FORM, self._now, self._random) for biller in BILLERS}
        self._heard: set[str] = set()
        self._apply()

    def subject(self, call: Call) -> Subject | None:
        biller, path = _place(call)
        if biller is None:
            return None
        if (call.method, path) == ("GET", FILES):
            return Subject("settlement_file", frozenset({biller}))
        desk = self._desks[biller]
        operation = desk.operation(call, path) if call.method == "POST" else None
        if operation is None:
            return None
        return Subject(operation, frozenset({biller, *self._numbers(desk, biller, call)}))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        biller, _ = _place(call)
        broken = faults.get(Effect.STATUS)
        if biller is None:
            return Reply(404)
        if subject.operation == "settlement_file" and broken is None:
            return self._file(biller, call)
        if broken is not None and not broken.after:
            return Reply(broken.status or 500, b"Service Unavailable")
        desk = self._desks[biller]
        code, told = self._answer(biller, desk, call, subject, faults)
        if broken is not None:
            return Reply(broken.status or 500, b"Service Unavailable")
        reply = desk.reply(call, code, told, wrong=Effect.WRONG_SIGNATURE in faults)
        return replace(reply, body=GARBAGE) if Effect.GARBAGE in faults else reply

    def settle(self) -> int | None:
        return self.payments.settle()

    def take_notices(self) -> list[Notice]:
        return self.payments.take_notices()

    def letter(self, notice: Notice, faults: Faults) -> Letter:
        told = dict(notice.content)
        desk = self._desks[told.pop("biller")]
        if (amount := faults.get(Effect.WRONG_AMOUNT)) is not None:
            told["amount"] = amount.amount_fen
        at = self._now() - (faults[Effect.STALE].ms if Effect.STALE in faults else 0)
        wrong = Effect.WRONG_SIGNATURE in faults
        return desk.letter(told, at, pick(self._random, HEX, 32), wrong=wrong)

    def accepted(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300  # noqa: PLR2004

    def _numbers(self, desk: Desk, biller: str, call: Call) -> frozenset[str]:
        """What a rule may name the call by; nothing of it is believed yet."""
        try:
            fields = desk.fields(call)
        except ValueError:
            return frozenset()
        bills = [each for each in fields.get("bills", ()) if isinstance(each, dict)]
        numbers = {str(each.get(name, "")) for each in (fields, *bills) for name in NAMES} - {""}
        known = self.payments.payments.get((biller, str(fields.get("order_no", ""))))
        return frozenset(numbers | (known.keys if known else frozenset()))

    def _answer(
        self, biller: str, desk: Desk, call: Call, subject: Subject, faults: Faults
    ) -> tuple[str, Json]:
        """The biller's word, and what it tells with it."""
        echo: Json = {}
        try:
            asked = desk.open(call)
            if not asked.nonce or asked.nonce in self._heard:
                raise RefusedError(401, "REPLAYED", "a call is heard once")
            if len(self._heard) >= REMEMBERED:
                self._heard.clear()
            self._heard.add(asked.nonce)
            if subject.operation == "pay":
                echo = {"order_no": str(asked.fields.get("order_no", ""))}
            return OK, self._act(biller, desk, asked.fields, subject, faults, call.headers.get("host", ""))
        except RefusedError as refused:
            return refused.code, echo
        except (ValueError, KeyError, TypeError):
            return "UNREADABLE", echo

    def _act(self, biller: str, desk: Desk, given: Json, subject: Subject, faults: Faults, host: str) -> Json:
        refuse = faults.get(Effect.REFUSE)
        code = (refuse.code or "BILLER_REFUSED") if refuse else ""
        if subject.operation == "pay":
            order = _order(biller, desk, given)
            fail = faults.get(Effect.FAIL)
            late = (fail.code or REVOKED) if fail else ""
            return self.payments.pay(order, refuse=code, stay=Effect.STAY in faults, fail=late).view()
        if code:
            raise RefusedError(200, code, code)
        self.settle()
        if subject.operation == "query":
            return self.payments.find(biller, str(given["order_no"])).view()
        if subject.operation == "owed":
            account = self.payments.account(biller, str(given["account_no"]))
            bills = [bill.view() for bill in account.bills.values() if bill.owed]
            return {"account_no": account.account_no, "holder": account.holder, "bills": bills}
        return self._settlement(biller, date.fromisoformat(str(given["day"])), host)

    def _settlement(self, biller: str, day: date, host: str) -> Json:
        """Where the settlement file of a day can be fetched for 30 seconds, and its digest."""
        office = self.offices[biller]
        if not office.is_ready(day):
            raise RefusedError(200, "NOT_READY", "not made yet")
        bill = office.bill(Heading(day, ""), settlement_rows(self.payments, biller))
        if bill is None:
            raise RefusedError(200, "EMPTY_DAY", "nothing moved")
        url = f"http://{host}/{biller.lower()}{FILES}?token={office.offer(bill.packed)}"
        digest = sha256(bill.text + b" " * bill.wrong_digest).hexdigest()
        return {"day": day.isoformat(), "url": url, "sha256": digest}

    def _file(self, biller: str, call: Call) -> Reply:
        """The file itself: its address is its permission."""
        content = self.offices[biller].fetch(call.query.get("token", ""))
        if content is None:
            return Reply(403, b"the address is no longer good")
        return Reply(200, content, {"Content-Type": "text/csv; charset=utf-8"})

    def _today(self) -> datetime:
        return moment(self._now())


def _place(call: Call) -> tuple[str | None, str]:
    """Whose address it is, and what stands behind the biller's name."""
    _, name, *rest = call.path.split("/") if call.path.startswith("/") else ("", "")
    biller = name.upper()
    return (biller if biller in BILLERS and name == name.lower() else None), "/" + "/".join(rest)


def _order(biller: str, desk: Desk, given: Json) -> Order:
    """What is to be paid; raise `ValueError` or `KeyError` for what is none."""
    fen = desk.style.read_fen
    parts = tuple((str(each["bill_no"]), fen(each["amount"])) for each in given["bills"])
    number = str(given["order_no"])
    order = Order(biller, number, str(given["account_no"]), parts)
    if not (number.isalnum() and 8 <= len(number) <= 32) or order.amount != fen(given["amount"]):  # noqa: PLR2004
        raise ValueError("not a payment")
    if not all(amount > 0 for _, amount in parts):
        raise ValueError("not an amount")
    return order
