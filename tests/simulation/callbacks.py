"""Callbacks of the channel and the issuer: late, twice, lost, forged, and again until answered well."""

import json
from typing import Any

from octane.orders.model import order_id_in
from octane.orders.payment import confirm_payment
from octane.orders.recharge import confirm_recharge
from octane.orders.refund import confirm_refund
from octane.store.store import until_settled
from simulation.delivery import API_LIFE, MINUTE, invoke
from simulation.deps import SimulatedDeps
from simulation.faults import FORGE, HOUR, LOSE, LOST, NOTICE, REPLAY, TWICE
from simulation.world import World
from simulators.issuer.company import RETRY_MS as ISSUER_RETRY_MS
from simulators.protocol import Notice
from simulators.wechat.company import RETRY_MS as WECHAT_RETRY_MS

LOST_DELIVERIES = 10


class Post:
    """Callbacks of the channel and the issuer, with their own patience."""

    def __init__(self, world: World, deps: SimulatedDeps) -> None:
        self._world = world
        self._deps = deps
        self._nonces = 0
        self._settling: set[int] = set()
        world.recharges.callback_url = "recharges"

    def look(self) -> None:
        """Send what is owed, and see to it that the books end what will have fallen due."""
        world = self._world
        for books in (world.trades, world.recharges):
            for notice in books.take_notices():
                self._announce(notice)
            due = books.settle()
            if due is not None and due not in self._settling:
                self._settling.add(due)
                world.scheduler.at(due, self._settle)
        for recharge in world.forgeries:
            false = {"orderid": recharge.order.orderid, "sporder_id": recharge.sporder_id}
            for outcome in ("9", "1"):
                self._deliver("issuer_recharge", {**false, "sta": outcome}, tries=99, good=True)
        world.forgeries.clear()

    def _settle(self) -> None:
        self._world.trades.settle()
        self._world.recharges.settle()
        self._world.effected()

    def _announce(self, notice: Notice) -> None:
        kind = {
            "payment_notice": "wechat_payment",
            "refund_notice": "wechat_refund",
            "recharge_notice": "issuer_recharge",
        }[notice.operation]
        alias = self._world.alias(_number(notice.content))
        place = self._world.name(f"notice.{kind}", alias)
        fault = self._world.point(f"{place}:0", f"notice {kind}", NOTICE)
        fault = fault or self._world.scripted(f"notice {kind}", alias, NOTICE)
        wait = self._world.random.randint(20, 900) + (60 * MINUTE if fault == HOUR else 0)
        many = LOST_DELIVERIES if kind == "wechat_payment" else 99
        lost = {LOSE: many, LOST: 1}.get(fault, 0)
        self._deliver(kind, notice.content, wait=wait, lost=lost, again=fault == REPLAY)
        if fault == TWICE:
            self._deliver(kind, notice.content, wait=wait)
        if fault == FORGE:
            self._deliver(
                kind, self._forged(kind, notice.content), wait=wait // 2, tries=99, good=kind[0] == "i"
            )

    def _forged(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """What an attacker would like us to believe. Only the issuer's signature does not cover the
        outcome."""
        if kind == "issuer_recharge":
            return {**content, "sta": "1" if content["sta"] == "9" else "9"}
        amount = {**content["amount"], "total": 1, "refund": 1}
        return {**content, "amount": amount, "transaction_id": "4200forged"}

    def _deliver(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        wait: int = 50,
        lost: int = 0,
        tries: int = 0,
        good: bool = True,
        again: bool = False,
        nonce: str = "",
    ) -> None:
        """Deliver once; unless it is answered well, again after the sender's own wait."""
        waits = ISSUER_RETRY_MS if kind == "issuer_recharge" else WECHAT_RETRY_MS
        if not nonce:
            self._nonces += 1
            nonce = f"nonce-{self._nonces}"
        headers = {"signature": "good" if good else "bad", "nonce": nonce}
        body = json.dumps(content).encode()

        def ended(done: bool) -> None:
            if not done and tries < len(waits):
                self._deliver(kind, content, wait=waits[tries], lost=lost - 1, tries=tries + 1, good=good)
            if done and again:
                self._deliver(kind, content, wait=300, tries=99, nonce=nonce)

        if lost > 0:
            self._world.note(f"(notice {kind} is lost)")
            self._world.scheduler.at(self._world.scheduler.now + wait, lambda: ended(False))
            return
        alias = self._world.alias(_number(content))
        work = {"wechat_payment": self._payment, "wechat_refund": self._refund}.get(kind, self._recharge)
        invoke(
            self._world,
            kind,
            alias,
            lambda: until_settled(lambda: work(headers, body)),
            delay=wait,
            life=API_LIFE,
            ended=ended,
        )

    def _payment(self, headers: dict[str, str], body: bytes) -> None:
        proof = self._deps.channel.read_payment_notice(headers, body)
        confirm_payment(self._deps, order_id_in(proof.out_trade_no, "P"), proof)

    def _refund(self, headers: dict[str, str], body: bytes) -> None:
        report = self._deps.channel.read_refund_notice(headers, body)
        confirm_refund(self._deps, order_id_in(report.refund_no, "F"), report)

    def _recharge(self, _headers: dict[str, str], body: bytes) -> None:
        report = self._deps.issuer.read_notice(body)
        confirm_recharge(self._deps, order_id_in(report.issuer_order_no, "R"), report)


def _number(content: dict[str, Any]) -> str:
    return str(content.get("out_trade_no") or content.get("orderid"))
