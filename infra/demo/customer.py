"""A customer: the mini-program's calls over HTTP, the phone's cashier, and the push messages that arrive."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from uuid import uuid4

from aiohttp import ClientSession, ClientTimeout, WSMsgType

STORY_SECONDS = 75.0
LOOK_SECONDS = 0.4
AT_ONCE = 3

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
    """What every story needs: the address of Octane, the companies, the operator who sets the routing rules,
    and somewhere to tell progress."""

    session: ClientSession
    url: str
    wechat: Company
    alipay: Company
    unionpay: Company
    issuer: Company
    tell: Callable[[str, str], None]
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    """Each call at once is one more process that the embedded AWS starts, and this machine has few cores."""
    opening: "asyncio.Task[Customer] | None" = None
    """Ends when the operator has put the rules of the day in force."""

    async def rules_in_force(self) -> "Customer":
        """Wait for the rules of the day; return the operator."""
        if self.opening is None:
            raise StoryError("nobody sets the routing rules")
        return await asyncio.shield(self.opening)


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

    async def log_in(self) -> None:
        """Log in, again for a fresh token."""
        login = {"provider": "WECHAT", "code": f"code-{self.name}"}
        session = await self.call("POST", "/sessions", login)
        self.token, self.user_id = session["access_token"], session["user"]["user_id"]

    async def arrive(self, card: str) -> Self:
        """Log in, bind the phone and the card, open the WebSocket."""
        await self.log_in()
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
        ends = time.monotonic() + 15
        while not any(m["order_id"] == order_id and m["event"] == event for m in self.pushed):
            if time.monotonic() > ends:
                raise StoryError(f"no push message {event} came; got {[m['event'] for m in self.pushed]}")
            await asyncio.sleep(0.1)
        self.stage.tell(self.name, f"told by push: {event}")

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        status, content = await self.answer(method, path, body)
        if status >= HTTPStatus.BAD_REQUEST:
            raise StoryError(f"{method} {path} answered {status}: {content}")
        return content

    async def answer(
        self, method: str, path: str, body: Json | None = None, key: str = ""
    ) -> tuple[int, Json]:
        """The status and the body, whatever they are. The same `key` again is the same request again."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.stage.url}/api/v1{path}"
        request = self.stage.session.request(method, url, json=body, headers=headers)
        async with self.stage.gate, request as answer:
            content: Json = await answer.json(content_type=None)
            return answer.status, content

    async def _listen(self, opened: asyncio.Event) -> None:
        url = f"{self.stage.url.replace('http', 'ws', 1)}/ws?token={self.token}"
        async with self.stage.session.ws_connect(url) as socket:
            opened.set()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.pushed.append(message.json())


def new_session() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=30))
