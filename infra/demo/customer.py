"""A customer: the mini-program's calls over HTTP, the phone's cashier, and the push messages that arrive."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self
from uuid import uuid4
from zlib import crc32

from aiohttp import WSMsgType

from demo.proofs import prove
from demo.stage import Json, Stage, StoryError, error_code

STORY_SECONDS = 100.0
OPEN_SECONDS = 60.0
PUSH_SECONDS = 40.0
LOOK_SECONDS = 1.0
AGAIN = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
AGAIN_SECONDS = 2.0
TRIES = 10


@dataclass
class Customer:
    """One person with one card and one phone. `name` is their openid."""

    stage: Stage
    name: str
    token: str = ""
    card_id: str = ""
    user_id: str = ""
    device: str = ""
    """What they hold in their hands, if it is not their own."""
    pushed: list[Json] = field(default_factory=list)
    _listening: asyncio.Task[None] | None = None

    @property
    def phone(self) -> str:
        """Their number: nobody else's, as codes are sent to it."""
        return f"138{crc32(self.name.encode()) % 10**8:08d}"

    async def log_in(self) -> None:
        """Log in, again for a fresh token."""
        login = {"provider": "WECHAT", "code": f"code-{self.name}"}
        session = await self.call("POST", "/sessions", login)
        self.token, self.user_id = session["access_token"], session["user"]["user_id"]

    async def arrive(self, card: str) -> Self:
        """Log in, bind the phone and the card if there is one, open the WebSocket."""
        await self.log_in()
        await self.call("POST", "/me/phone", {"code": f"phone-{self.phone}"})
        if card:
            bound = await self.call("POST", "/cards", {"number": card, "holder_name": "张三"})
            self.card_id = bound["card_id"]
        opened = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(opened))
        await asyncio.wait_for(opened.wait(), OPEN_SECONDS)
        return self

    async def leave(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def place(self, amount_fen: int, *coupon_ids: str) -> str:
        """Place an order for the card."""
        body = {"card_id": self.card_id, "amount_fen": amount_fen, "coupon_ids": coupon_ids}
        return await self._place("/orders", body, self.card_id, amount_fen)

    async def place_bills(self, bill_account_id: str, bills: Mapping[str, int]) -> str:
        """Place one order for bills: fen by number."""
        parts = [{"bill_no": number, "amount_fen": fen} for number, fen in bills.items()]
        body = {"bill_account_id": bill_account_id, "bills": parts}
        return await self._place("/bill-orders", body, bill_account_id, sum(bills.values()))

    async def _place(self, path: str, body: Json, subject: str, amount_fen: int) -> str:
        """Asked who it is, prove that first."""
        key = uuid4().hex
        status, order = await self.settled("POST", path, body, key)
        if error_code(order) == "STEP_UP_REQUIRED":
            self.stage.tell(self.name, "is asked who they are")
            step_up = await prove(self, "PLACE_ORDER", subject, amount_fen)
            status, order = await self.settled("POST", path, body, key, step_up=step_up)
        if status != HTTPStatus.CREATED:
            raise StoryError(f"POST {path} answered {status}: {order}")
        self.stage.tell(self.name, f"placed {amount_fen / 100:.2f} CNY → {order['state']}")
        return str(order["order_id"])

    async def start_paying(self, order_id: str, **choice: object) -> Json:
        """Start a payment in the mini-program, unless `choice` names another way; return its parameters."""
        asked = choice if choice.keys() & {"method", "platform"} else {"method": "WECHAT_JSAPI", **choice}
        started = await self.call("POST", f"/orders/{order_id}/pay", asked)
        return self.told_how_to_pay(started)

    def told_how_to_pay(self, started: Json) -> Json:
        payment: Json = started["payment"]
        self.stage.tell(self.name, f"{payment['method']} prepared → {started['order']['state']}")
        return payment

    async def order(self, order_id: str) -> Json:
        return await self.call("GET", f"/orders/{order_id}")

    async def until(self, order_id: str, what: str, done: Callable[[Json], bool]) -> Json:
        """Look at the order until it is as awaited; tell each new state."""
        ends, seen = time.monotonic() + STORY_SECONDS, ""
        while time.monotonic() < ends:
            order = await self.order(order_id)
            if order["state"] != seen:
                seen = order["state"]
                self.stage.tell(self.name, f"→ {seen}")
            if done(order):
                return order
            await asyncio.sleep(LOOK_SECONDS)
        raise StoryError(f"{what} was awaited for {STORY_SECONDS:.0f} s; the order is {seen}")

    async def until_pushed(self, order_id: str, event: str) -> None:
        ends = time.monotonic() + PUSH_SECONDS
        while not any(m["order_id"] == order_id and m["event"] == event for m in self.pushed):
            if time.monotonic() > ends:
                raise StoryError(f"no push message {event} came; got {[m['event'] for m in self.pushed]}")
            await asyncio.sleep(0.1)
        self.stage.tell(self.name, f"told by push: {event}")

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        status, content = await self.settled(method, path, body, uuid4().hex)
        if status >= HTTPStatus.BAD_REQUEST:
            raise StoryError(f"{method} {path} answered {status}: {content}")
        return content

    async def settled(
        self, method: str, path: str, body: Json | None, key: str, *, step_up: str = ""
    ) -> tuple[int, Json]:
        """The answer, after the same request again for as long as the API asks for that."""
        for _ in range(TRIES):
            status, content = await self.answer(method, path, body, key, step_up=step_up)
            if status not in AGAIN:
                break
            await asyncio.sleep(AGAIN_SECONDS)
        return status, content

    async def answer(
        self, method: str, path: str, body: Json | None = None, key: str = "", *, step_up: str = ""
    ) -> tuple[int, Json]:
        """The status and the body, whatever they are. The same `key` again is the same request again."""
        headers = {"Idempotency-Key": key or uuid4().hex, "X-Device-Id": self.device or self.name}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if step_up:
            headers["X-Step-Up"] = step_up
        url = f"{self.stage.url}/api/v1{path}"
        request = self.stage.session.request
        async with self.stage.gate, request(method, url, json=body, headers=headers) as answer:
            content: Json = await answer.json(content_type=None)
            return answer.status, content

    async def _listen(self, opened: asyncio.Event) -> None:
        url = f"{self.stage.url.replace('http', 'ws', 1)}/ws?token={self.token}"
        async with self.stage.session.ws_connect(url) as socket:
            opened.set()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.pushed.append(message.json())
