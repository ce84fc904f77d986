"""Each address of UnionPay: what it does with a form whose signature has been checked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from simulators.bills.office import Office
from simulators.bills.rows import Heading
from simulators.misbehaviour import Effect, Faults
from simulators.protocol import Call, Now, RefusedError
from simulators.texts import moment
from simulators.unionpay import views
from simulators.unionpay.authority import UnionPayKeys
from simulators.unionpay.clearing import CUT_HOURS, bill_rows
from simulators.unionpay.records import FAILED, NO_SUCH, PAYMENT, REFUND, SUCCESS, VOID, Trade
from simulators.unionpay.requests import identity, malformed, parse_payment, parse_return
from simulators.unionpay.signer import Fields
from simulators.unionpay.trades import TradeBooks, settle_day


@dataclass(slots=True)
class Habits:
    """How this UnionPay behaves where the documents leave it open."""

    unpaid: str = "05"
    """What a query says of a tn that nobody has paid: 05 (then 01 after payTimeout), or 34 all along."""
    files: str = "cut"
    """When a day's file is there: after its cut, or at once (`now`)."""


@dataclass(frozen=True, slots=True)
class Desk:
    keys: UnionPayKeys
    trades: TradeBooks
    habits: Habits
    now: Now
    bills: Office


@dataclass(frozen=True, slots=True)
class Asked:
    desk: Desk
    fields: Fields
    faults: Faults


def prepare(asked: Asked) -> views.Words:
    trade = asked.desk.trades.open(parse_payment(asked.fields, asked.desk.keys))
    return {"tn": trade.tn}


def query(asked: Asked) -> views.Words:
    asked.desk.trades.settle()
    record = asked.desk.trades.find(identity(asked.fields))
    if not isinstance(record, Trade):
        return views.back(record)
    if asked.desk.habits.unpaid == NO_SUCH and not record.paid and not record.failed:
        raise RefusedError(200, NO_SUCH, "查无此交易")
    return views.payment(record, asked.desk.trades.is_over(record))


def send_back(asked: Asked) -> views.Words:
    fail = asked.faults.get(Effect.FAIL)
    ends = SUCCESS if fail is None else fail.code or FAILED
    order = parse_return(asked.fields, asked.desk.keys)
    return views.accepted(asked.desk.trades.send_back(order, Effect.STAY in asked.faults, ends))


def file(asked: Asked) -> views.Words:
    fields, desk = asked.fields, asked.desk
    if fields["txnSubType"] != "01" or fields.get("fileType") != "00":
        raise malformed("txnSubType 01, fileType 00")
    day = _day(fields.get("settleDate", ""), moment(desk.now()).date())
    early = desk.habits.files == "cut" and settle_day(desk.now()) <= day
    heading = Heading(day, fields["merId"], CUT_HOURS)
    found = None if early else desk.bills.bill(heading, bill_rows(desk.trades, heading.merchant))
    if found is None:
        raise RefusedError(200, "98", "文件不存在")
    return {
        "settleDate": f"{day:%m%d}",
        "fileType": "00",
        "fileName": f"{fields['merId']}_{day:%Y%m%d}.zip",
        "fileContent": found.packed.decode("utf-8", "replace"),
    }


def _day(text: str, today: date) -> date:
    """`MMdd` as the day nearest to today."""
    try:
        days = [
            datetime.strptime(f"{year}{text}", "%Y%m%d").date()
            for year in (today.year - 1, today.year, today.year + 1)
            if len(text) == len("MMdd") and (text != "0229" or year % 4 == 0)
        ]
    except ValueError as wrong:
        raise malformed("settleDate: MMdd") from wrong
    if not days:
        raise malformed("settleDate: MMdd")
    return min(days, key=lambda day: abs((day - today).days))


@dataclass(frozen=True, slots=True)
class Route:
    operation: str
    act: Callable[[Asked], views.Words]


GATEWAY = "/gateway/api/"
ROUTES = {
    (f"{GATEWAY}appTransReq.do", PAYMENT): Route("prepare", prepare),
    (f"{GATEWAY}queryTrans.do", "00"): Route("query", query),
    (f"{GATEWAY}backTransReq.do", REFUND): Route("refund", send_back),
    (f"{GATEWAY}backTransReq.do", VOID): Route("void", send_back),
    ("/", "76"): Route("file", file),
}
PATHS = frozenset(path for path, _ in ROUTES)


def find_route(call: Call, fields: Fields) -> Route | None:
    """By address and txnType; the two kinds of money going back share an address."""
    return ROUTES.get((call.path, fields.get("txnType", "")))
