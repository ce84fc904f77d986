"""Read a rule set from JSON, strictly: what is not understood is refused, by its path in the document."""

from datetime import date

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import SECOND
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.rules import (
    PPM,
    BreakerRule,
    MethodRule,
    Platform,
    QuotaPlan,
    RuleSet,
    Weights,
)
from octane.rulebook.documents import Fields, a_text, an_object, known, named, read_version, texts, whole
from octane.rulebook.errors import RulesInvalidError

MAX_SHARDS = 16
MAX_PLANS = 8
MAX_WINDOW = 10_000
MAX_MS = 3_600 * SECOND
MAX_WEIGHT = 10**12
DAY_LENGTH = len("20261122")
RULES = ("table", "methods", "quotas", "weights", "exploration_ppm", "window", "breaker")


def read_rules(text: str) -> RuleSet:
    """Read a published rule set; raise a `RulesInvalidError`."""
    version, fields = read_version(text, RULES)
    return RuleSet(
        *version,
        methods=_methods(fields["methods"]),
        quotas=_quotas(fields["quotas"]),
        weights=_weights(fields["weights"]),
        exploration_ppm=whole(fields, "", "exploration_ppm", 0, PPM),
        window=whole(fields, "", "window", 1, MAX_WINDOW),
        breaker=_breaker(fields["breaker"]),
    )


def _methods(value: object) -> tuple[MethodRule, ...]:
    fields = an_object(value, "methods")
    if not fields:
        raise RulesInvalidError("methods: at least one is wanted")
    found = []
    for name in fields:
        with known(f"methods.{name}"):
            found.append(_method(PaymentMethod(name), an_object(fields[name], f"methods.{name}")))
    return tuple(sorted(found, key=lambda rule: rule.method))


def _method(method: PaymentMethod, fields: Fields) -> MethodRule:
    path = f"methods.{method}."
    named(fields, path, ("platforms", "currencies", "min_fen", "max_fen", "needs_payer"))
    low = whole(fields, path, "min_fen", 1, MAX_FEN)
    needs_payer = fields["needs_payer"]
    if not isinstance(needs_payer, bool):
        raise RulesInvalidError(f"{path}needs_payer: true or false is wanted")
    with known(f"{path}platforms"):
        platforms = frozenset(Platform(name) for name in texts(fields, path, "platforms"))
    return MethodRule(
        method=method,
        platforms=platforms,
        currencies=frozenset(texts(fields, path, "currencies")),
        min_fen=Fen(low),
        max_fen=Fen(whole(fields, path, "max_fen", low, MAX_FEN)),
        needs_payer=needs_payer,
    )


def _quotas(value: object) -> dict[ChannelName, tuple[QuotaPlan, ...]]:
    fields = an_object(value, "quotas")
    found: dict[ChannelName, tuple[QuotaPlan, ...]] = {}
    for name, plans in fields.items():
        path = f"quotas.{name}"
        with known(path):
            channel = ChannelName(name)
        if not isinstance(plans, list) or not 1 <= len(plans) <= MAX_PLANS:
            raise RulesInvalidError(f"{path}: a list of 1 to {MAX_PLANS} plans is wanted")
        read = tuple(_plan(plan, f"{path}[{number}]") for number, plan in enumerate(plans))
        days = [plan.from_day for plan in read]
        if days != sorted(set(days)):
            raise RulesInvalidError(f"{path}: plans are wanted by their days, each once")
        found[channel] = read
    return found


def _plan(value: object, path: str) -> QuotaPlan:
    fields = an_object(value, path)
    named(fields, f"{path}.", ("from_day", "limit_fen", "shards"))
    day = a_text(fields, f"{path}.", "from_day")
    with known(f"{path}.from_day"):
        if len(day) != DAY_LENGTH or not day.isdecimal() or not day.isascii():
            raise ValueError(day)
        date(int(day[:4]), int(day[4:6]), int(day[6:]))
    limit = whole(fields, f"{path}.", "limit_fen", 0, MAX_FEN)
    return QuotaPlan(day, Fen(limit), whole(fields, f"{path}.", "shards", 1, MAX_SHARDS))


def _weights(value: object) -> Weights:
    fields = an_object(value, "weights")
    names = ("failure_microfen", "latency_microfen_per_ms")
    named(fields, "weights.", names)
    return Weights(*(whole(fields, "weights.", name, 0, MAX_WEIGHT) for name in names))


def _breaker(value: object) -> BreakerRule:
    fields, path = an_object(value, "breaker"), "breaker."
    names = BreakerRule._fields
    named(fields, path, names)
    pause = whole(fields, path, "pause_ms", 1, MAX_MS)
    return BreakerRule(
        failures=whole(fields, path, "failures", 1, 1_000),
        within_ms=whole(fields, path, "within_ms", 1, MAX_MS),
        failure_ppm=whole(fields, path, "failure_ppm", 1, PPM),
        least_calls=whole(fields, path, "least_calls", 1, MAX_WINDOW),
        pause_ms=pause,
        longest_pause_ms=whole(fields, path, "longest_pause_ms", pause, MAX_MS),
        lease_ms=whole(fields, path, "lease_ms", 1, MAX_MS),
        cool_down_ms=whole(fields, path, "cool_down_ms", 0, MAX_MS),
    )
