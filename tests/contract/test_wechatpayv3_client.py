"""The independent client `wechatpayv3` completes a payment against the simulator, in both modes (PY1)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from simulators.client import World, running
from simulators.server import Options

PAYER = "oCustomer1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(Options(tmp_path_factory.mktemp("simulators"), refund_ms=20, time_factor=0.001)) as started:
        yield started


@dataclass
class Shop:
    """A merchant's callback address: keeps what it is sent, and accepts it."""

    url: str = ""
    letters: Queue[tuple[dict[str, str], str]] = field(default_factory=Queue)

    def next(self) -> tuple[dict[str, str], str]:
        return self.letters.get(timeout=5)


@pytest.fixture(scope="module")
def shop_server() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            shop.letters.put((dict(self.headers.items()), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}/callbacks"
    yield shop
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(world: World, shop_server: Shop) -> Shop:
    world.wechat.post("/reset")
    world.wechat.post("/settings", signing="certificate")
    while not shop_server.letters.empty():
        shop_server.letters.get()
    return shop_server


@pytest.fixture(params=["certificate", "public_key"])
def mode(request: pytest.FixtureRequest, world: World, shop: Shop) -> str:
    name: str = request.param
    world.wechat.post("/settings", signing=name)
    return name


def make_client(world: World, monkeypatch: pytest.MonkeyPatch, mode: str, partner: bool = False) -> Any:
    """The client as its documents say, but for the gateway, which it has fixed in its constructor."""
    gateway = property(lambda self: world.wechat_url, lambda self, value: None)
    monkeypatch.setattr(Core, "_gate_way", gateway, raising=False)
    keys = world.wechat.get(f"/keys?verifier={mode}&mode={'partner' if partner else 'direct'}")
    public = {"public_key": keys["public_key_pem"], "public_key_id": keys["public_key_id"]}
    return WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=keys["mchid"],
        private_key=keys["private_key_pem"],
        cert_serial_no=keys["serial_no"],
        appid=keys["appid"],
        apiv3_key=keys["api_v3_key"],
        partner_mode=partner,
        timeout=5,
        **(public if mode == "public_key" else {}),
    )


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> Any:
    return make_client(world, monkeypatch, mode)


