"""Degradation switches: cached, exact, and off when they cannot be read (OP4)."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from octane.kernel.clock import Instant
from octane.kernel.switches import MaintenanceError, Switches, must_be_open
from octane.wire.switches import CACHE_MS, ParameterSwitches


class HandClock:
    at = 1_000_000

    def now(self) -> Instant:
        return Instant(self.at)


class Parameter:
    """SSM, as far as it goes."""

    def __init__(self, value: str) -> None:
        self.value: str | Exception = value
        self.calls = 0

    def get_parameter(self, *, Name: str) -> dict[str, dict[str, str]]:
        assert Name == "/octane/switches"
        self.calls += 1
        if isinstance(self.value, Exception):
            raise self.value
        return {"Parameter": {"Value": self.value}}


class Signals:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append(name)


@pytest.fixture
def parameter() -> Parameter:
    return Parameter('{"maintenance":true,"hide_marketing":false}')


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def signals() -> Signals:
    return Signals()


@pytest.fixture
def board(parameter: Parameter, clock: HandClock, signals: Signals) -> ParameterSwitches:
    return ParameterSwitches(parameter, "/octane/switches", clock, signals)


def test_what_is_left_out_is_off(board: ParameterSwitches) -> None:
    assert board.read() == Switches(maintenance=True)


def test_it_is_read_once_in_30_seconds(
    board: ParameterSwitches, parameter: Parameter, clock: HandClock
) -> None:
    board.read()
    clock.at += CACHE_MS - 1
    parameter.value = "{}"
    assert board.read().maintenance
    clock.at += 1
    assert not board.read().maintenance
    assert parameter.calls == 2


@pytest.mark.parametrize(
    "broken",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "GetParameter"),
        EndpointConnectionError(endpoint_url="http://ssm"),
        "",
        "[]",
        "{",
        '{"maintenance":1}',
        '{"maintenance":"true"}',
        '{"maintenance":null}',
    ],
)
def test_what_cannot_be_read_leaves_what_was(
    board: ParameterSwitches,
    parameter: Parameter,
    clock: HandClock,
    signals: Signals,
    broken: str | Exception,
) -> None:
    # Given nothing was ever read
    parameter.value, good = broken, parameter.value

    # Then everything is off, and somebody hears of it
    assert board.read() == Switches()
    assert signals.seen == ["SwitchesUnread"]

    # And what was read once stays in force
    parameter.value = good
    clock.at += CACHE_MS
    assert board.read().maintenance
    parameter.value = broken
    clock.at += CACHE_MS
    assert board.read().maintenance


def test_whoever_asks_while_it_is_read_reads_it_too(
    parameter: Parameter, clock: HandClock, signals: Signals
) -> None:
    found = []

    class Slow(Parameter):
        def get_parameter(self, *, Name: str) -> dict[str, dict[str, str]]:
            if self.calls == 0:
                self.calls += 1
                found.append(switches.read())
            return super().get_parameter(Name=Name)

    switches = ParameterSwitches(Slow(str(parameter.value)), "/octane/switches", clock, signals)
    assert switches.read().maintenance
    assert [one.maintenance for one in found] == [True]


def test_a_switch_of_a_newer_release_is_passed_over(board: ParameterSwitches, parameter: Parameter) -> None:
    parameter.value = '{"simple_answers":true,"new":true}'
    assert board.read() == Switches(simple_answers=True)


def test_maintenance_takes_no_new_orders(board: ParameterSwitches) -> None:
    with pytest.raises(MaintenanceError):
        must_be_open(board)
