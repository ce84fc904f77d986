"""Read what billers answer, whatever the protocol: exactly, or not at all (FU2)."""

import re
from collections.abc import Iterator
from datetime import date

from octane.billers import codes
from octane.billers.dialect import Told, Words
from octane.billers.port import BILL_NO, Owed, OwedBill, Tier
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState
from octane.kernel.money import MAX_FEN, Fen

MOST_BILLS, MOST_TIERS, MOST_TEXT = 100, 10, 64
REFERENCE = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
ORDER_NO = re.compile(r"[0-9A-Za-z]{8,32}")
DECIMAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)
PERIOD = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}T[0-9:+.Z-]{8,20})?", re.ASCII)
UNIT = re.compile(r"[0-9A-Za-z]{0,8}")


def read_owed(told: Told, words: Words) -> Owed:
    """Read what an account owes; raise `ValueError` for anything that is not exactly so."""
    bills = tuple(_bill(each, words) for each in _rows(told, "bills", MOST_BILLS))
    if len({bill.bill_no for bill in bills}) != len(bills):
        raise ValueError("a bill twice")
    holder = text(told, "holder")
    return Owed(f"{holder[:1]}**", bills)


def read_payment(told: Told, words: Words, source: str) -> FulfilmentReport:
    """Read how a payment stands; raise `ValueError`."""
    state = words.states.get(text(told, "state"))
    if state is None:
        raise ValueError("state")
    code = ""
    if state is FulfilmentState.REFUSED:
        code = words.codes.get(text(told, "refusal"), "")
        if code not in codes.PAYMENT:  # the state is definite, whatever they call the reason
            code = codes.BILLER_REFUSED
    done = state is FulfilmentState.SUCCEEDED
    return FulfilmentReport(
        order_no=_matching(ORDER_NO, text(told, "order_no")),
        state=state,
        reference=_matching(REFERENCE, text(told, "payment_no")) if told.get("payment_no") or done else "",
        code=code,
        source=source,
        fulfilled_at=words.moment(told.get("finished_at")) if done else None,
    )


def text(told: Told, name: str, default: str = "") -> str:
    """A field as text; raise `ValueError` when it is none, or too long."""
    value = told.get(name, default)
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise ValueError(name)
    return value


def _bill(told: Told, words: Words) -> OwedBill:
    bill = OwedBill(
        bill_no=_matching(BILL_NO, text(told, "bill_no")),
        owed=words.fen(told.get("owed")),
        period=_matching(PERIOD, text(told, "period")),
        due_on=date.fromisoformat(text(told, "due_on")) if told.get("due_on") else None,
        partial=words.flag(told.get("partial")),
        minimum=words.fen(told["minimum"]) if "minimum" in told else Fen(1),
        late_fee=words.fen(told["late_fee"]) if "late_fee" in told else Fen(0),
        unit=_matching(UNIT, text(told, "unit")),
        tiers=tuple(_tier(each, words) for each in _rows(told, "tiers", MOST_TIERS)),
    )
    if not (0 < bill.owed <= MAX_FEN and 0 < bill.minimum <= bill.owed and bill.late_fee <= bill.owed):
        raise ValueError("amounts")
    return bill


def _tier(told: Told, words: Words) -> Tier:
    up_to = text(told, "up_to")
    return Tier(
        up_to=_matching(DECIMAL, up_to) if up_to else "",
        used=_matching(DECIMAL, text(told, "used")),
        unit_price=_matching(DECIMAL, text(told, "unit_price")),
        amount=words.fen(told.get("amount")),
    )


def _rows(told: Told, name: str, most: int) -> Iterator[Told]:
    rows = told.get(name, ())
    if not isinstance(rows, list | tuple) or len(rows) > most:
        raise ValueError(name)
    for row in rows:
        if not isinstance(row, dict):
            raise ValueError(name)
        yield row


def _matching(rule: re.Pattern[str], value: str) -> str:
    if rule.fullmatch(value) is None:
        raise ValueError(rule.pattern)
    return value
