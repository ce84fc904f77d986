"""Callbacks of the channels and the issuer: late, twice, lost, forged, and again until answered well."""

import json
from typing import TYPE_CHECKING, Any

from octane.billers.names import Biller
from octane.channels.port import ChannelName
from octane.orders.model import order_id_in
from octane.orders.payment import NoticeReplayedError, confirm_payment
from octane.orders.recharge import confirm_recharge
from octane.orders.refund import confirm_refund
from octane.store.store import until_settled
from simulation.delivery import API_LIFE, MINUTE, invoke
from simulation.deps import SimulatedDeps
from simulation.faults import FORGE, HOUR, LOSE, LOST, NEVER, NOTICE, REPLAY, TWICE
from simulation.world import World
from simulators.billers.books import BillerBooks
from simulators.billers.company import RETRY_MS as BILLER_RETRY_MS
from simulators.issuer.company import RETRY_MS as ISSUER_RETRY_MS
from simulators.issuer.recharges import RechargeBooks
from simulators.protocol import Notice

if TYPE_CHECKING:
    from simulation.books import Books

LOST_DELIVERIES = 10
HOUR_MS = 3_600_000
FILES_MS = (HOUR_MS,) * 10


class Post:
    """Callbacks of the channels and the issuer, with their own patience."""

    def __init__(self, world: World, deps: SimulatedDeps) -> None:
        self._world = world
        self._deps = deps
        self._nonces = 0
        self._settling: set[int] = set()
        world.recharges.callback_url = "recharges"
        world.payments.callback_url = "payments"
        self._senders: dict[str, Books | RechargeBooks | BillerBooks] = {
            **{name.lower(): books for name, books in world.books.items()},
            "issuer": world.recharges,
            "biller": world.payments,
        }
        self._patience = {sender: _patience(books) for sender, books in self._senders.items()}

    def look(self) -> None:
        """Send what is owed, and see to it that the books end what will have fallen due."""
        world = self._world
        for sender, books in self._senders.items():
            for notice in books.take_notices():
                self._announce(sender, notice)
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
        for books in self._senders.values():
            books.settle()
        self._world.effected()

    def _announce(self, sender: str, notice: Notice) -> None:
        kind = f"{sender}_{notice.operation.removesuffix('_notice')}"
        alias = self._world.alias(_number(notice.content))
        place = self._world.name(f"notice.{kind}", alias)
        fault = self._world.point(f"{place}:0", f"notice {kind}", NOTICE)
        fault = fault or self._world.scripted(f"notice {kind}", alias, (*NOTICE, NEVER))
        if fault == NEVER:
            self._world.note(f"(notice {kind} never arrives)")
            return
        wait = self._world.random.randint(20, 900) + (60 * MINUTE if fault == HOUR else 0)
        many = LOST_DELIVERIES if kind.endswith("_payment") else 99
        lost = {LOSE: many, LOST: 1}.get(fault, 0)
        nonce = "" if sender == "wechat" else f"{kind}-{notice.number}"
        self._deliver(kind, notice.content, wait=wait, lost=lost, again=fault == REPLAY, nonce=nonce)
        if fault == TWICE:
            self._deliver(kind, notice.content, wait=wait, nonce=nonce)
        if fault == FORGE:
            self._deliver(
                *(kind, self._forged(kind, notice.content)),
                wait=wait // 2,
                tries=99,
                good=sender in ("issuer", "biller"),
            )

    def _forged(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """What an attacker would like us to believe. Only the issuer's signature does not cover the
        outcome."""
        if kind == "issuer_recharge":
            return {**content, "sta": "1" if content["sta"] == "9" else "9"}
        if kind == "biller_notice":
            return {**content, "state": "PAID" if content["state"] == "REFUSED" else "REFUSED"}
        if kind.startswith("alipay"):
            return {**content, "total_amount": "0.01", "trade_no": "2200forged"}
        if kind.startswith("unionpay"):
            return {**content, "txnAmt": "1", "queryId": "0000forged"}
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
        """Deliver once; unless it is answered well, again after the sender's own wait.

        WeChat Pay writes each delivery anew; the others send the very same words (`nonce`).
        """
        waits = self._patience[kind.partition("_")[0]]
        fresh = not nonce
        if fresh:
            self._nonces += 1
            nonce = f"nonce-{self._nonces}"
        headers = {"signature": "good" if good else "bad", "nonce": nonce}
        body = json.dumps(content).encode()

        def ended(done: bool) -> None:
            if not done and tries < len(waits):
                kept = "" if fresh else nonce
                self._deliver(
                    *(kind, content),
                    wait=waits[tries],
                    lost=lost - 1,
                    tries=tries + 1,
                    good=good,
                    nonce=kept,
                )
            if done and again:
                self._deliver(kind, content, wait=300, tries=99, nonce=nonce)

        if lost > 0:
            self._world.note(f"(notice {kind} is lost)")
            self._world.scheduler.at(self._world.scheduler.now + wait, lambda: ended(False))
            return
        alias = self._world.alias(_number(content))
        invoke(
            self._world,
            kind,
            alias,
            lambda: self._read(kind, headers, body),
            delay=wait,
            life=API_LIFE,
            ended=ended,
        )

    def _read(self, kind: str, headers: dict[str, str], body: bytes) -> None:
        """What the function of this address does, its acknowledgement of a repetition too."""
        sender, _, about = kind.partition("_")
        work = self._bills if sender == "biller" else self._recharge
        if sender not in ("issuer", "biller"):
            work = self._refund if about == "refund" else self._payment
        try:
            until_settled(lambda: work(sender, headers, body))
        except NoticeReplayedError:
            if sender == "wechat":
                raise

    def _payment(self, sender: str, headers: dict[str, str], body: bytes) -> None:
        channel = ChannelName(sender.upper())
        proof = self._deps.channel_of(channel).read_payment_notice(headers, body)
        if proof is not None:
            confirm_payment(self._deps, order_id_in(proof.out_trade_no, "P"), proof, channel)

    def _refund(self, sender: str, headers: dict[str, str], body: bytes) -> None:
        channel = ChannelName(sender.upper())
        report = self._deps.channel_of(channel).read_refund_notice(headers, body)
        if report is not None:
            confirm_refund(self._deps, order_id_in(report.refund_no, "F"), report, channel)

    def _recharge(self, _sender: str, _headers: dict[str, str], body: bytes) -> None:
        report = self._deps.issuer.read_notice(body)
        confirm_recharge(self._deps, order_id_in(report.order_no, "R"), report)

    def _bills(self, _sender: str, headers: dict[str, str], body: bytes) -> None:
        biller = Biller(json.loads(body)["biller"])
        report = self._deps.biller_of(biller).read_notice(body, headers)
        confirm_recharge(self._deps, order_id_in(report.order_no, "R"), report, biller)


def _patience(books: "Books | RechargeBooks | BillerBooks") -> tuple[int, ...]:
    """The waits between deliveries. Alipay gives up after eight, UnionPay after five: what they have not
    brought home by then, their files do, which is one more delivery here."""
    if isinstance(books, RechargeBooks):
        return ISSUER_RETRY_MS
    if isinstance(books, BillerBooks):
        return BILLER_RETRY_MS
    return books.retry_ms if books.name is ChannelName.WECHAT else (*books.retry_ms, *FILES_MS)


def _number(content: dict[str, Any]) -> str:
    return str(
        content.get("out_trade_no")
        or content.get("orderid")
        or content.get("orderId")
        or content.get("order_no")
    )
