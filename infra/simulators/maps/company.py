"""Tencent's maps as a company: the distance matrix, checked as strictly as the real one."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from simulators.maps.roads import Point, Way, points, way
from simulators.maps.signing import MapKeys, is_signed
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Now, Quiet, RefusedError, Reply, Subject, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/ws/distance/v1/matrix"
MODES = frozenset({"driving", "walking", "bicycling"})
MOST_PAIRS, MOST_TO_ONE = 625, 200
NO_ROAD = 4
"""What an element's status says where no road leads."""


class Maps(Quiet):
    name = "maps"
    operations = frozenset({"matrix"})

    def __init__(self, keys: MapKeys, now: Now) -> None:
        self.rules = Rules()
        self._keys = keys
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Forget every question, made road and rule."""
        self.rules.clear()
        self._asked: list[Json] = []
        self._roads: dict[Point, Way | None] = {}

    def subject(self, call: Call) -> Subject | None:
        if (call.method, call.path.rstrip("/")) != ("GET", PATH):
            return None
        return Subject("matrix", frozenset({call.query.get("from", "")}))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        broken = faults.get(Effect.STATUS)
        if broken is not None:
            return Reply(broken.status or 500, b"<html>", {"Content-Type": "text/html"})
        try:
            if (refuse := faults.get(Effect.REFUSE)) is not None:
                raise _refused(int(refuse.code or "120"), refuse.message or "此key每秒请求量已达到上限")
            rows = self._matrix(call)
        except RefusedError as refusal:
            return json_reply(200, {"status": int(refusal.code), "message": refusal.message})
        return json_reply(200, {"status": 0, "message": "query ok", "result": {"rows": rows}})

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "GET /keys": lambda _: asdict(self._keys),
            "POST /roads": self._make_road,
        }
        return commands[name](order) if name in commands else None

    def books(self) -> Json:
        return {
            "totals": {"asked": len(self._asked), "pairs": sum(one["pairs"] for one in self._asked)},
            "questions": self._asked,
        }

    def _matrix(self, call: Call) -> list[Json]:
        fields = call.query
        for name in ("key", "from", "to"):
            if not fields.get(name):
                raise _refused(306, f"缺少必要字段: {name}")
        if len(fields["key"].split("-")) != len(self._keys.key.split("-")):
            raise _refused(311, "key格式错误")
        if fields["key"] != self._keys.key:
            raise _refused(110, "请求来源未被授权")
        if not is_signed(self._keys, PATH, fields):
            raise _refused(111, "签名验证失败")
        try:
            starts, ends = points(fields["from"]), points(fields["to"])
        except ValueError as wrong:
            raise _refused(310, f"请求参数信息有误: {wrong}") from None
        pairs = len(starts) * len(ends)
        if fields.get("mode") not in MODES or pairs > (
            MOST_TO_ONE if 1 in (len(starts), len(ends)) else MOST_PAIRS
        ):
            raise _refused(310, "请求参数信息有误: mode 或坐标个数")
        self._asked.append({"at": self._now(), "from": fields["from"], "pairs": pairs})
        return [{"elements": [self._element(start, end) for end in ends]} for start in starts]

    def _element(self, start: Point, end: Point) -> Json:
        found = self._roads.get(end, way(start, end))
        if found is None:
            return {"distance": -1, "duration": -1, "status": NO_ROAD}
        return {"distance": found.metres, "duration": found.seconds}

    def _make_road(self, order: Json) -> Json:
        """`to` is so far by road, wherever one starts; without `metres` no road leads there."""
        [end] = points(str(order["to"]))
        metres = order.get("metres")
        self._roads[end] = None if metres is None else Way(int(metres), int(order.get("seconds", 60)))
        return {"to": order["to"], "metres": metres}


def _refused(code: int, message: str) -> RefusedError:
    return RefusedError(200, str(code), message)
