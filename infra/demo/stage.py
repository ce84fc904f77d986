"""Where the stories are played: Octane's address, the companies around it, the people at work in it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ClientTimeout

if TYPE_CHECKING:
    from demo.customer import Customer

AT_ONCE = 2

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
    """What every story needs, and somewhere to tell progress."""

    session: ClientSession
    url: str
    wechat: Company
    alipay: Company
    unionpay: Company
    issuer: Company
    sms: Company
    billers: Company
    prices: Company
    tell: Callable[[str, str], None]
    fire: Callable[[str], Awaitable[None]]
    """Call a scheduled function now, by the template's output that names it."""
    claimers: int
    """How many come to the flash sale."""
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    """Each call at once is one more process that the embedded AWS starts, and this machine has few cores."""
    proving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who proves who they are: the next one finds the processes started that a proof needs."""
    opening: "asyncio.Task[Customer] | None" = None
    """Ends when the operator has put the rules of the day in force."""
    seating: "asyncio.Task[tuple[Customer, Customer]] | None" = None
    """Ends when the two who review large amounts are at work."""

    async def rules_in_force(self) -> "Customer":
        """Wait for the rules of the day; return the operator."""
        if self.opening is None:
            raise StoryError("nobody sets the routing rules")
        return await asyncio.shield(self.opening)

    async def reviewers(self) -> "tuple[Customer, Customer]":
        """Wait for the reviewers."""
        if self.seating is None:
            raise StoryError("nobody reviews large amounts")
        return await asyncio.shield(self.seating)


def error_code(content: Json) -> str:
    """Why a call was refused; empty when it was not."""
    return str(content["error"]["code"]) if "error" in content else ""


def new_session() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=30))
