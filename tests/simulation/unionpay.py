"""UnionPay: our own client over the HTTP simulator's operations, without wire and certificates."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

from octane.channels.port import ChannelName, NoticeSignatureError, PaymentProof, RefundReport, Unknown
from octane.channels.unionpay.client import UnionPay
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.exchange import Answer, NotSent
from octane.channels.unionpay.messages import Fields
from octane.channels.unionpay.notices import payment_of, return_of
from octane.channels.unionpay.readings import check_owner
from simulation.asking import ask
from simulation.books import DONE
from simulation.faults import (
    FAIL,
    LAGGING,
    NOT_SENT,
    ODD,
    PAID_FIRST,
    PREPARE,
    QUERY,
    REFUND,
    REFUSE,
    STALE,
    STAY,
    STUCK,
)
from simulation.world import STAY_MS, World
from simulators.misbehaviour import Effect, Rule
from simulators.protocol import Call, RefusedError
from simulators.unionpay.operations import Asked, Habits, find_route
from simulators.unionpay.records import ACCEPTED, FAILED, NO_SUCH, SUCCESS

CONFIG = UnionPayConfig(
    mer_id="777290058110048",
    cert_id="1",
    private_key_pem="",
    root_certificates=("none",),
    intermediate_certificates=(),
    base_url="https://unionpay.example",
    file_url="https://unionpay.example",
    payment_notify_url="https://octane.example/unionpay/payments",
    refund_notify_url="https://octane.example/unionpay/refunds",
)
CALLS = {
    "appTransReq.do": ("prepare", PREPARE, "31"),
    "queryTrans.do": ("query", QUERY, ""),
    "backTransReq.do": ("refund", REFUND, "31"),
}
"""Address to our word for it, what may befall it, and how it is refused."""
UNLISTED = "42"
"""The card was debited although the trade was over: no proof of anything."""
REFUND_MS = (300, 300, 5_000, 90_000, 1_200_000)
MARGIN_MS = 300_000
"""Until so long after a trade's end our client doubts what it is told."""
Told = TypeVar("Told")

FAILING = {Effect.FAIL: Rule("refund", Effect.FAIL)}


@dataclass(frozen=True, slots=True)
class UnionPayWire:
    """In the place of `octane.channels.unionpay.exchange.Exchange`."""

    world: World

    def call(self, url: str, fields: Fields) -> Answer | NotSent | Unknown:
        path = url.removeprefix(CONFIG.base_url)
        operation, kinds, refusal = CALLS[path.rpartition("/")[2]]
        number = fields["orderId"]
        if operation == "query":
            operation = "query refund" if number[26:27] == "F" else "query trade"

        def effect(kind: str) -> Answer | NotSent | Unknown:
            if kind == NOT_SENT:
                return NotSent("nobody there")
            if kind == REFUSE:
                return Answer({"respCode": refusal})
            if kind == ODD and self._has_moved(number):
                return Answer({"respCode": SUCCESS, "origRespCode": UNLISTED})
            if kind == STALE:
                self._doubt(number, 0)
                return Answer({"respCode": NO_SUCH})
            return Answer(self._act(path, {**fields, "merId": CONFIG.mer_id}, kind))

        return ask(self.world, ChannelName.UNIONPAY, operation, number, kinds, effect)

    def _act(self, path: str, fields: dict[str, str], kind: str) -> Fields:
        books = self.world.unionpay
        keys = SimpleNamespace(sub_mer_id="")
        desk: Any = SimpleNamespace(keys=keys, trades=books, habits=Habits(), now=self._now)
        if path.endswith("backTransReq.do"):
            books.refund_ms = STAY_MS if kind == STAY else self.world.random.choice(REFUND_MS)
        faults = FAILING if kind in (FAIL, STUCK) else {}
        route = find_route(Call("POST", path, {}, b""), fields)
        if route is None:
            raise LookupError(path)
        try:
            told = route.act(Asked(desk, fields, faults))
            if kind == PAID_FIRST:
                books.pay(fields["orderId"])
        except RefusedError as refused:
            return {"respCode": refused.code, "respMsg": refused.message}
        if kind == LAGGING and told.get("origRespCode") == SUCCESS:
            trade = books.look_up(fields["orderId"])
            late = trade is not None and trade.late
            self._doubt(fields["orderId"], 0 if late else MARGIN_MS)
            told = {**told, "origRespCode": FAILED if late else ACCEPTED}
        return {"respCode": SUCCESS, **told}

    def _has_moved(self, number: str) -> bool:
        back = self.world.back(number)
        trade = self.world.held(number)
        return back.state == DONE if back is not None else trade is not None and trade.paid

    def _doubt(self, number: str, margin_ms: int) -> None:
        """What is said about a trade that is over will be believed."""
        trade = self.world.unionpay.look_up(number)
        if trade is not None and self._now() >= trade.order.expires_at + margin_ms:
            self.world.forgetful.add(number[:26])

    def _now(self) -> int:
        return self.world.scheduler.now


class SimulatedUnionPay(UnionPay):
    """The client itself; only signatures are a word."""

    def __init__(self, world: World) -> None:
        wire: Any = UnionPayWire(world)
        super().__init__(CONFIG, wire, world.clock)
        self._exchange = wire

    def read_payment_notice(self, headers: dict[str, str], body: bytes) -> PaymentProof | None:
        return _genuine(headers, body, payment_of)

    def read_refund_notice(self, headers: dict[str, str], body: bytes) -> RefundReport | None:
        return _genuine(headers, body, return_of)


def _genuine(headers: Mapping[str, str], body: bytes, read: Callable[[Fields], Told]) -> Told:
    if headers["signature"] != "good":
        raise NoticeSignatureError
    fields: dict[str, str] = json.loads(body)
    check_owner(CONFIG, fields)
    return read(fields)
