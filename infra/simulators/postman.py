"""Deliver notices over HTTP as their company would: at once, then again after each documented wait.

The waits are multiplied by `factor`, so that a day of retries can pass in seconds; waits that a rule asks for
are not.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from simulators.misbehaviour import POSTING, WRITING, Effect, Faults
from simulators.protocol import Company, Letter, Notice

REMEMBERED = 5_000
ANSWER_SECONDS = 5
"""A merchant has this long to answer."""


@dataclass(slots=True)
class Attempt:
    at: int
    status: int | None
    """None: no answer."""
    answer: str
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class Delivery:
    number: int
    operation: str
    event: str
    keys: list[str]
    url: str
    content: dict[str, Any]
    state: str = "waiting"
    """waiting, accepted, given up, lost (by a rule), not loopback."""
    attempts: list[Attempt] = field(default_factory=list)

    def view(self) -> dict[str, Any]:
        return asdict(self)


def is_loopback(url: str) -> bool:
    """Simulators never post beyond this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Postman:
    def __init__(self, company: Company, now: Callable[[], int], factor: float) -> None:
        self.factor = factor
        self.deliveries: deque[Delivery] = deque(maxlen=REMEMBERED)
        self._company = company
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[asyncio.Event] = []
        self._timer: asyncio.TimerHandle | None = None

    def tick(self) -> None:
        """Let the company do what is due, post its notices, and come back when the next thing is due."""
        due = self._company.settle()
        for notice in self._company.take_notices():
            task = asyncio.get_running_loop().create_task(self._deliver(notice))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due is not None:
            wait = max(due - self._now(), 0) / 1000
            self._timer = asyncio.get_running_loop().call_later(wait, self.tick)

    async def forget(self) -> None:
        """Drop every delivery, running ones too."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        running = list(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._held.clear()
        self.deliveries.clear()

    async def stop(self) -> None:
        await self.forget()
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, notice: Notice) -> None:
        delivery = Delivery(
            notice.number, notice.operation, notice.event, sorted(notice.keys), notice.url, notice.content
        )
        self.deliveries.append(delivery)
        faults = self._company.rules.take(notice.operation, notice.keys, POSTING)
        if Effect.LOSE in faults:
            delivery.state = "lost"
            return
        if not is_loopback(notice.url):
            delivery.state = "not loopback"
            return
        await self._hold(faults)
        for wait_ms in (0, *self._company.retry_ms):
            await asyncio.sleep(wait_ms * self.factor / 1000)
            accepted = await self._attempt(notice, delivery)
            if Effect.REORDER not in faults:
                self._release()
            if accepted:
                delivery.state = "accepted"
                return
        delivery.state = "given up"

    async def _hold(self, faults: Faults) -> None:
        if (delay := faults.get(Effect.DELAY)) is not None:
            await asyncio.sleep(delay.ms / 1000)
        if (reorder := faults.get(Effect.REORDER)) is not None:
            later = asyncio.Event()
            self._held.append(later)
            try:
                await asyncio.wait_for(later.wait(), reorder.ms / 1000)
            except TimeoutError:
                self._held.remove(later)

    def _release(self) -> None:
        held, self._held = self._held, []
        for event in held:
            event.set()

    async def _attempt(self, notice: Notice, delivery: Delivery) -> bool:
        """One attempt, with the copies that a rule asks for; true when any of its letters was accepted."""
        faults = self._company.rules.take(notice.operation, notice.keys, WRITING)
        copies = 1 + (faults[Effect.DUPLICATE].times if Effect.DUPLICATE in faults else 0)
        letters = [self._company.letter(notice, faults) for _ in range(copies)]
        accepted = await asyncio.gather(*(self._post(letter, delivery) for letter in letters))
        for _ in range(faults[Effect.REPLAY].times if Effect.REPLAY in faults else 0):
            await self._post(letters[0], delivery)
        return any(accepted)

    async def _post(self, letter: Letter, delivery: Delivery) -> bool:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        attempt = Attempt(self._now(), None, "", dict(letter.headers), letter.body.decode())
        delivery.attempts.append(attempt)
        try:
            async with self._session.post(
                delivery.url, data=letter.body, headers=letter.headers, allow_redirects=False
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as broken:
            attempt.answer = type(broken).__name__
            return False
        attempt.status, attempt.answer = answer.status, body.decode("utf-8", "replace")[:500]
        return self._company.accepted(answer.status, body)
