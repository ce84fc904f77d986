"""What each operation costs on AWS, pinned: a change here is a change of the bill, and must be meant."""

import orjson
import pytest

from bench.costs import Cost, cost_of, invocations_of, missed_targets, operation_costs
from bench.recording import Recording, record_top_up
from bench.warm import Replay, silence

COSTS = {
    "place_order": Cost(aws_calls=2, read_units=8, write_units=16, apart=2),  # of them risk: six units
    "pay_order": Cost(aws_calls=3, read_units=1, write_units=13, apart=1),
    "payment_callback": Cost(aws_calls=2, read_units=1, write_units=10),
    "recharge_worker": Cost(aws_calls=2, read_units=0, write_units=4),
    "get_order": Cost(aws_calls=1, read_units=1, write_units=0, apart=1),
    "dispatch_events": Cost(aws_calls=1, read_units=0, write_units=0),
    "push_changes": Cost(aws_calls=2, read_units=1, write_units=0),
    "issuer_callback": Cost(aws_calls=2, read_units=1, write_units=7),
    "authorize": Cost(aws_calls=0, read_units=0, write_units=0, apart=1),
    "routed_pay": Cost(aws_calls=3, read_units=1, write_units=15, apart=1),  # the decision: two units
    "wallet_payment": Cost(aws_calls=2, read_units=1, write_units=16),
    "alipay_callback": Cost(aws_calls=2, read_units=1, write_units=10),
    "unionpay_callback": Cost(aws_calls=2, read_units=1, write_units=10),
}
TOP_UP = Cost(aws_calls=16, read_units=13, write_units=50, apart=5)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record_top_up(tmp_path_factory.mktemp("simulators"))


def test_each_operation_costs_what_it_should(recording: Recording) -> None:
    assert operation_costs(recording) == COSTS


def test_a_whole_top_up_costs_what_it_should(recording: Recording) -> None:
    assert cost_of(recording.top_up) == TOP_UP


def test_a_top_up_calls_each_function_as_often_as_it_should(recording: Recording) -> None:
    functions = [invocation.function for invocation in recording.top_up]
    assert {name: functions.count(name) for name in functions} == {
        "identity/authorize": 2,
        "orders/place_order": 1,
        "orders/pay_order": 1,
        "callbacks/wechat_payment": 1,
        "orders/dispatch_events": 1,
        "orders/recharge_order": 1,
        "callbacks/issuer_recharge": 1,
        "notify/push_changes": 4,
    }
    assert sum(invocation.pushes for invocation in recording.top_up) == 2, "paid, and recharged"


def test_each_operation_makes_at_most_one_call_outside_aws(recording: Recording) -> None:
    outside = {name: len(invocation.wire) for name, invocation in invocations_of(recording).items()}
    assert {name for name, calls in outside.items() if calls} == {
        "pay_order",  # prepay
        "routed_pay",
        "recharge_worker",  # submit
        "issuer_callback",  # the notice proves nothing: query
    }
    assert max(outside.values()) == 1


def test_the_counts_are_within_the_promises(recording: Recording) -> None:
    assert list(missed_targets(operation_costs(recording), cost_of(recording.top_up))) == []


@pytest.mark.parametrize("operation", ["pay_order", "routed_pay"])
def test_what_routing_knows_is_read_by_one_call_for_all(recording: Recording, operation: str) -> None:
    """Rules, the health of every channel and the used quotas: one BatchGet, whoever asks and how often."""
    [answer] = invocations_of(recording)[operation].apart
    assert answer.service == "dynamodb"
    assert orjson.loads(answer.body).keys() == {"Responses", "UnprocessedKeys"}


@pytest.mark.parametrize("operation", ["place_order", "get_order"])
def test_the_switches_are_read_by_one_call_for_all(recording: Recording, operation: str) -> None:
    apart = [answer.service for answer in invocations_of(recording)[operation].apart]
    assert apart.count("ssm") == 1


def test_a_missed_promise_is_named() -> None:
    dear = {**COSTS, "place_order": Cost(3, 1, 8), "routed_pay": Cost(4, 1, 11)}
    assert list(missed_targets(dear, Cost(17, 6, 51))) == [
        "place_order makes 3 AWS calls, at most 2 are allowed",
        "routed_pay makes 4 AWS calls, at most 3 are allowed",
        "a top-up makes 17 AWS calls, at most 16 are allowed",
        "a top-up uses 51 write units, at most 50 are allowed",
    ]


@pytest.mark.parametrize("operation", sorted(COSTS))
def test_the_real_clients_make_the_calls_that_were_counted(
    recording: Recording, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Played back through botocore, an operation asks for exactly the recorded answers, every time; what is
    read apart was asked for once, before."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    replay = Replay(recording, invocations_of(recording)[operation])
    with silence():
        replay.call()
        replay.call()
