"""The edge passes on what it gets, and answers for itself in our error shape."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from local.edge import BODY_LIMIT, Edge
from local.processes import free_port


class Upstream:
    """Stands for API Gateway: tells what it got."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.port = free_port()
        edge._run(self._start())

    async def _start(self) -> None:
        app = web.Application(client_max_size=2 * BODY_LIMIT)
        app.router.add_get("/socket/local", self._socket)
        app.router.add_route("*", "/{path:.*}", self._tell)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()

    def stop(self) -> None:
        self._edge._run(self.runner.cleanup())

    async def _tell(self, request: web.Request) -> web.Response:
        body = await request.read()
        told = {
            "method": request.method,
            "path": request.raw_path,
            "size": len(body),
            "body": body[:99].decode(),
        }
        headers = {
            "X-Nonce": request.headers.get("Wechatpay-Nonce", ""),
            "Content-Type": "application/problem",
        }
        return web.Response(status=418, text=json.dumps(told), headers=headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("token") != "good":
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"heard {message.data}")
        return socket


@pytest.fixture
def edge() -> Iterator[Edge]:
    edge = Edge(0)
    yield edge
    edge.stop()


@pytest.fixture
def whole(edge: Edge) -> Iterator[Edge]:
    upstream = Upstream(edge)
    edge.targets.rest = f"http://127.0.0.1:{upstream.port}/stage"
    edge.targets.websocket = f"ws://127.0.0.1:{upstream.port}/socket/local"
    yield edge
    upstream.stop()


def _call(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_path_query_body_and_headers_pass_unchanged(whole: Edge) -> None:
    url = f"{whole.url}/api/v1/orders/a%2Fb?q=%E4%B8%AD&q=2"
    status, headers, body = _call(url, "POST", "中".encode(), **{"Wechatpay-Nonce": "n1"})
    told = json.loads(body)
    assert (status, headers["X-Nonce"], headers["Content-Type"]) == (
        418,
        "n1",
        "application/problem; charset=utf-8",
    )
    assert told == {
        "method": "POST",
        "path": "/stage/api/v1/orders/a%2Fb?q=%E4%B8%AD&q=2",
        "size": 3,
        "body": "中",
    }


def test_ten_megabytes_pass_and_one_byte_more_does_not(whole: Edge) -> None:
    status, _, body = _call(f"{whole.url}/api/v1/x", "POST", b"x" * BODY_LIMIT)
    assert (status, json.loads(body)["size"]) == (418, BODY_LIMIT)
    status, _, body = _call(f"{whole.url}/api/v1/x", "POST", b"x" * (BODY_LIMIT + 1))
    assert (status, json.loads(body)["error"]["code"]) == (413, "BODY_TOO_LARGE")


def test_before_the_first_deployment_it_asks_to_come_again(edge: Edge) -> None:
    status, _, body = _call(f"{edge.url}/api/v1/me")
    assert (status, json.loads(body)["error"]["code"]) == (503, "UNAVAILABLE")
    status, _, body = _call(edge.url + "/")
    assert status == 200
    assert b"starting" in body


def test_what_does_not_answer_is_unavailable(edge: Edge) -> None:
    edge.targets.rest = f"http://127.0.0.1:{free_port()}/stage"
    status, _, body = _call(f"{edge.url}/api/v1/me")
    assert (status, json.loads(body)["error"]["code"]) == (503, "UNAVAILABLE")


def test_status_page_shows_facts_as_text(whole: Edge) -> None:
    whole.targets.facts = {"REST <API>": "http://x/?a=1&b=2"}
    _, _, body = _call(whole.url + "/")
    assert b"REST &lt;API&gt;" in body
    assert b"a=1&amp;b=2" in body


def test_socket_is_bridged_and_a_refusal_is_a_status(whole: Edge) -> None:
    async def talk(token: str) -> str:
        url = f"{whole.url}/ws?token={token}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            await socket.send_str("hello")
            return str((await socket.receive(5)).data)

    assert asyncio.run(talk("good")) == "heard hello"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        asyncio.run(talk("bad"))
    assert refused.value.status == 401


def test_a_taken_port_is_an_error_at_once(edge: Edge) -> None:
    with pytest.raises(OSError, match="in use"):
        Edge(int(edge.url.rpartition(":")[2]))
