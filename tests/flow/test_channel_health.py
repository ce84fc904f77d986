"""A sick channel is left alone by every process, and found well again by a probe and nothing else (PY6)."""

from typing import Any

import pytest

from flow.books import assert_refused, nothing_written
from flow.customers import Customer, new_customer
from flow.routes import another_process, decision, heard, publish, route
from flow.tills import ALIPAY, TILLS, UNIONPAY, WECHAT, Till
from octane.channels.port import PaymentRequest, Unknown
from octane.routing.health import health_key, record_of
from octane.store.engine import Throttled
from world.shop import Answer, Shop, context

OPENS_AFTER = 5
PAUSE = 20
"""Seconds until a probe may be sent; it doubles with each that fails."""


@pytest.fixture(autouse=True)
def rules(shop: Shop, operator: Customer) -> int:
    return publish(shop, operator)


def circuit(shop: Shop, till: Till) -> str:
    record = record_of(till.channel, shop.wiring.store.get(health_key(till.channel)))
    return record.circuit.value


def make_sick(shop: Shop, ann: Customer, till: Till) -> None:
    """Let so many payments fail that the circuit opens."""
    till.misbehave(shop, "status", count=OPENS_AFTER, status=500)
    for _ in range(OPENS_AFTER):
        assert_refused(ann.pay(ann.place(), till.method), 504, "PAYMENT_UNKNOWN")
    assert circuit(shop, till) == "OPEN"
    shop.clock.move(seconds=6)


def probe(shop: Shop) -> list[str]:
    """One tick of the schedule, in a process of its own; return who was asked."""
    shop.wiring = another_process(shop)
    before = len(shop.signals.named("ChannelProbed"))
    shop.function("routing/probe_channels")({}, context())
    return [str(found["channel"]) for found in shop.signals.named("ChannelProbed")[before:]]