def prepay(client: Any, shop: Shop, number: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """A mini-program prepay of 50.00 yuan, unless told otherwise."""
    order = {
        "description": "加油卡充值",
        "out_trade_no": number,
        "amount": {"total": 5000, "currency": "CNY"},
        "payer": {"openid": PAYER},
        "notify_url": shop.url,
        **more,
    }
    code, message = client.pay(**order)
    return code, json.loads(message)


def test_a_payment_and_its_refund_from_prepay_to_books(client: Any, world: World, shop: Shop) -> None:
    """Given a prepay, when the customer pays and is refunded, then notices, queries and books all agree."""
    code, prepared = prepay(client, shop, "ORDER0001P01", attach="card-1")
    assert (code, prepared["prepay_id"][:2]) == (200, "wx")

    code, message = client.query(out_trade_no="ORDER0001P01")
    assert (code, json.loads(message)["trade_state"]) == (200, "NOTPAY")

    world.wechat.post("/cashier/pay", prepay_id=prepared["prepay_id"])
    notice = client.callback(*shop.next())
    assert notice["event_type"] == "TRANSACTION.SUCCESS"
    paid = notice["resource"]
    assert (paid["out_trade_no"], paid["amount"]["total"], paid["payer"]) == (
        "ORDER0001P01",
        5000,
        {"openid": PAYER},
    )

    code, message = client.query(transaction_id=paid["transaction_id"])
    assert (code, json.loads(message)) == (200, paid)

    amount = {"refund": 1234, "total": 5000, "currency": "CNY"}
    order = {"out_refund_no": "ORDER0001F01", "out_trade_no": "ORDER0001P01", "amount": amount}
    code, message = client.refund(**order, reason="卡商拒绝", notify_url=shop.url)
    assert (code, json.loads(message)["status"]) == (200, "PROCESSING")
    refunded = client.callback(*shop.next())
    assert refunded["event_type"] == "REFUND.SUCCESS"
    assert refunded["resource"]["refund_status"] == "SUCCESS"
    assert refunded["resource"]["amount"]["refund"] == 1234

    code, message = client.query_refund("ORDER0001F01")
    assert (code, json.loads(message)["status"]) == (200, "SUCCESS")
    totals = world.wechat.get("/books")["totals"]
    assert (totals["captured_fen"], totals["refunded_fen"], totals["refund_pending_fen"]) == (5000, 1234, 0)


def test_a_native_code_is_paid_by_whoever_scans_it(client: Any, world: World, shop: Shop) -> None:
    code, prepared = prepay(client, shop, "ORDER0002P01", pay_type=WeChatPayType.NATIVE, payer=None)
    assert code == 200
    world.wechat.post("/cashier/pay", code_url=prepared["code_url"], openid="oStranger")
    notice = client.callback(*shop.next())
    assert notice["resource"]["trade_type"] == "NATIVE"
    assert notice["resource"]["payer"] == {"openid": "oStranger"}


def test_a_closed_trade_cannot_be_paid_and_closes_again(client: Any, world: World, shop: Shop) -> None:
    prepay(client, shop, "ORDER0003P01")
    assert client.close("ORDER0003P01")[0] == 204
    assert client.close("ORDER0003P01")[0] == 204
    code, message = client.query(out_trade_no="ORDER0003P01")
    assert (code, json.loads(message)["trade_state"]) == (200, "CLOSED")
    code, refused = prepay(client, shop, "ORDER0003P01")
    assert (code, refused["code"]) == (400, "ORDER_CLOSED")


def test_a_late_success_is_told_like_any_other(client: Any, world: World, shop: Shop) -> None:
    prepay(client, shop, "ORDER0004P01")
    client.close("ORDER0004P01")
    world.wechat.post("/cashier/pay", out_trade_no="ORDER0004P01", late=True)
    assert client.callback(*shop.next())["resource"]["trade_state"] == "SUCCESS"
    code, message = client.close("ORDER0004P01")
    assert (code, json.loads(message)["code"]) == (400, "ORDERPAID")


def test_a_service_provider_collects_for_its_sub_merchant(
    world: World, shop: Shop, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(world, monkeypatch, mode, partner=True)
    keys = world.wechat.get("/keys?mode=partner")
    names = {"sub_mchid": keys["sub_mchid"], "sub_appid": keys["sub_appid"]}
    code, prepared = prepay(client, shop, "ORDER0005P01", payer={"sub_openid": "oSub"}, **names)
    assert code == 200
    world.wechat.post("/cashier/pay", prepay_id=prepared["prepay_id"])
    paid = client.callback(*shop.next())["resource"]
    assert (paid["sp_mchid"], paid["sub_mchid"]) == (keys["mchid"], keys["sub_mchid"])
    assert paid["payer"]["sub_openid"] == "oSub"
    assert client.query(out_trade_no="ORDER0005P01", sub_mchid=keys["sub_mchid"])[0] == 200
    assert client.query(out_trade_no="ORDER0005P01", sub_mchid="1600000000")[0] == 403
    order = {
        "out_refund_no": "ORDER0005F01",
        "out_trade_no": "ORDER0005P01",
        "amount": {"refund": 5000, "total": 5000, "currency": "CNY"},
        "sub_mchid": keys["sub_mchid"],
    }
    assert client.refund(**order, notify_url=shop.url)[0] == 200
    assert client.callback(*shop.next())["resource"]["sub_mchid"] == keys["sub_mchid"]
    assert client.query_refund("ORDER0005F01", sub_mchid=keys["sub_mchid"])[0] == 200


def test_a_rotated_certificate_is_fetched_when_it_first_signs(
    world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a client with the old certificate, when the platform rotates, then it fetches the new one."""
    client = make_client(world, monkeypatch, "certificate")
    serial = world.wechat.post("/certificates/rotate")["serial_no"]
    code, prepared = prepay(client, shop, "ORDER0006P01")
    assert code == 200
    world.wechat.post("/cashier/pay", prepay_id=prepared["prepay_id"])
    headers, body = shop.next()
    assert headers["Wechatpay-Serial"] == serial
    assert client.callback(headers, body)["resource"]["out_trade_no"] == "ORDER0006P01"
    code, message = client._core.request("/v3/certificates")
    assert code == 200
    assert [data["serial_no"] for data in json.loads(message)["data"]][-1] == serial


def test_a_migrating_merchant_is_told_with_both_signatures(
    world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(world, monkeypatch, "public_key")
    world.wechat.post("/settings", signing="mixed")
    serials = set()
    for turn in range(2):
        _, prepared = prepay(client, shop, f"ORDER0007P0{turn}")
        world.wechat.post("/cashier/pay", prepay_id=prepared["prepay_id"])
        headers, body = shop.next()
        serials.add(headers["Wechatpay-Serial"].startswith("PUB_KEY_ID_"))
        assert client.callback(headers, body)["resource"]["trade_state"] == "SUCCESS"
    assert serials == {True, False}


def test_a_wrongly_signed_notice_is_not_believed(client: Any, world: World, shop: Shop) -> None:
    """Two letters of one notice, at the same moment, both signed by a key that was not announced."""
    world.wechat.misbehave("payment_notice", "wrong_signature", count=1, key=PAYER)
    world.wechat.misbehave("payment_notice", "duplicate", count=1)
    prepay(client, shop, "ORDER0008P01")
    world.wechat.post("/cashier/pay", out_trade_no="ORDER0008P01")
    assert [client.callback(*shop.next()) for _ in range(2)] == [None, None]


def test_a_wrongly_signed_answer_is_not_believed(client: Any, world: World, shop: Shop) -> None:
    world.wechat.misbehave("prepay", "wrong_signature", count=1)
    with pytest.raises(Exception, match="failed to verify the signature"):
        prepay(client, shop, "ORDER0009P01")
    assert prepay(client, shop, "ORDER0009P01")[0] == 200


def test_a_request_signed_by_another_key_is_refused(world: World, shop: Shop, client: Any) -> None:
    """The body of a SIGN_ERROR says what the verifier read."""
    client._core._mchid = "1900000000"
    code, message = client.query(out_trade_no="ORDER0010P01")
    assert (code, json.loads(message)["code"]) == (401, "SIGN_ERROR")
    client._core._mchid = world.wechat.get("/keys")["mchid"]
    data = {"mchid": client._core._mchid}
    code, message = client._core.request(
        "/v3/pay/transactions/out-trade-no/ORDER0010P01?mchid=1", sign_data=json.dumps(data)
    )
    refused = json.loads(message)
    assert (code, refused["code"]) == (401, "SIGN_ERROR")
    assert refused["detail"]["detail"] == {"issue": "sign not match"}
    assert refused["detail"]["sign_information"]["method"] == "GET"
