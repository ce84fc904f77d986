"""The map's wire format, against the simulator in process; one thing broken at a time."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from unit.stations.conftest import PEOPLES_SQUARE, Signals

from octane.stations.model import Place
from octane.stations.ports import Drive
from octane.stations.tencent_maps import PATH, TencentMaps, TencentMapsConfig, sign
from octane.wire.http import NoAnswerError, NotSentError, Response
from simulators.maps.company import Maps
from simulators.maps.signing import MapKeys
from simulators.misbehaviour import ANSWERING, parse_rule
from simulators.protocol import Call, Reply

KEYS = MapKeys("ABCDE-FGHIJ-KLMNO-PQRST-UVWXY-Z2345", "s" * 32)
NEAR, FAR = Place(31_240_000, 121_480_000), Place(31_300_000, 121_600_000)


class Wire:
    """Carries calls to the company in process."""

    def __init__(self) -> None:
        self.company = Maps(KEYS, lambda: 0)
        self.targets: list[str] = []

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        parts = urlsplit(url)
        self.targets.append(f"{parts.path}?{parts.query}")
        reply = self.ask(method, self.targets[-1])
        return Response(reply.status, dict(reply.headers), reply.body)

    def ask(self, method: str, target: str) -> Reply:
        call = Call(method, target, {}, b"")
        subject = self.company.subject(call)
        assert subject is not None
        faults = self.company.rules.take(subject.operation, subject.keys, ANSWERING)
        return self.company.handle(call, subject, faults)


@pytest.fixture
def wire() -> Wire:
    return Wire()


def client(wire: Any, signals: Signals | None = None, **changed: str) -> TencentMaps:
    config = TencentMapsConfig(
        **{"key": KEYS.key, "secret_key": KEYS.secret_key, "base_url": "http://m", **changed}
    )
    return TencentMaps(config, wire, signals or Signals())


def test_a_signed_question_is_answered_with_the_way_to_each(wire: Wire) -> None:
    drives = client(wire).drives(PEOPLES_SQUARE, [NEAR, FAR])

    assert drives is not None
    near, far = drives
    assert near is not None and far is not None
    assert 1_200 < near.metres < far.metres
    assert "%3B" in wire.targets[0] and "from=31.230400%2C121.473700" in wire.targets[0]


def test_where_somebody_stands_is_told_to_eleven_metres_only(wire: Wire) -> None:
    client(wire).drives(Place(31_230_456, 121_473_749), [NEAR])

    assert "from=31.230500%2C121.473700" in wire.targets[0]


def test_a_place_without_a_road_is_none_and_the_others_stay(wire: Wire) -> None:
    wire.company.command("POST /roads", {"to": "31.240000,121.480000"})
    wire.company.command("POST /roads", {"to": "31.300000,121.600000", "metres": 5_000, "seconds": 600})

    assert client(wire).drives(PEOPLES_SQUARE, [NEAR, FAR]) == [None, Drive(5_000, 600)]


def test_the_signature_is_of_the_sorted_raw_parameters() -> None:
    fields = {"to": "1,2;3,4", "from": "5,6", "key": "K"}

    assert sign("/p", fields, "SK") == sign("/p", dict(reversed(fields.items())), "SK")
    assert sign("/p", fields, "SK") == "b649fac08dfa415e2f1fe2ca87a5af65"


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"secret_key": "wrong"}, "111"), ({"key": "A-B-C-D-E-F"}, "110"), ({"key": "short"}, "311")],
)
def test_what_the_map_refuses_is_silence_with_a_reason(
    wire: Wire, changed: dict[str, str], status: str
) -> None:
    signals = Signals()

    assert client(wire, signals, **changed).drives(PEOPLES_SQUARE, [NEAR]) is None

    assert signals.seen == [("MapSilent", {"why": f"STATUS_{status}"})]


@pytest.mark.parametrize("code", ["110", "112", "120", "306", "310", "311"])
def test_every_status_but_zero_is_silence(wire: Wire, code: str) -> None:
    wire.company.rules.add(parse_rule({"operation": "matrix", "effect": "refuse", "code": code}))

    assert client(wire).drives(PEOPLES_SQUARE, [NEAR]) is None


def told(content: object) -> Callable[..., Response]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda *_: Response(200, {}, body)


def rows(*elements: object) -> dict[str, object]:
    return {"status": 0, "result": {"rows": [{"elements": list(elements)}]}}


def _no_answer(*_: object) -> Response:
    raise NoAnswerError


def _not_sent(*_: object) -> Response:
    raise NotSentError


@pytest.mark.parametrize(
    "send",
    [
        *(_no_answer, _not_sent, lambda *_: Response(502, {}, b"{}"), told(b"<html>"), told(b"[" * 100_000)),
        *(told([]), told({"status": 0}), told({"status": "0"}), told(rows()), told(rows(1))),
        told(rows({"distance": "far", "duration": 1})),
        told(rows({"distance": True, "duration": 1})),
        told(rows(*[{"distance": 1, "duration": 1}] * 2)),
        told({"status": 0, "result": {"rows": [{"elements": []}, {"elements": []}]}}),
    ],
    ids=range(14),
)
def test_whatever_comes_instead_of_an_answer_is_silence(send: Callable[..., Response]) -> None:
    class Other:
        def send(self, *arguments: object) -> Response:
            return send(*arguments)

    signals = Signals()

    assert client(Other(), signals).drives(PEOPLES_SQUARE, [NEAR]) is None
    assert [name for name, _ in signals.seen] == ["MapSilent"]


def test_nothing_asked_is_nothing_sent_and_too_much_is_our_fault(wire: Wire) -> None:
    assert client(wire).drives(PEOPLES_SQUARE, []) == []
    assert wire.targets == []
    with pytest.raises(ValueError, match="200"):
        client(wire).drives(PEOPLES_SQUARE, [NEAR] * 201)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"to": ""}, 306), ({"key": ""}, 306), ({"from": "1;2"}, 310), ({"to": "91,0"}, 310),
        ({"mode": "flying"}, 310), ({"to": ";".join(["1,1"] * 201)}, 310),
        ({"from": ";".join(["1,1"] * 26), "to": ";".join(["1,1"] * 25)}, 310), ({"key": "x"}, 311),
        ({"to": ";".join(["1,1"] * 200)}, 0),
        ({"from": ";".join(["1,1"] * 25), "to": ";".join(["1,1"] * 25)}, 0),
    ],
    ids=range(10),
)  # fmt: skip
def test_the_simulator_keeps_the_maps_limits(wire: Wire, fields: dict[str, str], status: int) -> None:
    asked = {"mode": "driving", "from": "31,121", "to": "32,121", "key": KEYS.key, **fields}
    sig = sign(PATH, asked, KEYS.secret_key)
    target = f"{PATH}?" + "&".join(f"{name}={value}" for name, value in {**asked, "sig": sig}.items())

    assert json.loads(wire.ask("GET", target).body)["status"] == status
