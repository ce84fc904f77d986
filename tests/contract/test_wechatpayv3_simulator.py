"""The simulators over HTTP: faults, callbacks and their retries, the control plane, the process itself."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import simulators
from simulators.client import ControlError, World, running
from simulators.issuer.company import digest
from simulators.server import Options

CARD = "1000111234567890123"


class Shop:
    """A merchant's callback address that answers what the test says."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.forms: list[dict[str, str]] = []
        self.url = ""


@pytest.fixture(scope="module")
def shop_server() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            shop.forms.append({name: values[0] for name, values in parse_qs(body).items()})
            status, answer = shop.answers.pop(0) if shop.answers else (200, b"success")
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_port}/juhe"
    yield shop
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    options = Options(tmp_path_factory.mktemp("simulators"), recharge_ms=10, time_factor=0.0005)
    with running(options) as world:
        yield world


@pytest.fixture
def shop(shop_server: Shop) -> Shop:
    shop_server.answers.clear()
    shop_server.forms.clear()
    return shop_server


@pytest.fixture
def world(started: World, shop: Shop) -> World:
    started.issuer.post("/reset")
    started.issuer.post("/settings", callback_url=shop.url)
    return started


def ask(world: World, path: str, **form: str) -> Any:
    """One form post to the issuer; raises what the connection raises."""
    parts = urlsplit(world.issuer_url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request(
            "POST",
            f"/ofpay/sinopec/{path}",
            urlencode(form),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        answer = connection.getresponse()
        return {"status": answer.status, **json.loads(answer.read())}
    finally:
        connection.close()


def submit(world: World, orderid: str) -> Any:
    keys = world.issuer.get("/keys")
    given = {"proid": "10007", "cardnum": "50", "game_userid": CARD, "orderid": orderid}
    sign = digest(keys["openid"], keys["key"], *given.values())
    return ask(world, "onlineorder", **given, key=keys["key"], sign=sign, chargeType="1")


def until(found: Callable[[], bool]) -> None:
    """Wait for another thread, two seconds at most."""
    end = time.monotonic() + 2
    while not found():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def states(world: World) -> list[str]:
    return [notice["state"] for notice in world.issuer.get("/notices")["notices"]]


def test_a_recharge_is_told_until_the_merchant_says_success(world: World, shop: Shop) -> None:
    shop.answers += [(500, b""), (200, b"fail")]
    submit(world, "ORDER001R01")
    until(lambda: states(world) == ["accepted"])
    assert [form["sta"] for form in shop.forms] == ["1", "1", "1"]
    totals = world.issuer.get("/books")["totals"]
    assert (totals["recharged_fen"], totals["running_fen"]) == (5_000, 0)


def test_after_three_retries_the_issuer_gives_up(world: World, shop: Shop) -> None:
    shop.answers += [(500, b"")] * 4
    submit(world, "ORDER002R01")
    until(lambda: states(world) == ["given up"])
    assert len(shop.forms) == 4


def test_a_lost_callback_is_never_sent(world: World, shop: Shop) -> None:
    world.issuer.misbehave("recharge_notice", "lose", key=CARD)
    submit(world, "ORDER003R01")
    until(lambda: states(world) == ["lost"])
    assert shop.forms == []


def test_callbacks_can_overtake_each_other(world: World, shop: Shop) -> None:
    world.issuer.misbehave("recharge_notice", "reorder", key="ORDER004R01", ms=1_500)
    submit(world, "ORDER004R01")
    until(lambda: states(world) == ["waiting"])
    submit(world, "ORDER005R01")
    until(lambda: states(world) == ["accepted", "accepted"])
    assert [form["orderid"] for form in shop.forms] == ["ORDER005R01", "ORDER004R01"]


def test_callbacks_can_repeat(world: World, shop: Shop) -> None:
    world.issuer.misbehave("recharge_notice", "duplicate", times=2, count=1)
    submit(world, "ORDER006R01")
    until(lambda: len(shop.forms) == 3)


def test_nothing_is_posted_beyond_this_machine(world: World, shop: Shop) -> None:
    world.issuer.post("/settings", callback_url="http://192.0.2.1/c")
    submit(world, "ORDER007R01")
    until(lambda: states(world) == ["not loopback"])


@pytest.mark.parametrize(("effect", "recharges"), [("drop_before", 0), ("drop_after", 1)])
def test_a_cut_connection_before_or_after_the_effect(world: World, effect: str, recharges: int) -> None:
    world.issuer.misbehave("submit", effect, count=1)
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        submit(world, "ORDER008R01")
    assert world.issuer.get("/books")["totals"]["recharges"] == recharges
    assert submit(world, "ORDER008R01")["error_code"] == (208709 if recharges else 0)


def test_a_delayed_answer_takes_effect_although_the_caller_left(world: World) -> None:
    world.issuer.misbehave("submit", "delay_answer", ms=60, count=1)
    world.issuer.misbehave("submit", "stay", count=1)
    before = time.monotonic()
    assert submit(world, "ORDER009R01")["error_code"] == 0
    assert time.monotonic() - before >= 0.06
    assert world.issuer.get("/books")["totals"]["running_fen"] == 5_000
    ended = world.issuer.post("/recharges/end", orderid="ORDER009R01", state=9, err_msg="card frozen")
    assert ended["game_state"] == "9"


@pytest.mark.parametrize(
    ("rule", "status", "code"),
    [
        ({"effect": "status", "status": 429}, 429, 10012),
        ({"effect": "status", "status": 503}, 503, 10014),
        ({"effect": "refuse"}, 200, 208705),
        ({"effect": "refuse", "code": "208703"}, 200, 208703),
    ],
)
def test_refusals(world: World, rule: dict[str, Any], status: int, code: int) -> None:
    world.issuer.post("/rules", operation="submit", **rule)
    answer = submit(world, "ORDER010R01")
    assert (answer["status"], answer["error_code"]) == (status, code)
    assert world.issuer.get("/books")["totals"]["recharges"] == 0


def test_an_accepted_recharge_can_fail(world: World, shop: Shop) -> None:
    world.issuer.misbehave("submit", "fail", message="卡状态异常")
    assert submit(world, "ORDER011R01")["result"]["game_state"] == "0"
    until(lambda: states(world) == ["accepted"])
    assert (shop.forms[0]["sta"], shop.forms[0]["err_msg"]) == ("9", "卡状态异常")
    assert world.issuer.get("/books")["totals"]["recharged_fen"] == 0


def test_bad_commands_say_why(world: World) -> None:
    for wrong in (
        lambda: world.issuer.post("/rules", operation="prepay", effect="delay"),
        lambda: world.issuer.post("/recharges/end"),
        lambda: world.issuer.post("/recharges/end", orderid="NOSUCHORDER"),
        lambda: world.wechat.post("/cashier/pay"),
        lambda: world.wechat.post("/cashier/pay", out_trade_no="NOSUCHORDER"),
        lambda: world.wechat.post("/settings", signing="sideways"),
        lambda: world.wechat.get("/nonsense"),
        lambda: world.wechat.post("/time", factor="fast"),
    ):
        with pytest.raises(ControlError):
            wrong()


def test_a_rule_is_listed_and_forgotten(world: World) -> None:
    world.issuer.misbehave("query", "delay", ms=1)
    assert [rule["effect"] for rule in world.issuer.get("/rules")["rules"]] == ["delay"]
    assert world.issuer.delete("/rules") == {"rules": []}


def test_the_process_announces_itself_and_stops_when_told(tmp_path: Path) -> None:
    """One JSON line when both listen; SIGTERM ends it with 0; the keys are those of the next start."""

    async def one_life() -> tuple[dict[str, Any], int | None]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators", "--state-dir", str(tmp_path), "--public", "localhost"),
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(Path(simulators.__file__).parents[1])},
        )
        assert process.stdout is not None
        line = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
        process.send_signal(signal.SIGTERM)
        return line, await asyncio.wait_for(process.wait(), 5)

    line, status = asyncio.run(one_life())
    assert status == 0
    assert line["wechat_url"].startswith("http://localhost:")
    assert line["issuer_url"] != line["wechat_url"]
    keys = (tmp_path / "keys.json").read_bytes()
    asyncio.run(one_life())
    assert (tmp_path / "keys.json").read_bytes() == keys
