"""What the model found: its charts, and one line of JSON."""

from collections import Counter
from typing import NamedTuple

from capacity.charts import Chart, Points
from capacity.constants import Constants
from capacity.local import Validation
from capacity.search import MOST_SECONDS, TILL, Found
from capacity.stories import Crowd, Sale
from capacity.tally import Tally

READY_HOURS = 1
"""So long environments are kept ready around a peak, for the price."""
CURVE = 100


class Results(NamedTuple):
    constants: Constants
    crowd: Crowd
    sale: Sale
    paying: Found
    selling: Found
    validation: Validation

    @property
    def provisioned(self) -> Counter[str]:
        """Environments kept ready, by function, for the harder of both."""
        pay, sale = (Counter(found.settings.provisioned) for found in (self.paying, self.selling))
        return pay | sale

    def line(self) -> dict[str, float | int]:
        """The numbers that the issue asks for."""
        return {
            "validation_error_pct": self.validation.error_percent,
            "p99_pay_s": round(self.paying.then.p99(*TILL), 2),
            "p99_sale_s": round(self.selling.then.p99("claim"), 2),
            "gave_up": sum(found.then.ended["gave up"] for found in (self.paying, self.selling)),
            "throttled": self.paying.then.throttled + self.selling.then.throttled,
            "provisioned": sum(self.provisioned.values()),
            "shards": self.selling.settings.stock_shards,
            "cost_usd": round(cost_usd(self.paying) + cost_usd(self.selling), 2),
        }


def cost_usd(found: Found) -> float:
    """Of the run as recommended, and of keeping environments ready around it."""
    settings = found.settings
    kept = sum(settings.provisioned.values()) * settings.memory_mb / 1_024 * READY_HOURS * 3_600
    return found.then.cost_usd(kept)


def charts(results: Results) -> dict[str, Chart]:
    paying, selling = results.paying, results.selling
    return {
        "pay": Chart(
            "Placing and paying: today and as recommended", "seconds", "% of requests answered",
            {
                f"{operation}, {when}": _curve(tally.took[operation])
                for when, tally in (("today", paying.today), ("then", paying.then))
                for operation in TILL
            },
        ),
        "concurrency": Chart(
            "Executions at once, as recommended", "seconds", "executions",
            {name: _running(paying.then, name) for name in (*TILL, "payment_callback", "recharge_worker")},
        ),
        "sale": Chart(
            "The sale: today and as recommended", "seconds", "% of claims answered",
            {"today": _curve(selling.today.took["claim"]), "then": _curve(selling.then.took["claim"])},
        ),
        "shards": Chart(
            "99th percentile by partitions", "partitions", "seconds",
            {"stock": sorted(selling.shards.items()), "what is due": sorted(paying.shards.items())},
            mark=MOST_SECONDS,
        ),
    }  # fmt: skip


def _curve(took: list[float]) -> Points:
    """How many of a hundred were answered after so many seconds."""
    ranked = sorted(took) or [0.0]
    return [(ranked[min(len(ranked) - 1, len(ranked) * part // CURVE)], part) for part in range(CURVE + 1)]


def _running(tally: Tally, function: str) -> Points:
    last = max(tenth for tenth, running in tally.running_at.items() if running)
    return [(tenth / 10, tally.running_at[tenth][function]) for tenth in range(last + 1)]
