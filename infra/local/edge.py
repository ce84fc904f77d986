"""One stable origin in front of everything: the REST API, the WebSocket API and a status page.

A deployment may give an API another id; the edge is told and its own URL stays.
"""

import asyncio
import html
import json
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
    web,
)
from yarl import URL

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes; API Gateway refuses more."""
ANSWER_SECONDS = 29
"""API Gateway's own limit."""
AGAIN = "Try the same request again: nothing is lost, and nothing happens twice."

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade"}
)
_NOT_SENT_ON = _HOP_BY_HOP | {"host"}
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_NOT_SENT_BACK = _HOP_BY_HOP | {"content-length", "date", "server"}


@dataclass(slots=True)
class Targets:
    """Where the edge sends what it gets; None before the first deployment."""

    rest: str | None = None
    websocket: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    """What the status page shows: name and URL or text."""


class Edge:
    """The proxy in a thread of its own. `url` has no trailing slash."""

    def __init__(self, port: int) -> None:
        self.targets = Targets()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="edge")
        self._thread.start()
        try:
            self._runner, bound = self._run(_serve(self.targets, port))
        except OSError:
            self._end()
            raise
        self.url = f"http://127.0.0.1:{bound}"

    def stop(self) -> None:
        self._run(self._runner.cleanup())
        self._end()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _serve(targets: Targets, port: int) -> tuple[web.AppRunner, int]:
    app = web.Application(client_max_size=BODY_LIMIT)
    session = ClientSession(auto_decompress=False, timeout=ClientTimeout(total=ANSWER_SECONDS))

    async def close(_: web.Application) -> None:
        await session.close()

    async def rest(request: web.Request) -> web.StreamResponse:
        return await _forward(session, targets, request)

    async def websocket(request: web.Request) -> web.StreamResponse:
        return await _bridge(session, targets, request)

    async def status(_: web.Request) -> web.StreamResponse:
        return _status_page(targets)

    app.on_cleanup.append(close)
    app.router.add_get("/", status)
    app.router.add_get("/ws", websocket)
    app.router.add_route("*", r"/{path:[\s\S]*}", rest)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, runner.addresses[0][1]


async def _forward(session: ClientSession, targets: Targets, request: web.Request) -> web.StreamResponse:
    if targets.rest is None:
        return _refusal(503, "UNAVAILABLE", "Nothing is deployed yet.")
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _refusal(413, "BODY_TOO_LARGE", "The request is larger than 10 MB.")
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _NOT_SENT_ON]
    url = URL(targets.rest + request.raw_path, encoded=True)
    try:
        async with session.request(
            request.method,
            url,
            headers=headers,
            data=BytesIO(body) if body else None,
            skip_auto_headers=_NOT_ADDED,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
    except (TimeoutError, ClientError):
        return _refusal(503, "UNAVAILABLE", AGAIN)
    kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _NOT_SENT_BACK]
    response = web.Response(status=answer.status, body=content)
    response.headers.popall("Content-Type", None)
    response.headers.extend(kept)
    return response


async def _bridge(session: ClientSession, targets: Targets, request: web.Request) -> web.StreamResponse:
    """Open the upstream socket first: what it refuses, the caller sees as an HTTP status."""
    if targets.websocket is None:
        return _refusal(503, "UNAVAILABLE", "Nothing is deployed yet.")
    query = f"?{request.query_string}" if request.query_string else ""
    try:
        upstream = await session.ws_connect(URL(targets.websocket + query, encoded=True))
    except WSServerHandshakeError as refused:
        return _refusal(refused.status, "UNAUTHENTICATED", "The connection is refused: is the token valid?")
    downstream = web.WebSocketResponse(heartbeat=30)
    try:
        await downstream.prepare(request)
        pumps = [
            asyncio.ensure_future(_pump(upstream, downstream)),
            asyncio.ensure_future(_pump(downstream, upstream)),
        ]
        _, open_still = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in open_still:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
    finally:
        await upstream.close()
    await downstream.close()
    return downstream


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _pump(source: Socket, target: Socket) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await target.send_bytes(message.data)


def _refusal(status: int, code: str, message: str) -> web.Response:
    body = {"error": {"code": code, "message": message, "request_id": ""}}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


def _status_page(targets: Targets) -> web.Response:
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td><code>{html.escape(value)}</code></td></tr>"
        for name, value in targets.facts.items()
    )
    state = "running" if targets.rest else "starting"
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Octane</title>"
        "<style>body{font:16px system-ui;margin:3em auto;max-width:60em}th{text-align:left;padding:0 2em 0 0}"
        "</style>"
        f"<h1>Octane is {state}</h1><table>{rows}</table></html>"
    )
    return web.Response(text=page, content_type="text/html")
