"""How often who may do what: the one table of limits (GW3).

A limit is a token bucket: it holds `burst` tokens, and `tokens` new ones drip in over `seconds`. So at most
`burst + tokens * time / seconds` calls pass in any stretch of time, and an idle caller has the whole burst.

Whether a limit fails open is decided here: when the tables cannot be reached, one that guards a secret or
costs money or a stranger's peace refuses (nobody gets tries that are not counted), one that only spares our
own capacity lets pass.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from octane.kernel.errors import OctaneError
from octane.kernel.settings import Settings

HOUR = 3_600
DAY = 24 * HOUR


class LimitsInvalidError(OctaneError):
    """A fault of the deployment: OCTANE_LIMITS cannot be read."""

    code = "LIMITS_INVALID"


class Per(StrEnum):
    """Whom a limit counts."""

    USER = "USER"
    PHONE = "PHONE"
    IP = "IP"
    """Many people may share one (NAT): wide, and in shards."""
    DEVICE = "DEVICE"
    """The client's own word, so this one stops loops of honest clients, not attackers."""


class Limit(NamedTuple):
    per: Per
    tokens: int
    seconds: int
    burst: int
    fails_open: bool
    shards: int = 1
    """Buckets that share tokens and burst, so that one address is no hot key."""


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        # a login is a call to the provider and some writes; its codes cannot be guessed
        "login_ip": Limit(Per.IP, 300, 60, 300, fails_open=True, shards=4),
        "login_device": Limit(Per.DEVICE, 20, 60, 20, fails_open=True),
        # each message costs money and rings somebody's phone
        "sms_code_phone": Limit(Per.PHONE, 5, DAY, 5, fails_open=False),  # ten in any day
        "sms_step_up_phone": Limit(Per.PHONE, 5, DAY, 5, fails_open=False),  # its owner, logged in
        "sms_code_ip": Limit(Per.IP, 200, HOUR, 60, fails_open=False, shards=2),
        "sms_code_device": Limit(Per.DEVICE, 10, HOUR, 5, fails_open=False),
        # guesses of a secret
        "code_try_ip": Limit(Per.IP, 600, HOUR, 120, fails_open=False, shards=2),
        "step_up_user": Limit(Per.USER, 20, HOUR, 10, fails_open=False),
        # whether a stranger's account number exists, and what its holder is called
        "bill_account_user": Limit(Per.USER, 30, HOUR, 10, fails_open=False),
        "coupon_code_user": Limit(Per.USER, 30, HOUR, 10, fails_open=False),
        # work that is heavy for us
        "export_user": Limit(Per.USER, 3, DAY, 2, fails_open=True),
        "evidence_user": Limit(Per.USER, 30, HOUR, 10, fails_open=True),
        "dry_run_user": Limit(Per.USER, 60, HOUR, 20, fails_open=True),
    }
)


def limits_of(settings: Settings) -> Mapping[str, Limit]:
    """The limits in force; OCTANE_LIMITS overrides some: `export_user=10/86400/5` is tokens, seconds, burst.

    Raises `LimitsInvalidError`.
    """
    limits = dict(LIMITS)
    for part in filter(None, settings.limits.split(",")):
        name, _, terms = part.partition("=")
        try:
            tokens, seconds, burst = (int(term) for term in terms.split("/"))
            limit = limits[name]._replace(tokens=tokens, seconds=seconds, burst=burst)
        except (KeyError, ValueError):
            raise LimitsInvalidError(f"{part!r} is no limit.") from None
        limits[name] = limit
    for name, limit in limits.items():
        if min(limit.tokens, limit.seconds, limit.shards) < 1 or limit.burst < limit.shards:
            raise LimitsInvalidError(f"{name} must let somebody pass: {limit}.")
    return limits
