"""Read a rule set from JSON, strictly: what is not understood is refused, by its path in the document."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TypeAlias

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.clock import SECOND, Instant
from octane.kernel.ids import digest_of
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.rules import (
    PPM,
    BreakerRule,
    MethodRule,
    Platform,
    QuotaPlan,
    RuleSet,
    RulesInvalidError,
    RulesUnreadableError,
    Weights,
)

MAX_BYTES = 64 * 1024
MAX_TEXT = 100
MAX_SHARDS = 16
MAX_PLANS = 8
MAX_WINDOW = 10_000
MAX_MS = 3_600 * SECOND
MAX_WEIGHT = 10**12
DAY_LENGTH = len("20261122")
DIGEST_LENGTH = 12
PUBLICATION = ("version", "published_at", "published_by")
RULES = ("table", "methods", "quotas", "weights", "exploration_ppm", "window", "breaker")

Fields: TypeAlias = Mapping[str, object]


def read_document(document: str | bytes) -> dict[str, object]:
    """Read JSON without repeated names; raise `RulesUnreadableError`."""
    if len(document) > MAX_BYTES:
        raise RulesUnreadableError(f"Routing rules have at most {MAX_BYTES} bytes.")
    try:
        found = json.loads(document, object_pairs_hook=_unrepeated)
    except (ValueError, RecursionError) as error:
        raise RulesUnreadableError(f"The routing rules are no JSON: {str(error)[:100]}") from None
    if not isinstance(found, dict):
        raise RulesUnreadableError
    return found


def read_rules(text: str) -> RuleSet:
    """Read a published rule set; raise a `RulesInvalidError`.

    The decision table is not looked into: it was compiled before it was published (`publishing.publish`), and
    is again by the first decision of a process. So a process that decides nothing never loads the engine.
    """
    fields = read_document(text)
    _named(fields, "", PUBLICATION + RULES)
    rules = {name: fields[name] for name in RULES}
    table = json.dumps(fields["table"], separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return RuleSet(
        version=_whole(fields, "", "version", 0, 999_999),
        published_at=Instant(_whole(fields, "", "published_at", 0, 10**14)),
        published_by=_text(fields, "", "published_by"),
        digest=digest_of(rules)[:DIGEST_LENGTH],
        text=text,
        table=table,
        methods=_methods(fields["methods"]),
        quotas=_quotas(fields["quotas"]),
        weights=_weights(fields["weights"]),
        exploration_ppm=_whole(fields, "", "exploration_ppm", 0, PPM),
        window=_whole(fields, "", "window", 1, MAX_WINDOW),
        breaker=_breaker(fields["breaker"]),
    )


def _methods(value: object) -> tuple[MethodRule, ...]:
    fields = _object(value, "methods")
    if not fields:
        raise RulesInvalidError("methods: at least one is wanted")
    found = []
    for name in fields:
        with _known(f"methods.{name}"):
            found.append(_method(PaymentMethod(name), _object(fields[name], f"methods.{name}")))
    return tuple(sorted(found, key=lambda rule: rule.method))


def _method(method: PaymentMethod, fields: Fields) -> MethodRule:
    path = f"methods.{method}."
    _named(fields, path, ("platforms", "currencies", "min_fen", "max_fen", "needs_payer"))
    low = _whole(fields, path, "min_fen", 1, MAX_FEN)
    needs_payer = fields["needs_payer"]
    if not isinstance(needs_payer, bool):
        raise RulesInvalidError(f"{path}needs_payer: true or false is wanted")
    with _known(f"{path}platforms"):
        platforms = frozenset(Platform(name) for name in _texts(fields, path, "platforms"))
    return MethodRule(
        method=method,
        platforms=platforms,
        currencies=frozenset(_texts(fields, path, "currencies")),
        min_fen=Fen(low),
        max_fen=Fen(_whole(fields, path, "max_fen", low, MAX_FEN)),
        needs_payer=needs_payer,
    )


def _quotas(value: object) -> dict[ChannelName, tuple[QuotaPlan, ...]]:
    fields = _object(value, "quotas")
    found: dict[ChannelName, tuple[QuotaPlan, ...]] = {}
    for name, plans in fields.items():
        path = f"quotas.{name}"
        with _known(path):
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
    fields = _object(value, path)
    _named(fields, f"{path}.", ("from_day", "limit_fen", "shards"))
    day = _text(fields, f"{path}.", "from_day")
    with _known(f"{path}.from_day"):
        if len(day) != DAY_LENGTH or not day.isdecimal() or not day.isascii():
            raise ValueError(day)
        date(int(day[:4]), int(day[4:6]), int(day[6:]))
    limit = _whole(fields, f"{path}.", "limit_fen", 0, MAX_FEN)
    return QuotaPlan(day, Fen(limit), _whole(fields, f"{path}.", "shards", 1, MAX_SHARDS))


def _weights(value: object) -> Weights:
    fields = _object(value, "weights")
    names = ("failure_microfen", "latency_microfen_per_ms")
    _named(fields, "weights.", names)
    return Weights(*(_whole(fields, "weights.", name, 0, MAX_WEIGHT) for name in names))


def _breaker(value: object) -> BreakerRule:
    fields, path = _object(value, "breaker"), "breaker."
    names = BreakerRule._fields
    _named(fields, path, names)
    pause = _whole(fields, path, "pause_ms", 1, MAX_MS)
    return BreakerRule(
        failures=_whole(fields, path, "failures", 1, 1_000),
        within_ms=_whole(fields, path, "within_ms", 1, MAX_MS),
        failure_ppm=_whole(fields, path, "failure_ppm", 1, PPM),
        least_calls=_whole(fields, path, "least_calls", 1, MAX_WINDOW),
        pause_ms=pause,
        longest_pause_ms=_whole(fields, path, "longest_pause_ms", pause, MAX_MS),
        lease_ms=_whole(fields, path, "lease_ms", 1, MAX_MS),
        cool_down_ms=_whole(fields, path, "cool_down_ms", 0, MAX_MS),
    )


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is repeated")
    return found


def _object(value: object, path: str) -> Fields:
    if not isinstance(value, dict):
        raise RulesInvalidError(f"{path}: an object is wanted")
    return value


def _named(fields: Fields, path: str, names: tuple[str, ...]) -> None:
    for name in sorted({*fields} ^ {*names}):
        raise RulesInvalidError(f"{path}{name}: {'unknown' if name in fields else 'missing'}")


def _whole(fields: Fields, path: str, name: str, low: int, high: int) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RulesInvalidError(f"{path}{name}: a whole number from {low} to {high} is wanted")
    return value


def _text(fields: Fields, path: str, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_TEXT:
        raise RulesInvalidError(f"{path}{name}: a text of 1 to {MAX_TEXT} characters is wanted")
    return value


def _texts(fields: Fields, path: str, name: str) -> list[str]:
    value = fields[name]
    if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
        raise RulesInvalidError(f"{path}{name}: a list of texts is wanted")
    return value


@contextmanager
def _known(path: str) -> Iterator[None]:
    """Whatever name or date is not known inside is refused under this path."""
    try:
        yield
    except ValueError:
        raise RulesInvalidError(f"{path}: unknown") from None
