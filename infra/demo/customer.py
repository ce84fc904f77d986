"""A customer: the mini-program's calls over HTTP, the phone's cashier, and the push messages that arrive."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

from aiohttp import ClientSession, ClientTimeout, WSMsgType

STORY_SECONDS = 75.0
LOOK_SECONDS = 0.4

Json = dict[str, Any]


class StoryError(AssertionError):
    """The story did not end as told; the message says what was seen."""


@dataclass
class Company:
    """The control plane of a simulator."""

    session: ClientSession
    url: str

    async def do(self, command: str, **order: object) -> Json:
        async with self.session.post(f"{self.url}/_control{command}", json=order) as answer:
            content: Json = await answer.json()
            if not answer.ok:
                raise StoryError(f"{command}: {content}")
            return content

    async def look(self, command: str) -> Json:
        async with self.session.get(f"{self.url}/_control{command}") as answer:
            content: Json = await answer.json()
            return content


@dataclass
class Stage:
    """What every story needs: the address of Octane, both companies, and somewhere to tell progress."""

    session: ClientSession
    url: str
    wechat: Company
    issuer: Company
    tell: Callable[[str, str], None]


@dataclass
class Customer:
    """One person with one card. `name` is their openid."""

    stage: Stage
    name: str
    token: str = ""
    card_id: str = ""
    user_id: str = ""
    pushed: list[Json] = field(default_factory=list)
    _listening: asyncio.Task[None] | None = None

    async def arrive(self, card: str) -> Self:
        """Log in, bind the phone and the card, open the WebSocket."""
        login = {"provider": "WECHAT", "code": f"code-{self.name}"}
        session = await self.call("POST", "/sessions", login)
        self.token, self.user_id = session["access_token"], session["user"]["user_id"]
        await self.call("POST", "/me/phone", {"code": "phone-13800138000"})
        bound = await self.call("POST", "/cards", {"number": card, "holder_name": "张三"})
        self.card_id = bound["card_id"]
        opened = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(opened))
        await asyncio.wait_for(opened.wait(), 20)
        return self

    async def leave(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def place(self, amount_fen: int) -> str:
        order = await self.call("POST", "/orders", {"card_id": self.card_id, "amount_fen": amount_fen})
        self.stage.tell(self.name, f"placed {amount_fen / 100:.2f} CNY → {order['state']}")
        return str(order["order_id"])

    async def start_paying(self, order_id: str) -> str:
        started = await self.call("POST", f"/orders/{order_id}/pay", {"method": "WECHAT_JSAPI"})
        self.stage.tell(self.name, f"payment prepared → {started['order']['state']}")
        return str(started["payment"]["out_trade_no"])

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
        ends = time.monotonic() + 15
        while not any(m["order_id"] == order_id and m["event"] == event for m in self.pushed):
            if time.monotonic() > ends:
                raise StoryError(f"no push message {event} came; got {[m['event'] for m in self.pushed]}")
            await asyncio.sleep(0.1)
        self.stage.tell(self.name, f"told by push: {event}")

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        headers = {"Idempotency-Key": uuid4().hex}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.stage.url}/api/v1{path}"
        async with self.stage.session.request(method, url, json=body, headers=headers) as answer:
            content: Json = await answer.json(content_type=None)
            if not answer.ok:
                raise StoryError(f"{method} {path} answered {answer.status}: {content}")
            return content

    async def _listen(self, opened: asyncio.Event) -> None:
        url = f"{self.stage.url.replace('http', 'ws', 1)}/ws?token={self.token}"
        async with self.stage.session.ws_connect(url) as socket:
            opened.set()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.pushed.append(message.json())


def new_session() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=30))
