"""The ERP as a company: tanks over HTTP, both ways signed by a shared key.

The interface is Octane's own: infra/docs/erp.md.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from simulators import shared_key
from simulators.erp.books import Tanks
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Now, Quiet, RefusedError, Reply, Subject, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

TANKS = "/erp/v1/tanks"


@dataclass(frozen=True, slots=True)
class ErpKeys:
    client: str
    key: str
    """What the ERP and this client share."""


def new_erp_keys() -> ErpKeys:
    return ErpKeys("E" + secrets.token_hex(4).upper(), secrets.token_hex(32))


class Erp(Quiet):
    name = "erp"
    operations = frozenset({"tanks"})

    def __init__(self, keys: ErpKeys, now: Now) -> None:
        self.rules = Rules()
        self._keys = keys
        self._key = keys.key.encode()
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Fill every tank as it was at first; forget every rule."""
        self.rules.clear()
        self.kept = Tanks(self._now)

    def subject(self, call: Call) -> Subject | None:
        return Subject("tanks") if (call.method, call.path) == ("GET", TANKS) else None

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        try:
            if call.headers.get("erp-client") != self._keys.client:
                raise RefusedError(401, "CLIENT_UNKNOWN", "no such client")
            shared_key.check("erp", self._key, call, self._now)
            if (broken := faults.get(Effect.STATUS)) is not None:
                raise RefusedError(broken.status or 500, "SYSTEM", "try again")
            reply = json_reply(200, {"tanks": self.kept.view()})
        except RefusedError as refused:
            reply = json_reply(refused.status, {"code": refused.code, "message": refused.message})
        key = b"not " + self._key if Effect.WRONG_SIGNATURE in faults else self._key
        return shared_key.signed("erp", key, call, reply)

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "GET /keys": lambda _: asdict(self._keys),
            "POST /tanks": self._fill,
            "POST /gauges": self._gauges,
        }
        return commands[name](order) if name in commands else None

    def books(self) -> Json:
        tanks = self.kept.view()
        return {"totals": {"tanks": len(tanks)}, "tanks": tanks}

    def _fill(self, order: Json) -> Json:
        """`litres` are in a tank from now on: of `grade`, in one `group` or in every one there is."""
        groups = [str(order["group"])] if "group" in order else sorted(
            {str(tank["group"]) for tank in self.kept.view()}
        )  # fmt: skip
        threshold = order.get("threshold_litres")
        filled = [
            self.kept.fill(str(order["grade"]), group, int(order["litres"]), threshold) for group in groups
        ]
        return {"tanks": [asdict(tank) for tank in filled]}

    def _gauges(self, order: Json) -> Json:
        """`stopped`: what is measured no longer gets a new time."""
        self.kept.stopped = order["stopped"] is True
        return {"stopped": self.kept.stopped}
