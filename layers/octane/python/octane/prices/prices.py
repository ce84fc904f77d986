"""Prices as they are read, and set by staff (ST2)."""

from collections.abc import Mapping
from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.kernel.caller import SETS_PRICES, Caller
from octane.kernel.clock import Instant
from octane.kernel.errors import InputError, StateError, UnavailableError
from octane.kernel.provinces import Province
from octane.prices.checks import LEAST, MOST, is_plausible
from octane.prices.model import Grade, Price, ProvincePrices, fens_of
from octane.prices.ports import PriceDeps, SetDeps
from octane.prices.records import PRICES, find_province, prices_in, publish, replaced
from octane.prices.syncing import send_news


class PriceInvalidError(InputError):
    code = "PRICE_INVALID"
    summary = f"A price is {LEAST} to {MOST} fen per litre."


class PricesSupersededError(StateError):
    code = "PRICES_SUPERSEDED"
    summary = "The province's prices have changed meanwhile; read them again, then decide."


class Shown(NamedTuple):
    """A province's prices, and which of them are too old to be relied on."""

    prices: ProvincePrices
    stale: frozenset[Grade]


def get_prices(deps: PriceDeps, province: Province | None = None) -> tuple[Shown, ...]:
    """Prices of one province or of all that are known. One AWS call."""
    known = prices_in(deps.store.get(PRICES))
    now = deps.clock.now()
    return tuple(
        shown(known[one], now, deps.settings.price_stale_ms)
        for one in Province
        if one in known and province in (None, one)
    )


def shown(prices: ProvincePrices, now: Instant, stale_ms: int) -> Shown:
    old = (grade for grade, price in prices.prices.items() if now - price.as_of > stale_ms)
    return Shown(prices, frozenset(old))


def set_prices(
    deps: SetDeps, caller: Caller, province: Province, fens: Mapping[Grade, int], based_on: int, reason: str
) -> Shown:
    """Set prices by hand: approve what was held back, or say what no source says. It holds until a source
    says otherwise. Raise `PriceInvalidError`, or `PricesSupersededError` when `based_on` is not the version
    in force any more. It is done once it is written: what of its publishing fails is for the next pull."""
    caller.must_have(SETS_PRICES)
    if not fens or not all(map(is_plausible, fens.values())):
        raise PriceInvalidError
    before, now = find_province(deps.store, province), deps.clock.now()
    if before.version != based_on:
        raise PricesSupersededError
    prices = {**before.prices, **{grade: Price(fen, now) for grade, fen in fens.items()}}
    suspects = {grade: suspect for grade, suspect in before.suspects.items() if grade not in fens}
    changed = fens_of(prices) != fens_of(before.prices)
    after = before._replace(
        prices=prices, suspects=suspects, version=before.version + changed, revision=before.revision + 1
    )
    once = str(after.revision)
    act = act_of(caller, "set_prices", f"PRICE#{province.value}", once, now, reason=reason)
    deps.store.commit(*replaced(before, after, caller.user_id, now, is_told=deps.tells_prices), record(act))
    try:
        publish(deps.store)
        send_news(deps)
    except UnavailableError as error:
        deps.signals.count("PricePublishFailed", province=province.value, why=error.code)
    return shown(after, now, deps.settings.price_stale_ms)
