"""The ERP over HTTP, in an interface of ours: infra/docs/erp.md (MK6)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from octane.coupons.ports import TankStock
from octane.kernel.clock import Clock, Instant
from octane.wire.http import Transport
from octane.wire.signed_calls import SignedCalls

TANKS = "/erp/v1/tanks"
MOST_TANKS = 10_000
MOST_TEXT = 32


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


def _tank(told: Mapping[str, object]) -> TankStock:
    """Read one tank; raise `KeyError`, `TypeError` or `ValueError`."""
    grade, group = told["grade"], told["group"]
    litres, threshold, measured_at = told["litres"], told["threshold_litres"], told["measured_at"]
    if not isinstance(grade, str) or not isinstance(group, str):
        raise ValueError
    if not (0 < len(grade) <= MOST_TEXT and 0 < len(group) <= MOST_TEXT):
        raise ValueError
    if type(litres) is not int or type(threshold) is not int or type(measured_at) is not int:
        raise ValueError
    if min(litres, threshold, measured_at) < 0:
        raise ValueError
    return TankStock(grade, group, litres, threshold, Instant(measured_at))
