"""The simulated Alipay and our client against an independent implementation: python-alipay-sdk (test only).

The SDK calls the simulator over HTTP in both modes and believes its answers and notices; it signs the same
bytes as our client does.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
from alipay import AliPay, BaseAliPay, DCAliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from octane.channels.alipay.client import Alipay
from octane.channels.alipay.config import AlipayConfig
from octane.channels.alipay.serials import certificate_sn, root_sn
from octane.channels.alipay.signing import request_message, signed
from octane.channels.port import PaymentMethod, PaymentProof, PaymentRequest, Prepared, Trade
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.wire.http import HttpTransport
from simulators.client import World, running
from simulators.server import Options

pytestmark = pytest.mark.filterwarnings("ignore:X509.* is deprecated:DeprecationWarning")
"""The SDK reads certificates through pyOpenSSL."""

NAMES = (f"SDK{number:03d}P01" for number in range(1_000))
PATIENCE_SECONDS = 5


class WallClock:
    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000)


class Shop:
    """A merchant's callback address: remembers the forms that it was sent."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        """What it says next; `success` when there is nothing."""
        self.bodies: list[bytes] = []
        self.url = ""


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            shop.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            answer = shop.answers.pop(0) if shop.answers else b"success"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_port}/notify"
    yield shop
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(Options(tmp_path_factory.mktemp("simulators"), time_factor=0.0001)) as started:
        yield started


@pytest.fixture(params=["key", "certificate"])
def secret(request: Any, world: World) -> dict[str, Any]:
    return world.alipay.get(f"/keys?mode={request.param}")


