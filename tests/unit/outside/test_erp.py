"""The ERP's tanks: the client against the simulated one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from unit.outside.carrier import BASE, START, Carrier, Clock, Said, Unplugged

from octane.coupons.erp import ErpConfig, HttpErp
from octane.coupons.ports import TankStock
from octane.kernel.clock import Instant
from simulators.erp.company import Erp, new_erp_keys
from simulators.protocol import Reply

KEYS = new_erp_keys()
TANK = {"grade": "92", "group": "EAST", "litres": 5, "threshold_litres": 9, "measured_at": START}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Erp:
    return Erp(KEYS, clock)


@pytest.fixture
def wire(company: Erp) -> Carrier:
    return Carrier(company)


def erp_on(wire: Any, clock: Clock, key: str = KEYS.key, client: str = KEYS.client) -> HttpErp:
    return HttpErp(ErpConfig(client, key, BASE), wire, clock)


@pytest.fixture
def erp(wire: Carrier, clock: Clock) -> HttpErp:
    return erp_on(wire, clock)


def test_the_tanks_are_read(erp: HttpErp, company: Erp) -> None:
    company.command("POST /tanks", {"grade": "92", "group": "EAST", "litres": 7, "threshold_litres": 8})
    tanks = erp.tanks()
    assert tanks is not None
    assert TankStock("92", "EAST", 7, 8, Instant(START)) in tanks
    assert len(tanks) == company.books()["totals"]["tanks"]


def test_a_gauge_that_stands_still_says_when_it_last_moved(erp: HttpErp, company: Erp, clock: Clock) -> None:
    company.command("POST /gauges", {"stopped": True})
    clock.at += 60_000
    assert {tank.measured_at for tank in erp.tanks() or ()} == {START}


@pytest.mark.parametrize(
    ("effect", "more"),
    [("drop_before", {}), ("drop_after", {}), ("status", {"status": 503}), ("wrong_signature", {})],
    ids=range(4),
)
def test_silence_is_none(erp: HttpErp, wire: Carrier, effect: str, more: dict[str, Any]) -> None:
    wire.misbehave("tanks", effect, **more)
    assert erp.tanks() is None
    assert erp.tanks() is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"tanks":1}',
        b'{"tanks":[1]}',
        *(
            json.dumps({"tanks": [TANK | wrong]}).encode()
            for wrong in (
                {"litres": -1},
                {"litres": "5"},
                {"litres": 5.5},
                {"litres": True},
                {"litres": 10**9 + 1},
                {"threshold_litres": 10**40},
                {"measured_at": 10**13},
                {"grade": "\ud800"},
                {"grade": "#ERP"},
                {"grade": "92\n"},
                {"group": "东"},
                {"threshold_litres": None},
                {"measured_at": -1},
                {"grade": ""},
                {"grade": 92},
                {"group": "x" * 33},
            )
        ),
        json.dumps({"tanks": [TANK, TANK]}).encode(),
        json.dumps({"tanks": [TANK, {}]}).encode(),
    ],
    ids=range(23),
)
def test_what_cannot_be_read_is_none(erp: HttpErp, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr("simulators.erp.company.json_reply", lambda *_: Reply(200, body))
    assert erp.tanks() is None


def test_a_good_answer_is_not_none(erp: HttpErp, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"tanks": [TANK]}).encode()
    monkeypatch.setattr("simulators.erp.company.json_reply", lambda *_: Reply(200, body))
    assert erp.tanks() == (TankStock("92", "EAST", 5, 9, Instant(START)),)


@pytest.mark.parametrize(
    ("key", "client"), [("0" * 64, KEYS.client), (KEYS.key, "E0")], ids=["key", "client"]
)
def test_a_stranger_is_told_nothing(wire: Carrier, clock: Clock, key: str, client: str) -> None:
    assert erp_on(wire, clock, key, client).tanks() is None


def test_one_thing_wrong_in_the_signed_call(erp: HttpErp, wire: Carrier, clock: Clock) -> None:
    erp.tanks()
    good = wire.calls[-1]
    later = str(clock.at // 1_000 + 1)
    altered = [
        replace(good, headers={**good.headers, "erp-timestamp": later}),
        replace(good, headers={**good.headers, "erp-signature": "0" * 64}),
        replace(good, target=good.target + "?a=1"),
        replace(good, body=b"{}"),
    ]
    assert [wire.carry(call).status for call in altered] == [401] * 4
    clock.at += 301_000
    assert wire.carry(good).status == 401


def test_without_a_wire_or_a_signature(clock: Clock) -> None:
    assert erp_on(Unplugged(), clock).tanks() is None
    assert erp_on(Said(json.dumps({"tanks": []}).encode()), clock).tanks() is None


def test_the_key_is_shown_nowhere(erp: HttpErp) -> None:
    assert KEYS.key not in repr(ErpConfig(KEYS.client, KEYS.key, BASE)) + repr(vars(erp))
