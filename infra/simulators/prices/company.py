"""The publishers of fuel prices as one company with two addresses: a format each, no login."""

from typing import TYPE_CHECKING

from simulators.misbehaviour import Effect, Faults, Rules
from simulators.prices.board import Board
from simulators.protocol import Call, Json, Now, Quiet, Reply, Subject, json_reply
from simulators.texts import moment

if TYPE_CHECKING:
    from collections.abc import Callable

CITY, LIST = "/cnoil/oil_city", "/oil/prices"
BUSY = 10012


class Prices(Quiet):
    name = "prices"
    operations = frozenset({"city", "list"})

    def __init__(self, now: Now) -> None:
        self.rules = Rules()
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Back to the first prices, without rules."""
        self.rules.clear()
        self.board = Board()
        self.pulls = {"city": 0, "list": 0}

    def subject(self, call: Call) -> Subject | None:
        operation = {("GET", CITY): "city", ("GET", LIST): "list"}.get((call.method, call.path))
        return None if operation is None else Subject(operation)

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        self.pulls[subject.operation] += 1
        if (broken := faults.get(Effect.STATUS)) is not None:
            return json_reply(broken.status or 500, {"message": "try again"})
        refuse = faults.get(Effect.REFUSE)
        if subject.operation == "city":
            code = 0 if refuse is None else int(refuse.code or BUSY)
            cities = self.board.cities() if refuse is None else None
            return json_reply(200, {"reason": "success", "result": cities, "error_code": code})
        if refuse is not None:
            return json_reply(200, {"code": int(refuse.code or BUSY), "data": None})
        rows = self.board.rows(moment(self._now()).date())
        return json_reply(200, {"code": 200, "data": {"list": rows}})

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "GET /prices": lambda _: dict(self.board.texts),
            "POST /prices": self._put,
            "POST /jump": self._jump,
            "POST /drop": self._drop,
            "POST /history": self._add_history,
            "POST /settings": self._set,
        }
        return commands[name](order) if name in commands else None

    def books(self) -> Json:
        return {"totals": dict(self.pulls), "prices": dict(self.board.texts)}

    def _put(self, order: Json) -> Json:
        """`{"province": "北京", "92": "7.80", "95": ""}`: what its answers say from now on."""
        grades = dict(order)
        return self.board.put(str(grades.pop("province")), grades)

    def _jump(self, order: Json) -> Json:
        percent = order["percent"]
        if not isinstance(percent, int) or isinstance(percent, bool):
            raise ValueError("percent is a whole number")
        return self.board.jump(str(order["province"]), percent)

    def _drop(self, order: Json) -> Json:
        self.board.drop(str(order["province"]))
        return {"provinces": sorted(self.board.texts)}

    def _add_history(self, order: Json) -> Json:
        """One more row of the list format, as it is given."""
        self.board.history.append(order)
        return {"history": self.board.history}

    def _set(self, order: Json) -> Json:
        labels = order.get("labels", self.board.labels)
        if not isinstance(labels, bool) or set(order) - {"labels"}:
            raise ValueError("settings: labels (true or false)")
        self.board.labels = labels
        return {"labels": labels}