@pytest.fixture
def sdk(
    secret: dict[str, Any], world: World, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BaseAliPay]:
    """The SDK pointed at the simulator; it dates its requests in the machine's zone."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    made: BaseAliPay
    if secret["alipay_certificates"]:
        made = DCAliPay(
            appid=secret["app_id"],
            app_private_key_string=secret["private_key_pem"],
            app_public_key_cert_string=secret["app_certificate_pem"],
            alipay_public_key_cert_string=secret["alipay_certificates"][0],
            alipay_root_cert_string=secret["alipay_root_pem"],
            app_notify_url=shop.url,
        )
    else:
        made = AliPay(
            appid=secret["app_id"],
            app_private_key_string=secret["private_key_pem"],
            alipay_public_key_string=secret["alipay_public_key_pem"],
            app_notify_url=shop.url,
        )
    made._gateway = f"{world.alipay_url}/gateway.do"
    yield made
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def number() -> str:
    return next(NAMES)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def create(sdk: BaseAliPay, number: str) -> dict[str, Any]:
    return sdk.api_alipay_trade_create(
        subject="加油卡充值",
        out_trade_no=number,
        total_amount="88.88",
        product_code="JSAPI_PAY",
        op_app_id=sdk.appid,
        buyer_open_id="o1",
    )


def form_of(shop: Shop, number: str) -> dict[str, str]:
    def found() -> list[dict[str, str]]:
        forms = [dict(parse_qsl(body.decode())) for body in list(shop.bodies)]
        return [form for form in forms if form["out_trade_no"] == number]

    until(lambda: bool(found()))
    return found()[0]


def test_a_trade_from_create_to_refund(sdk: BaseAliPay, world: World, shop: Shop, number: str) -> None:
    created = create(sdk, number)
    assert (created["code"], create(sdk, number)["trade_no"]) == ("10000", created["trade_no"])
    assert sdk.api_alipay_trade_query(out_trade_no=number)["trade_status"] == "WAIT_BUYER_PAY"
    world.alipay.post("/cashier/pay", trade_no=created["trade_no"])
    queried = sdk.api_alipay_trade_query(out_trade_no=number)
    assert (queried["trade_status"], queried["total_amount"]) == ("TRADE_SUCCESS", "88.88")
    refunded = sdk.api_alipay_trade_refund("25.00", out_trade_no=number, out_request_no="F01")
    assert (refunded["fund_change"], refunded["refund_fee"]) == ("Y", "25.00")
    again = sdk.api_alipay_trade_refund("25.00", out_trade_no=number, out_request_no="F01")
    assert again["fund_change"] == "N"
    found = sdk.api_alipay_trade_fastpay_refund_query("F01", out_trade_no=number)
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "25.00")
    form = form_of(shop, number)
    signature = form.pop("sign")
    assert sdk.verify(dict(form), signature)
    assert not sdk.verify({**form, "total_amount": "0.01"}, signature)


def test_a_code_a_close_and_a_cancel(sdk: BaseAliPay, world: World, number: str) -> None:
    code = sdk.api_alipay_trade_precreate("card", number, "0.01")["qr_code"]
    missing = sdk.api_alipay_trade_close(out_trade_no=number)
    assert (missing["code"], missing["sub_code"]) == ("40004", "ACQ.TRADE_NOT_EXIST")
    world.alipay.post("/cashier/scan", qr_code=code)
    assert sdk.api_alipay_trade_close(out_trade_no=number)["code"] == "10000"
    other = next(NAMES)
    create(sdk, other)
    assert sdk.api_alipay_trade_cancel(out_trade_no=other)["action"] == "close"


def test_the_sdk_does_not_believe_another_signature(sdk: BaseAliPay, world: World, number: str) -> None:
    create(sdk, number)
    world.alipay.misbehave("query", "wrong_signature", count=1)
    with pytest.raises(AliPayValidationError):
        sdk.api_alipay_trade_query(out_trade_no=number)


def test_a_stranger_is_refused(sdk: BaseAliPay, number: str) -> None:
    sdk._appid = "2021000000000000"
    with pytest.raises(AliPayException, match=r"isv\.invalid-app-id"):
        sdk.api_alipay_trade_query(out_trade_no=number)


def test_both_sign_the_same_bytes_alike(sdk: BaseAliPay, secret: dict[str, Any], world: World) -> None:
    config = AlipayConfig.from_secret(secret, world.alipay_url, "https://our.test/alipay")
    parameters = {
        name: value if isinstance(value, str) else "{}"
        for name, value in sdk.build_body("alipay.trade.query", {}).items()
    }
    ours = signed(config, parameters)
    theirs = dict(parse_qsl(sdk.sign_data(dict(parameters))))
    assert ours == theirs
    if config.certified:
        assert ours["app_cert_sn"] == certificate_sn(secret["app_certificate_pem"])
        assert ours["alipay_root_cert_sn"] == root_sn(secret["alipay_root_pem"])
    assert sdk._sign(request_message(parameters).decode()) == ours["sign"]


def test_our_client_and_the_sdk_see_the_same_trade(
    sdk: BaseAliPay, secret: dict[str, Any], world: World, shop: Shop, number: str
) -> None:
    clock = WallClock()
    channel = Alipay(
        AlipayConfig.from_secret(secret, world.alipay_url, shop.url), HttpTransport(clock), clock
    )
    now = clock.now()
    trade = Trade(number, now, Instant(now + 900_000))
    prepared = channel.prepare(
        PaymentRequest(trade, PaymentMethod.ALIPAY_JSAPI, Fen(8_888), "加油卡充值", "o1")
    )
    assert isinstance(prepared, Prepared)
    assert sdk.api_alipay_trade_query(out_trade_no=number)["trade_no"] == prepared.reference
    world.alipay.post("/cashier/pay", out_trade_no=number)
    proof = channel.query(trade)
    assert isinstance(proof, PaymentProof)
    theirs = sdk.api_alipay_trade_query(out_trade_no=number)
    at = datetime.fromtimestamp(proof.paid_at // 1_000, UTC).astimezone()
    assert (theirs["trade_no"], theirs["send_pay_date"]) == (
        proof.transaction_id,
        at.strftime("%Y-%m-%d %H:%M:%S"),
    )
    form = form_of(shop, number)
    assert sdk.verify({name: value for name, value in form.items() if name != "sign"}, form["sign"])
    body = next(body for body in shop.bodies if number.encode() in body)
    told = channel.read_payment_notice(
        {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, body
    )
    assert told is not None
    assert (told.transaction_id, told.amount) == (proof.transaction_id, 8_888)


def test_a_notice_comes_again_until_it_is_answered_success(world: World, shop: Shop, number: str) -> None:
    clock = WallClock()
    config = AlipayConfig.from_secret(world.alipay.get("/keys?mode=key"), world.alipay_url, shop.url)
    channel, now = Alipay(config, HttpTransport(clock), clock), clock.now()
    trade = Trade(number, now, Instant(now + 900_000))
    channel.prepare(PaymentRequest(trade, PaymentMethod.ALIPAY_JSAPI, Fen(1), "card", "o1"))
    shop.answers = [b"SUCCESS", b"fail"]
    world.alipay.post("/cashier/pay", out_trade_no=number)
    until(lambda: sum(number.encode() in body for body in shop.bodies) == 3)
    until(lambda: world.alipay.get("/notices")["notices"][-1]["state"] == "accepted")
    ids = {dict(parse_qsl(body.decode()))["notify_id"] for body in shop.bodies if number.encode() in body}
    assert len(ids) == 1
