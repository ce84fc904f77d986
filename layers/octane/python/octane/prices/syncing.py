"""Pull every source, take what is believed, and see to it that subscribers are told (ST2). Run by schedule.

What can happen: two runs at once (the second finds each province changed meanwhile, and leaves it), a source
that is down (its provinces keep their prices, which grow old), a process that dies (the next run goes on:
what is written is the truth, and what is still to be told stands in the table).
"""

from typing import NamedTuple

from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.prices.checks import judge
from octane.prices.model import ProvincePrices, Reading
from octane.prices.ports import PriceSource, SetDeps, Silent, SyncDeps
from octane.prices.records import find_provinces, open_tellings, publish, replaced
from octane.store.writes import ChangedMeanwhileError


class Synced(NamedTuple):
    heard: int = 0
    """Provinces whose source told anything."""
    changed: int = 0
    silent: int = 0
    """Sources without an answer, or that there was no time to ask."""


def sync_prices(deps: SyncDeps, until: Instant) -> Synced:
    """Pull all, for about so long. A province or source that fails keeps no other."""
    heard = changed = silent = 0
    for source in deps.price_sources:
        told = source.pull() if deps.clock.now() < until else Silent("NO_TIME")
        if isinstance(told, Silent):
            silent += 1
            deps.signals.count("PriceSourceSilent", source=source.name, why=told.reason)
            continue
        try:
            known = find_provinces(deps.store, source.provinces)
        except UnavailableError as error:
            deps.signals.count("PriceSyncFailed", source=source.name, why=error.code)
            continue
        for province in source.provinces:
            reading = told.get(province)
            if reading is None:
                deps.signals.count("PriceMissing", source=source.name, province=province.value)
                continue
            heard += 1
            changed += _taken(deps, source, known[province], reading)
    publish(deps.store)
    send_news(deps)
    return Synced(heard, changed, silent)


def send_news(deps: SetDeps) -> None:
    """Have told whatever is still to be told. What is queued or being told already is queued once more: a
    message that comes twice tells nobody twice."""
    messages = [telling.message for telling in open_tellings(deps.store)] if deps.tells_prices else []
    if messages:
        deps.price_news.send(messages)


def _taken(deps: SyncDeps, source: PriceSource, known: ProvincePrices, reading: Reading) -> bool:
    """Write what is believed; say whether a price changed."""
    province, now = known.province.value, deps.clock.now()
    judged = judge(known, reading, now)
    for name, grades in (("PriceSuspect", judged.suspected), ("PriceOdd", judged.refused)):
        for grade in grades:
            told = reading.odd.get(grade, str(reading.prices.get(grade, "")))
            deps.signals.count(name, province=province, grade=grade.value, told=told)
    try:
        deps.store.commit(*replaced(known, judged.after, source.name, now, is_told=deps.tells_prices))
    except ChangedMeanwhileError:
        return False  # another run, or staff, were first
    except UnavailableError as error:
        deps.signals.count("PriceSyncFailed", province=province, why=error.code)
        return False
    return judged.changed
