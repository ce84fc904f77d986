"""UnionPay's calendar: Beijing time in digits, and clearing days that end at 23:00."""

from datetime import date, datetime, timedelta

from octane.kernel.clock import BEIJING, MINUTE, SECOND, Instant, in_beijing, later

CUT_HOUR = 23
"""A clearing day runs from 23:00 of the day before to 23:00."""
HOUR = 60 * MINUTE
DAY = timedelta(days=1)
FORMAT = "%Y%m%d%H%M%S"


def txn_time(instant: Instant) -> str:
    """Write whole seconds as `yyyyMMddHHmmss`, Beijing: with the order number it names a transaction."""
    return in_beijing(instant).strftime(FORMAT)


def parse_txn_time(text: str) -> Instant:
    """Read `yyyyMMddHHmmss`; raise `ValueError`."""
    if len(text) != len("yyyyMMddHHmmss") or not text.isascii() or not text.isdecimal():
        raise ValueError(text)
    moment = datetime.strptime(text, FORMAT).replace(tzinfo=BEIJING)
    return Instant(round(moment.timestamp()) * SECOND)


def parse_trace_time(text: str, sent: str) -> Instant:
    """Read `MMddHHmmss`, which has no year: the year of `sent` (txnTime), or the next one at New Year.

    UnionPay traces a transaction when or after it is sent, so a moment more than a day before it is next
    year's. Raise `ValueError`.
    """
    traced, first = parse_txn_time(f"{sent[:4]}{text}"), parse_txn_time(sent)
    if traced < first - DAY // timedelta(milliseconds=1):
        return parse_txn_time(f"{int(sent[:4]) + 1:04d}{text}")
    return traced


def clearing_day(instant: Instant) -> date:
    """The day in whose file a transaction of this moment is settled."""
    return in_beijing(later(instant, (24 - CUT_HOUR) * HOUR)).date()
