"""Settings, read from the environment once, at the first call and never at import."""

from collections.abc import Mapping
from typing import NamedTuple

from octane.kernel.clock import SECOND
from octane.kernel.errors import OctaneError
from octane.kernel.money import Fen


class SettingMissingError(OctaneError):
    """A fault of the deployment: the function lacks a variable it needs."""

    code = "SETTING_MISSING"


class Settings(NamedTuple):
    """Times in milliseconds, amounts in fen. Defaults are the product's; the template sets what differs."""

    order_ms: int = 900 * SECOND
    """An order that is not paid by then is closed (OR3)."""
    payment_query_ms: int = 60 * SECOND
    """The first active query after a payment started; then it doubles (OR7)."""
    recharge_query_ms: int = 60 * SECOND
    """The first query after a submit; then it doubles (OR4)."""
    recharge_alert_ms: int = 900 * SECOND
    lease_ms: int = 60 * SECOND
    """Longer than any function lives: when it is over, the process that held it is certainly gone."""
    order_limit: Fen = Fen(5_000_000)
    review_limit: Fen = Fen(200_000)
    """An order above it is reviewed before it is delivered (OR10)."""
    two_reviewers_limit: Fen = Fen(1_000_000)
    """An order above it needs two reviewers."""
    review_ms: int = 24 * 3_600 * SECOND
    """A review that has not ended by then returns the money."""
    claim_ms: int = 1_800 * SECOND
    """So long a review is its reviewer's own."""
    orders_per_hour: int = 30
    issuer_step: Fen = Fen(1)
    routing_cache_ms: int = 5 * SECOND
    """How old routing's rules, health and quotas may be."""
    four_eyes_limit: Fen = Fen(10_000)
    """A difference of more than this needs two people (RC3)."""
    bill_wait_seconds: int = 600
    """Until a bill that is not ready is asked for again (RC1)."""
    bill_tries: int = 60
    """How often it is asked for: then a person is told."""
    public_url: str = ""
    limits: str = ""
    """Limits that differ from those in octane/limits/table.py, which reads this."""
    password_free: Fen = Fen(20_000)
    """More than this from the wallet needs the payment password (ID4)."""
    withdrawal_step_up: bool = True
    """A withdrawal needs a step-up (ID4)."""
    withdrawal_ms: int = 24 * 3_600 * SECOND
    """A withdrawal that is not approved by then expires."""
    director_limit: Fen = Fen(5_000_000)
    """A withdrawal above it needs a second approval, by a finance director (LG5)."""
    home_part_ms: int = 300
    """What one part of the first screen may take; it is shown without those that take longer (GW7)."""
    price_stale_ms: int = 3_600 * SECOND
    """A price that was last heard so long ago is marked: six pulls have missed it (ST2)."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    def number(name: str, default: int) -> int:
        return int(environment.get(f"OCTANE_{name}", default))

    query = number("PAYMENT_QUERY_SECONDS", 60) * SECOND
    return Settings(
        order_ms=number("ORDER_SECONDS", 900) * SECOND,
        payment_query_ms=query,
        recharge_query_ms=number("RECHARGE_QUERY_SECONDS", 60) * SECOND,
        recharge_alert_ms=number("RECHARGE_ALERT_SECONDS", 900) * SECOND,
        lease_ms=number("LEASE_SECONDS", 60) * SECOND,
        order_limit=Fen(number("ORDER_LIMIT_FEN", 5_000_000)),
        review_limit=Fen(number("REVIEW_LIMIT_FEN", 200_000)),
        two_reviewers_limit=Fen(number("TWO_REVIEWERS_FEN", 1_000_000)),
        review_ms=number("REVIEW_SECONDS", 24 * 3_600) * SECOND,
        claim_ms=number("CLAIM_SECONDS", 1_800) * SECOND,
        orders_per_hour=number("ORDERS_PER_HOUR", 30),
        issuer_step=Fen(number("ISSUER_STEP_FEN", 1)),
        routing_cache_ms=number("ROUTING_CACHE_MS", 5_000),
        four_eyes_limit=Fen(number("FOUR_EYES_FEN", 10_000)),
        bill_wait_seconds=number("BILL_WAIT_SECONDS", 600),
        bill_tries=number("BILL_TRIES", 60),
        public_url=environment.get("OCTANE_PUBLIC_URL", ""),
        limits=environment.get("OCTANE_LIMITS", ""),
        password_free=Fen(number("PASSWORD_FREE_FEN", 20_000)),
        withdrawal_step_up=environment.get("OCTANE_WITHDRAWAL_STEP_UP", "true") == "true",
        withdrawal_ms=number("WITHDRAWAL_SECONDS", 24 * 3_600) * SECOND,
        director_limit=Fen(number("DIRECTOR_LIMIT_FEN", 5_000_000)),
        home_part_ms=number("HOME_PART_MS", 300),
        price_stale_ms=number("PRICE_STALE_SECONDS", 3_600) * SECOND,
    )


def required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingMissingError(f"The environment variable {name} is not set.")
    return value
