"""The ERP over HTTP, in an interface of ours: infra/docs/erp.md (MK6)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from octane.coupons.ports import NAME, TankStock
from octane.kernel.clock import Clock, Instant
from octane.wire.http import Transport
from octane.wire.signed_calls import SignedCalls

TANKS = "/erp/v1/tanks"
MOST_TANKS = 10_000
MOST_TEXT = 32
MOST_LITRES = 10**9
"""Of one tank."""
MOST_MS = 10**13
"""Later is no time that can be shown."""


@dataclass(frozen=True, slots=True)
class ErpConfig:
    client: str
    key: str = field(repr=False)
    base_url: str
    timeout_s: float = 10.0


class HttpErp:
    """Implements `octane.coupons.ports.Erp`."""

    def __init__(self, config: ErpConfig, transport: Transport, clock: Clock) -> None:
        self._calls = SignedCalls(
            "erp",
            config.key,
            config.base_url,
            config.timeout_s,
            transport,
            clock,
            {"erp-client": config.client},
        )

    def tanks(self) -> tuple[TankStock, ...] | None:
        """GET the tanks. One that cannot be read makes the whole answer one that cannot be believed: half a
        list of tanks would look like a shortage."""
        answer = self._calls.call("GET", TANKS)
        if isinstance(answer, str) or answer.status != HTTPStatus.OK:
            return None
        try:
            told = json.loads(answer.body)
            listed = told["tanks"]
            if not isinstance(listed, list) or len(listed) > MOST_TANKS:
                return None
            tanks = tuple(_tank(one) for one in listed)
        except (KeyError, TypeError, ValueError, RecursionError):
            return None
        is_clear = len({(tank.grade, tank.group) for tank in tanks}) == len(tanks)
        return tanks if is_clear else None


class SilentErp:
    """One whose address is known and whose secret is not. Implements `octane.coupons.ports.Erp`."""

    def tanks(self) -> None:
        return None


def _tank(told: Mapping[str, object]) -> TankStock:
    """Read one tank; raise `KeyError`, `TypeError` or `ValueError`."""
    grade, group = told["grade"], told["group"]
    litres, threshold, measured_at = told["litres"], told["threshold_litres"], told["measured_at"]
    if not isinstance(grade, str) or not isinstance(group, str):
        raise ValueError
    if not all(len(name) <= MOST_TEXT and re.fullmatch(NAME, name) for name in (grade, group)):
        raise ValueError
    if type(litres) is not int or type(threshold) is not int or type(measured_at) is not int:
        raise ValueError
    if not (0 <= litres <= MOST_LITRES and 0 <= threshold <= MOST_LITRES and 0 <= measured_at < MOST_MS):
        raise ValueError
    return TankStock(grade, group, litres, threshold, Instant(measured_at))
