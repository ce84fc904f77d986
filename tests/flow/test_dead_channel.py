"""A channel that is dead and keeps everybody waiting (PY6): each process waits for it once in a window, and
all together only until the circuit opens."""

from collections.abc import Mapping
from dataclasses import dataclass

from flow.customers import Customer, new_customer
from octane.kernel.clock import SystemClock
from octane.wire.http import HttpTransport, NoAnswerError, Response
from world.shop import Shop
from world.wired import MovableClock, ShopWiring

COOL_DOWN_SECONDS = 20
FAILURES = 5
"""Both as the built-in rules have them."""
ELSEWHERE = {"ALIPAY_NATIVE", "UNIONPAY_APP"}
"""The second is dearer: a payment in a hundred explores."""


@dataclass
class DeadWeChat:
    """The wire of one process: whoever calls WeChat Pay waits to the end for nothing."""

    clock: MovableClock
    host: str
    waited: int = 0

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        if not url.startswith(self.host):
            return HttpTransport(SystemClock()).send(method, url, headers, body, timeout_s)
        self.waited += 1
        self.clock.move(seconds=round(timeout_s))
        raise NoAnswerError("time-out")


def another_process(shop: Shop) -> DeadWeChat:
    """From now on the functions run in a process that has just started."""
    old = shop.wiring
    wired = ShopWiring(dict(old._environment), shop.secrets, shop.clock)
    wired.engine, wired.lists, wired.meter = old.engine, old.lists, old.meter
    for name in ("queues", "sockets", "switches", "_data_keys"):
        wired.__dict__[name] = old.__dict__[name]
    wire = DeadWeChat(shop.clock, shop.world.wechat_url)
    wired._on_machine_time.__dict__["_transport"] = wire
    shop.wiring = wired
    return wire


def routed(person: Customer) -> str:
    """Pay where routing sends it; return the method, or the code of the refusal."""
    return _word(person, {"platform": "H5"}, person.place())


def named(person: Customer) -> str:
    return _word(person, {"method": "WECHAT_NATIVE"}, person.place())


def _word(person: Customer, choice: Mapping[str, str], order_id: str) -> str:
    answer = person.post(f"/orders/{order_id}/pay", dict(choice))
    return str(answer.body["payment"]["method"] if answer.status == 200 else answer.code)


def test_a_process_waits_once_in_a_window(shop: Shop, ann: Customer) -> None:
    # Given WeChat Pay is dead
    wire = another_process(shop)
    # When customers pay, the first one waits in vain
    assert named(ann) == "PAYMENT_UNKNOWN"
    # Then nobody else does: routed payments go elsewhere, named ones are told at once
    assert {routed(ann) for _ in range(4)} <= ELSEWHERE
    assert [named(ann) for _ in range(4)] == ["CHANNEL_UNAVAILABLE"] * 4
    assert wire.waited == 1
    # And in the next window it is one again
    shop.clock.move(seconds=COOL_DOWN_SECONDS)
    words = [named(ann) for _ in range(4)]
    assert (words.count("PAYMENT_UNKNOWN"), wire.waited) == (1, 2)


def test_who_asks_again_is_told_at_once_and_pays_nowhere_else(shop: Shop, ann: Customer) -> None:
    """The trade may be there: while the channel cannot be asked, its attempt stays the only one."""
    wire = another_process(shop)
    order_id = ann.place()
    assert _word(ann, {"method": "WECHAT_NATIVE"}, order_id) == "PAYMENT_UNKNOWN"
    assert _word(ann, {"method": "WECHAT_NATIVE"}, order_id) == "PAYMENT_UNKNOWN"
    assert _word(ann, {"method": "ALIPAY_NATIVE"}, order_id) == "PAYMENT_UNKNOWN"
    assert _word(ann, {"platform": "H5"}, order_id) == "PAYMENT_UNKNOWN"
    assert wire.waited == 1
    assert shop.world.alipay.get("/books")["codes"] == []


def test_when_enough_have_waited_no_new_process_does(shop: Shop) -> None:
    # Given processes that start one after the other, each with the customers of its first seconds
    waited = []
    for _ in range(FAILURES + 5):
        wire = another_process(shop)
        person = new_customer(shop)
        words = {named(person), named(person), routed(person)}
        waited.append(wire.waited)
        assert words <= {"PAYMENT_UNKNOWN", "CHANNEL_UNAVAILABLE", *ELSEWHERE}
    # Then each of the first waited once, and those after the circuit opened not at all
    assert waited == [1] * FAILURES + [0] * 5
