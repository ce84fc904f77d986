"""Play one top-up and some payments on the real handlers, and keep what each invocation got from AWS and from
outside. Each invocation is the first of its process."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.journal import (
    ENVIRONMENT,
    Event,
    Invocation,
    Journal,
    RecordingBoard,
    RecordingEngine,
    RecordingLists,
    RecordingTransport,
)
from octane.channels.port import ChannelName
from octane.privacy.vault import FieldVault
from octane.store.items import Table
from world.shop import Shop, context, opened_shop

CONNECTION = "connection-1"


class RecordedShop(Shop):
    """A shop that keeps each invocation of a function."""

    def __init__(self, shop: Shop, environment: dict[str, str]) -> None:
        super().__init__(shop.world, shop.inbox, environment)
        self.environment = dict(self.wiring._environment)
        self.journal = Journal()
        self.address = "127.0.0.1"
        """Where requests come from."""
        self.wiring.engine = RecordingEngine(self.clock, self.wiring.meter, self.journal)
        self.wiring.lists = RecordingLists(self.journal)
        self.wiring.__dict__["queues"] = self.wiring.__dict__["sockets"] = self.wiring.lists
        self.wiring.__dict__["switches"] = RecordingBoard(self.wiring.lists, self.journal)
        self.wiring._on_machine_time.__dict__["_transport"] = RecordingTransport(self.journal)

    def event(self, method: str, path: str, body: object, **parts: Any) -> dict[str, Any]:
        event = super().event(method, path, body, **parts)
        event["requestContext"]["identity"]["sourceIp"] = self.address
        return event

    def function(self, name: str) -> Callable[[Event, Any], Any]:
        handler = super().function(name)

        def recorded(event: Event, lambda_context: Any) -> Any:
            invocation = Invocation(name, copy.deepcopy(event), self.clock.now())
            self.journal.current = invocation
            number = len(self.journal.invocations)
            self.journal.invocations.append(invocation)
            for kept in ("router", "risk_rules", "revocations"):
                self.wiring.__dict__.pop(kept, None)
            engine = self.wiring.engine
            mark = engine.mark()
            with self.wiring.meter.operation(f"{name} {number}") as usage:
                answer = handler(event, lambda_context)
            invocation.usage = usage
            for table, known in zip(Table, mark.steps, strict=True):
                invocation.changes += engine.changes(table, known)
            return answer

        return recorded


@dataclass(frozen=True)
class Recording:
    """One top-up from order to booked recharge, with one open page, and what its functions were given."""

    environment: dict[str, str]
    secrets: dict[str, Any]
    vault: FieldVault
    """Its data keys are held: a process fetches them as rarely as its secrets."""
    top_up: list[Invocation]
    others: dict[str, Invocation]
    """Operations that are no part of that top-up, by name."""


@contextmanager
def recorded_shop(directory: Path) -> Iterator[RecordedShop]:
    with opened_shop(directory) as shop:
        yield RecordedShop(shop, ENVIRONMENT)


def record_top_up(directory: Path) -> Recording:
    """Log in and bind a card (not part of the top-up), then top up, and pay in the other ways once each."""
    with recorded_shop(directory) as shop:
        token = shop.log_in("bench-customer")
        card_id = shop.bind_card(token)
        user_id = str(shop.call("GET", "/api/v1/me", token=token).body["user_id"])
        opened = {"requestContext": {"connectionId": CONNECTION, "authorizer": {"user_id": user_id}}}
        shop.function("notify/connect")(opened, context())
        before = len(shop.journal.invocations)

        order_id = shop.place(token, card_id)
        out_trade_no = shop.start_paying(token, order_id)
        shop.world.wechat.post("/cashier/pay", out_trade_no=out_trade_no)
        assert shop.deliver().status == 200, "WeChat Pay's notice"
        shop.drain()
        assert shop.deliver().status == 200, "the issuer's notice"
        shop.drain()
        top_up = shop.journal.invocations[before:]

        shown = shop.get(f"/api/v1/orders/{order_id}", token=token)
        assert shown.body["state"] == "SUCCEEDED", shown
        others = {"get_order": shop.journal.invocations[-1], **_other_payments(shop, token, card_id)}
        return Recording(shop.environment, shop.secrets, shop.wiring.vault, top_up, others)


def _other_payments(shop: RecordedShop, token: str, card_id: str) -> dict[str, Invocation]:
    """A routed payment, one from the wallet, and the notices of the other channels."""
    found: dict[str, Invocation] = {}

    def pay(choice: dict[str, str], order_id: str) -> dict[str, Any]:
        answer = shop.post(f"/api/v1/orders/{order_id}/pay", choice, token=token)
        assert answer.status == 200, answer
        payment: dict[str, Any] = answer.body["payment"]
        return payment

    pay({"platform": "MINI_PROGRAM"}, shop.place(token, card_id))
    found["routed_pay"] = shop.journal.invocations[-1]
    for name, method, reference in (
        (ChannelName.ALIPAY, "ALIPAY_NATIVE", "qr_code"),
        (ChannelName.UNIONPAY, "UNIONPAY_APP", "tn"),
    ):
        filled = shop.post("/api/v1/wallet/top-ups", {"amount_fen": 20_000}, token=token).body["order_id"]
        payment = pay({"method": method}, filled)
        channel = name.value.lower()
        cashier = getattr(shop.world, channel)
        cashier.post("/cashier/pay", **{reference: payment["parameters"][reference]})
        assert shop.deliver().status == 200, f"{name}'s notice"
        found[f"{channel}_callback"] = shop.journal.invocations[-1]
        shop.drain()
    pay({"method": "WALLET_BALANCE"}, shop.place(token, card_id))
    found["wallet_payment"] = shop.journal.invocations[-1]
    return found