@pytest.mark.parametrize("till", TILLS, ids=lambda till: till.channel.value)
def test_failures_open_the_circuit_for_everybody(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    make_sick(shop, ann, till)
    shop.wiring = another_process(shop)
    known = len(till.company(shop).get("/books")["trades"])

    # When another process is asked for the channel by name, and for any
    order = ann.place()
    with nothing_written(shop):
        assert_refused(ann.pay(order, till.method), 503, "CHANNEL_UNAVAILABLE")
    answer = route(ann, order)

    # Then it does not call it, and says why in its decision
    assert answer.body["payment"]["method"] == ("ALIPAY_NATIVE" if till is WECHAT else "WECHAT_NATIVE")
    excluded = {name: why for name, why, *_ in decision(shop, f"{order}P01")["candidates"]}
    assert excluded[till.method] == "CIRCUIT_OPEN"
    assert len(till.company(shop).get("/books")["trades"]) == known


def test_refusals_open_nothing(shop: Shop, ann: Customer) -> None:
    # Given customers whom the channel refuses, one after the other
    WECHAT.refuse(shop, count=8)
    for _ in range(8):
        assert_refused(ann.pay(ann.place(), WECHAT.method), 422, "PAYMENT_REFUSED")

    # Then it is the channel at its best
    assert circuit(shop, WECHAT) == "CLOSED"
    assert ann.pay(ann.place(), WECHAT.method).status == 200


def test_one_attempt_counts_once_however_often_it_is_sent(shop: Shop, ann: Customer) -> None:
    WECHAT.misbehave(shop, "status", count=9, status=500)
    order = ann.place()
    for _ in range(4):
        assert_refused(ann.pay(order, WECHAT.method), 504, "PAYMENT_UNKNOWN")
    assert circuit(shop, WECHAT) == "CLOSED"


def pay_quickly(ann: Customer) -> Answer:
    body = {"userId": ann.user_id, "amount": 100, "paymentMethod": WECHAT.method}
    return ann.post("/payments/create", body)


def test_failures_that_two_processes_see_at_once_both_count(shop: Shop, ann: Customer) -> None:
    # Given a process that knows the channel as it was before another one failed there
    first = shop.wiring
    assert ann.pay(ann.place(), WECHAT.method).status == 200
    WECHAT.misbehave(shop, "status", count=3, status=500)
    shop.wiring = another_process(shop)
    assert_refused(ann.pay(ann.place(), WECHAT.method), 504, "PAYMENT_UNKNOWN")

    # When it fails too, by either call
    shop.wiring = first
    assert_refused(ann.pay(ann.place(), WECHAT.method), 504, "PAYMENT_UNKNOWN")
    shop.wiring = another_process(shop)
    assert_refused(pay_quickly(ann), 504, "PAYMENT_UNKNOWN")

    # Then
    record = record_of(WECHAT.channel, shop.wiring.store.get(health_key(WECHAT.channel)))
    assert (record.bad, record.run) == (3, 3)


def test_the_quick_call_learns_what_another_process_saw(shop: Shop, ann: Customer) -> None:
    # Given
    first = shop.wiring
    assert pay_quickly(ann).status == 201
    WECHAT.misbehave(shop, "status", count=2, status=500)
    shop.wiring = another_process(shop)
    pay_quickly(ann)

    # When
    shop.wiring = first
    assert_refused(pay_quickly(ann), 504, "PAYMENT_UNKNOWN")

    # Then
    record = record_of(WECHAT.channel, shop.wiring.store.get(health_key(WECHAT.channel)))
    assert record.bad == 2


def test_a_success_ends_a_run_of_failures(shop: Shop, ann: Customer) -> None:
    for _ in range(2):
        WECHAT.misbehave(shop, "status", count=OPENS_AFTER - 1, status=500)
        for _ in range(OPENS_AFTER - 1):
            ann.pay(ann.place(), WECHAT.method)
        assert ann.pay(ann.place(), WECHAT.method).status == 200
    assert circuit(shop, WECHAT) == "CLOSED"


def test_when_every_channel_is_sick_nothing_is_stored(shop: Shop, ann: Customer) -> None:
    # Given
    for till in TILLS:
        make_sick(shop, ann, till)
    bob = new_customer(shop)  # ann was too quick for the risk rules
    order = bob.place()

    # When / Then
    with nothing_written(shop):
        assert_refused(route(bob, order), 503, "CHANNEL_UNAVAILABLE")
    assert bob.state(order) == "PENDING"


def test_an_open_payment_of_a_sick_channel_waits(shop: Shop, ann: Customer) -> None:
    # Given a trade at a channel that fell sick since
    order = ann.place()
    route(ann, order)
    make_sick(shop, ann, WECHAT)

    # When the customer wants another way: only WeChat Pay could confirm the close
    with nothing_written(shop):
        assert_refused(ann.pay(order, ALIPAY.method), 504, "PAYMENT_UNKNOWN")

    # Then what was prepared is still handed out
    assert route(ann, order).body["payment"]["out_trade_no"] == f"{order}P01"


@pytest.mark.parametrize("till", TILLS, ids=lambda till: till.channel.value)
def test_a_probe_finds_it_well(shop: Shop, ann: Customer, till: Till) -> None:
    # Given
    make_sick(shop, ann, till)
    with nothing_written(shop):
        assert probe(shop) == []

    # When its pause is over
    shop.clock.move(seconds=PAUSE)
    asked = probe(shop)

    # Then
    assert asked == [till.channel]
    assert circuit(shop, till) == "CLOSED"
    with nothing_written(shop):
        assert probe(shop) == []
    shop.clock.move(seconds=6)
    assert ann.pay(ann.place(), till.method).status == 200


def test_a_probe_that_fails_waits_twice_as_long(shop: Shop, ann: Customer) -> None:
    # Given
    make_sick(shop, ann, WECHAT)
    WECHAT.misbehave(shop, "status", "query", status=500, count=1)
    shop.clock.move(seconds=PAUSE)
    assert probe(shop) == ["WECHAT"]
    assert circuit(shop, WECHAT) == "OPEN"

    # When / Then
    shop.clock.move(seconds=PAUSE)
    assert probe(shop) == []
    shop.clock.move(seconds=PAUSE + 6)
    assert probe(shop) == ["WECHAT"]
    assert circuit(shop, WECHAT) == "CLOSED"


def test_two_schedules_at_once_send_one_probe(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a second prober between the first one's reading and its claim
    make_sick(shop, ann, WECHAT)
    shop.clock.move(seconds=PAUSE)
    engine = shop.wiring.engine
    write = engine.write
    asked: list[list[str]] = []

    def overtaken(update: Any) -> Any:
        monkeypatch.setattr(engine, "write", write)
        asked.append(probe(shop))
        return write(update)

    monkeypatch.setattr(engine, "write", overtaken)

    # When
    assert probe(shop) == ["WECHAT"]

    # Then
    assert asked == [["WECHAT"]]
    assert len(shop.signals.named("ChannelProbed")) == 1
    assert circuit(shop, WECHAT) == "CLOSED"


def test_a_time_out_costs_a_process_one_wait(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a channel that keeps this process waiting for ten seconds
    calls: list[PaymentRequest] = []

    def slow(request: PaymentRequest) -> Unknown:
        calls.append(request)
        shop.clock.move(seconds=10)
        return Unknown("NO_ANSWER", no_answer=True)

    monkeypatch.setattr(shop.wiring.wechat, "prepare", slow)
    order = ann.place()
    assert_refused(route(ann, order), 504, "PAYMENT_UNKNOWN")

    # When it is asked again, by name and by the next customer
    with nothing_written(shop):
        assert_refused(route(ann, order), 504, "PAYMENT_UNKNOWN")
        assert_refused(ann.pay(order, ALIPAY.method), 504, "PAYMENT_UNKNOWN")
    assert route(ann, ann.place()).body["payment"]["method"] == "ALIPAY_NATIVE"

    # Then it waits no second time; another process does not know of it
    assert len(calls) == 1
    assert circuit(shop, WECHAT) == "CLOSED"
    shop.wiring = another_process(shop)
    assert route(ann, ann.place()).body["payment"]["method"] == "WECHAT_NATIVE"


def test_limits_that_could_never_be_read_are_not_ignored(
    shop: Shop, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a process that has never read the routing table, which does not answer
    def throttled(_keys: object) -> Any:
        raise Throttled

    read, order = shop.wiring.engine.batch_get, ann.place()
    monkeypatch.setattr(shop.wiring.engine, "batch_get", throttled)

    # When / Then nothing is begun
    with nothing_written(shop):
        assert_refused(ann.pay(order, UNIONPAY.method), 503, "RULES_UNKNOWN")
    assert heard(shop) == []

    # And once it has been read, it may fall silent
    monkeypatch.setattr(shop.wiring.engine, "batch_get", read)
    assert ann.pay(order, UNIONPAY.method).status == 200
    shop.clock.move(seconds=60)
    order = ann.place()
    monkeypatch.setattr(shop.wiring.engine, "batch_get", throttled)
    assert ann.pay(order, UNIONPAY.method).status == 200
