"""What the model found, as `infra/docs/capacity.md`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from capacity.charts import drawn
from capacity.limits import ASSUMED, COSTS, LIMITS
from capacity.local import Rate
from capacity.report import READY_HOURS, Results, charts
from capacity.search import TILL, Found
from capacity.settings import Settings
from capacity.tally import Tally, spread


def write(results: Results, folder: Path) -> None:
    """Write the page and its charts."""
    drawings = folder / "capacity"
    drawings.mkdir(exist_ok=True)
    for name, chart in charts(results).items():
        (drawings / f"{name}.svg").write_text(drawn(chart))
    (folder / "capacity.md").write_text("\n".join(page(results)) + "\n")


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    heads = list(heads)
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""


def page(results: Results) -> Iterator[str]:
    paying, selling, validation = results.paying, results.selling, results.validation
    crowd, sale, line = results.crowd, results.sale, results.line()
    yield "# Capacity (OP9)"
    yield ""
    yield "`make capacity` writes this page: a simulation (`infra/capacity`, simpy) of what AWS's limits"
    yield "make of many people at once, fed with what `make bench` measured of our functions. The same seed"
    yield "gives the same figures."
    yield ""
    yield "## What it says"
    yield ""
    yield (
        f"- **{crowd.people:,} people who pay within {crowd.within_s:g} s**: as deployed today "
        f"{paying.today.ended['gave up']:,} give up. As recommended {paying.then.ended['gave up']:,} do, and "
        f"99 % of all orders and payments are answered within {line['p99_pay_s']} s, the tries of clients "
        "that were refused included."
    )
    yield (
        f"- **{sale.claims:,} claims in {sale.within_s:g} s**: today {selling.today.ended['gave up']:,} give "
        f"up; as recommended {selling.then.ended['gave up']:,}, and 99 % of the claims are answered within "
        f"{line['p99_sale_s']} s."
    )
    yield (
        f"- From payment to recharged card: 99 % within {_p99(paying.then, 'paid, delivered')} s "
        f"(today {_p99(paying.today, 'paid, delivered')} s, of fewer)."
    )
    yield (
        f"- Both peaks together cost {line['cost_usd']} USD, {READY_HOURS} h of environments kept ready "
        "around each included."
    )
    yield ""
    yield "## What to set"
    yield ""
    yield from _table(
        ("setting", "today", f"{crowd.people:,} pay", "the sale", "where"),
        _settings_rows(Settings(), paying.settings, selling.settings),
    )
    yield "## How long it takes"
    yield ""
    yield "Seconds, as the client sees it. `cold`: starts of environments, `refused`: answers 429 and 503,"
    yield "both of the whole run."
    yield ""
    yield from _table(("", "p50", "p95", "p99", "most", "refused", "cold"), _spread_rows(paying, selling))
    for name, words in (
        ("pay", "Answers to those who pay"),
        ("concurrency", "Executions at once"),
        ("sale", "Answers to claims"),
        ("shards", "Partitions and the 99th percentile; the line is what OP9 allows"),
    ):
        yield f"![{words}](capacity/{name}.svg)"
        yield ""
    yield "## How far to trust it"
    yield ""
    yield (
        f"{validation.workers} workers at once on the machine of the last run, foretold from what one worker "
        f"alone took: the largest error is {validation.error_percent} %. This holds simulation and bench to "
        "what happens: what a request takes, and what comes of many that share cores and tables "
        "(`capacity/local.py`). AWS's limits cannot be tried here."
    )
    yield ""
    yield from _table(
        ("place_order on the embedded AWS", "orders a second", "p50 ms", "p95 ms"),
        (_rate_row("measured", validation.measured), _rate_row("foretold", validation.foretold)),
    )
    yield "What it doesn't know: how AWS's own latency moves under load (the last table is assumed), and what"
    yield "the channels and issuers bear. A rehearsal on AWS replaces the assumptions. Not in the price: SQS,"
    yield "messages of WebSockets, and logs."
    yield ""
    yield "## What went in"
    yield ""
    measured = ", ".join(f"{name} {value}" for name, value in results.constants.measured.items())
    yield f"Measured ({measured}):"
    yield ""
    yield from _table(
        ("operation", "CPU ms", "start CPU ms", "read units", "write units", "of which on shared partitions"),
        (
            (
                operation.name, operation.cpu_ms, operation.start_cpu_ms, operation.read_units,
                round(operation.write_units, 2),
                ", ".join(f"{s.place} {s.units:g}" for s in operation.shares if s.shards) or "–",
            )
            for operation in results.constants.operations.values()
        ),
    )  # fmt: skip
    yield "Published by AWS:"
    yield ""
    yield from _table(
        ("limit", "value", "unit", "source"),
        ((name, f"{limit.value:g}", limit.unit, limit.source) for name, limit in LIMITS.items()),
    )
    yield from _table(
        ("price", "value", "unit", "source"),
        ((name, f"{cost.value:.3g}", cost.unit, cost.source) for name, cost in COSTS.items()),
    )
    yield "Assumed, because nobody publishes it:"
    yield ""
    yield from _table(
        ("duration", "median ms", "p99 ms", "of"),
        ((name, f"{one.median_ms:g}", f"{one.p99_ms:g}", one.why) for name, one in ASSUMED.items()),
    )


def _p99(tally: Tally, what: str) -> float:
    return round(spread(tally.took[what]).p99, 1)


def _settings_rows(today: Settings, pay: Settings, sale: Settings) -> Iterator[tuple[object, ...]]:
    def kept(settings: Settings) -> str:
        return ", ".join(f"{name} {count}" for name, count in settings.provisioned.items()) or "0"

    def warm(settings: Settings) -> str:
        return ", ".join(f"{place} {units:,}" for place, units in settings.warm_writes.items()) or "as new"

    everybody = (today, pay, sale)
    yield ("provisioned concurrency", *map(kept, everybody), "`ProvisionedConcurrencyConfig`, by schedule")
    yield ("account concurrency", *(s.concurrency for s in everybody), "asked of AWS (Lambda quota)")
    yield ("gateway, requests a second", *(s.gateway_rate for s in everybody), "`MethodSettings`")
    yield ("gateway, burst", *(s.gateway_burst for s in everybody), "`MethodSettings`")
    yield ("partitions of what is due", today.due_shards, pay.due_shards, "–", "`DUE_SHARDS`, store/items.py")
    yield ("partitions of a stock", "–", "–", sale.stock_shards, "the campaign's expected rate")
    yield ("warm write units a second", *map(warm, everybody), "`WarmThroughput`; above 40,000 asked of AWS")
    yield ("batches of recharges at once", today.queue_workers, pay.queue_workers, "–", "`ScalingConfig`")
    starts = ("40 a second", "higher throughput", "higher throughput")
    yield ("switches read when a process starts", *starts, "Parameter Store, a setting of the account")


def _spread_rows(paying: Found, selling: Found) -> Iterator[tuple[object, ...]]:
    for when, tally, operations in (
        ("today", paying.today, (*TILL, "paid, booked")),
        ("recommended", paying.then, (*TILL, "paid, booked")),
        ("today", selling.today, ("claim",)),
        ("recommended", selling.then, ("claim",)),
    ):
        for operation in operations:
            seconds = (f"{value:.2f}" for value in spread(tally.took[operation]))
            yield (f"{operation}, {when}", *seconds, f"{tally.throttled:,}", f"{sum(tally.cold.values()):,}")


def _rate_row(name: str, rate: Rate) -> tuple[object, ...]:
    return (name, f"{rate.throughput:.1f}", f"{rate.took.p50 * 1_000:.1f}", f"{rate.took.p95 * 1_000:.1f}")
