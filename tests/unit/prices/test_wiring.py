"""The sources of prices and their subscribers, as a function of ours is wired (ST2)."""

import json

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from unit.outside.carrier import Clock

from octane.kernel.clock import MINUTE, later
from octane.orders.queues import QueueUnavailableError, SqsQueues
from octane.orders.states import Queue
from octane.prices.ports import Silent
from octane.wire.http import HttpTransport, NoAnswerError, Response
from octane.wiring import Wiring

ANSWER = {"data": {"list": [{"date": "2026-11-18", "province": "浙江", "92h": "7.55"}]}}


def test_a_slow_source_silences_no_other_on_the_same_host(monkeypatch: pytest.MonkeyPatch):
    wiring = Wiring({"OCTANE_PRICES_URL": "https://prices.example"})
    clock = wiring.__dict__["clock"] = Clock()

    def exchange(_self: HttpTransport, _method: str, url: str, *_more: object) -> Response:
        if "oil_city" in url:
            clock.at = later(clock.at, 5_000)
            raise NoAnswerError("ReadTimeoutError")
        return Response(200, {}, json.dumps(ANSWER).encode())

    monkeypatch.setattr(HttpTransport, "_exchange", exchange)
    for _ in range(3):
        slow, well = (source.pull() for source in wiring.price_sources)
        assert isinstance(slow, Silent) and not isinstance(well, Silent)
        clock.at = later(clock.at, 10 * MINUTE)


def test_nobody_is_told_without_a_template():
    assert not Wiring({}).tells_prices
    assert Wiring({"OCTANE_TEMPLATE_PRICE_CHANGED": "T1"}).tells_prices


@pytest.mark.parametrize(
    "failure",
    [ClientError({"Error": {"Code": "x"}}, "SendMessageBatch"), ReadTimeoutError(endpoint_url="https://sqs")],
    ids=["refused", "silent"],
)
def test_a_queue_that_fails_is_one_that_cannot_be_reached(failure: Exception):
    class Client:
        def send_message_batch(self, **_parameters: object) -> object:
            raise failure

    with pytest.raises(QueueUnavailableError):
        SqsQueues(Client(), {"OCTANE_QUEUE_PRICES": "url"}).send(Queue.PRICES, [{"a": 1}])
