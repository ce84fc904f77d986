"""How much the hot account needs tomorrow, and what to sweep for it (LG6). Pure; integer fen.

    weekday  = mean outflow of the last 4 days of the same weekday
    recent   = mean outflow of the last 7 days
    forecast = the greater of the two, and a tenth more, rounded up

Days without a statement count in neither mean. The greater one, because money that lies hot for a day costs
little, and a settlement that the hot account cannot pay costs the issuer's trust.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from octane.funds.model import BankAccount
from octane.kernel.money import Fen

WEEKS = 4
RECENT_DAYS = 7
HISTORY_DAYS = 7 * WEEKS
MARGIN_PERCENT = 10
LEAST_SWEEP = Fen(100_000)
"""A smaller one is not worth its fee and its line."""
MILLION = 1_000_000


class PlannedSweep(NamedTuple):
    debit: BankAccount
    credit: BankAccount
    amount: Fen


def forecast_outflow(history: Mapping[date, int], day: date) -> Fen | None:
    """Forecast what leaves on `day`, from what left on days before it (positive fen); None: nothing known."""
    weekday = [day - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    recent = [day - timedelta(days=back) for back in range(1, RECENT_DAYS + 1)]
    means = [
        (sum(history[known] for known in days), len(days))
        for days in ([known for known in weekday if known in history], [d for d in recent if d in history])
        if days
    ]
    if not means:
        return None
    return Fen(max(-(-total * (100 + MARGIN_PERCENT) // (100 * days)) for total, days in means))


def plan_sweep(target: Fen, hot: int, cold: int, on_the_way: int) -> PlannedSweep | None:
    """Bring the hot account to its target.

    `hot` and `cold` are what is available: what open withdrawals and sweeps hold is not in it and is never
    swept. `on_the_way` is what earlier sweeps still bring to the hot account.
    """
    more = hot + on_the_way - target
    if min(more, hot) >= LEAST_SWEEP:
        return PlannedSweep(BankAccount.HOT, BankAccount.COLD, Fen(min(more, hot)))
    if min(-more, cold) >= LEAST_SWEEP:
        return PlannedSweep(BankAccount.COLD, BankAccount.HOT, Fen(min(-more, cold)))
    return None


def cold_ppm(hot: int, cold: int) -> int:
    """What part of our money is cold, in millionths."""
    return cold * MILLION // (hot + cold) if hot + cold > 0 else 0
