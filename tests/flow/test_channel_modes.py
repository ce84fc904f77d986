"""The channel's other modes: native QR, service provider, public key, and certificates that change."""

import pytest

from flow.books import assert_settled, channel_refunds, nets, recharges
from flow.customers import Customer, new_customer
from octane import wiring
from octane.store.items import Table
from world.shop import Shop, context
from world.wired import ShopWiring


def run(shop: Shop, ann: Customer) -> str:
    """A whole top-up, and one that the issuer refuses; return the first one's order id."""
    order = ann.topped_up()
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    refused = ann.paid(2_000)
    shop.drain()
    assert shop.deliver().status == 200
    shop.drain()
    assert ann.state(refused) == "FAILED"
    assert channel_refunds(shop) == [(f"{refused}P01", 2_000, "SUCCESS")]
    assert_settled(shop)
    return order


def another_process(shop: Shop) -> None:
    """Replace the wiring by a fresh one over the same tables: a function that starts cold."""
    fresh = ShopWiring(dict(shop.wiring._environment), shop.secrets, shop.clock)
    fresh.engine, fresh.lists, fresh.meter = shop.wiring.engine, shop.wiring.lists, shop.wiring.meter
    fresh.__dict__["signals"] = shop.wiring.signals
    fresh.__dict__["queues"] = fresh.__dict__["sockets"] = shop.wiring.lists
    fresh.__dict__["_data_keys"] = shop.wiring.__dict__["_data_keys"]
    shop.wiring = fresh
    wiring.use(fresh)


def test_native_qr(shop: Shop, ann: Customer) -> None:
    # Given a payment by QR code
    order = ann.place()
    answer = ann.pay(order, "WECHAT_NATIVE")
    code_url = answer.body["payment"]["parameters"]["code_url"]
    assert code_url.startswith("weixin://wxpay/bizpayurl")

    # When somebody else scans and pays it
    shop.world.wechat.post("/cashier/pay", code_url=code_url, openid="a-friend")
    shop.deliver()
    shop.drain()
    shop.deliver()

    # Then
    assert ann.state(order) == "SUCCEEDED"
    assert_settled(shop)


def test_jsapi_parameters_are_what_the_mini_program_needs(shop: Shop, ann: Customer) -> None:
    # Given
    order = ann.place()

    # When
    answer = ann.pay(order, key="pay-key-1")

    # Then they are complete, and a replay says the very same words
    parameters = answer.body["payment"]["parameters"]
    assert set(parameters) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert parameters["signType"] == "RSA"
    assert parameters["package"].startswith("prepay_id=wx")
    assert ann.pay(order, key="pay-key-1").body["payment"] == answer.body["payment"]


def test_service_provider_mode(shop: Shop) -> None:
    # Given a service provider with a sub-merchant
    shop.secrets["WECHAT"] = shop.world.wechat.get("/keys?mode=partner")
    ann = new_customer(shop)

    # When a top-up succeeds and another one is refunded
    order = run(shop, ann)

    # Then the channel knows them as the sub-merchant's
    books = shop.world.wechat.get("/books")["trades"]
    trade = next(trade for trade in books if trade["out_trade_no"] == f"{order}P01")
    assert trade["sub_mchid"] == shop.secrets["WECHAT"]["sub_mchid"]
    assert trade["sp_mchid"] == shop.secrets["WECHAT"]["mchid"]
    assert trade["payer"]["sub_openid"] == ann.openid


def test_service_provider_mode_closes_and_queries(shop: Shop) -> None:
    # Given
    shop.secrets["WECHAT"] = shop.world.wechat.get("/keys?mode=partner")
    ann = new_customer(shop)
    shop.world.wechat.misbehave("payment_notice", "lose")
    closed, paid = ann.place(), ann.place(2_000)
    ann.start_paying(closed)
    ann.pay_for(ann.start_paying(paid))

    # When time passes
    shop.clock.move(seconds=900)
    shop.sweep()
    shop.deliver()
    shop.drain()

    # Then
    assert (ann.state(closed), ann.state(paid)) == ("CLOSED", "SUCCEEDED")
    assert_settled(shop)


@pytest.mark.parametrize(
    ("verifier", "signing"),
    [("public_key", "public_key"), ("certificate", "certificate"), ("both", "mixed"), ("both", "public_key")],
)
def test_verifiers(shop: Shop, verifier: str, signing: str) -> None:
    # Given a merchant who holds certificates, the public key, or both while migrating
    shop.world.wechat.post("/settings", signing=signing)
    shop.secrets["WECHAT"] = shop.world.wechat.get(f"/keys?verifier={verifier}")

    # When / Then all of it verifies
    run(shop, new_customer(shop))


def test_a_rotated_certificate_is_known_after_the_hourly_refresh(shop: Shop) -> None:
    # Given a merchant without the public key, and a channel that signs with a new certificate
    shop.secrets["WECHAT"] = shop.world.wechat.get("/keys?verifier=certificate")
    ann = new_customer(shop)
    serial = shop.world.wechat.post("/certificates/rotate")["serial_no"]

    # When the schedule fetches the certificates, and a function starts that has none of them
    shop.function("channels/refresh_certificates")({}, context())
    another_process(shop)

    # Then it finds the new one in the table and believes the channel
    stored = {str(item["sk"]) for item in shop.wiring.engine.items(Table.CHANNELS)}
    assert serial in {found.upper() for found in stored}
    run(shop, ann)


def test_a_rotated_certificate_that_nobody_fetched_is_not_believed(shop: Shop) -> None:
    # Given a started payment, and a channel that signs with a certificate we have never seen
    shop.secrets["WECHAT"] = shop.world.wechat.get("/keys?verifier=certificate")
    ann = new_customer(shop)
    order = ann.place()
    number = ann.start_paying(order)
    shop.world.wechat.post("/time", factor=0)
    shop.world.wechat.post("/certificates/rotate")

    # When the callback comes, then the certificates, then the callback again
    ann.pay_for(number)
    refused = shop.deliver()
    assert (refused.status, refused.body["message"]) == (401, "NOTICE_SIGNATURE_INVALID")
    shop.function("channels/refresh_certificates")({}, context())
    assert shop.deliver().status == 200

    # Then
    shop.drain()
    shop.deliver()
    assert ann.state(order) == "SUCCEEDED"
    assert len(recharges(shop)) == 1
    assert_settled(shop)


def test_the_refresh_of_certificates_can_be_repeated(shop: Shop) -> None:
    # Given
    refresh = shop.function("channels/refresh_certificates")
    refresh({}, context())
    first = shop.wiring.engine.items(Table.CHANNELS)

    # When
    refresh({}, context())

    # Then it holds the same ones
    assert shop.wiring.engine.items(Table.CHANNELS) == first
    assert first


def test_the_hourly_refresh_fails_loudly_when_the_channel_is_down(shop: Shop, ann: Customer) -> None:
    # Given
    shop.world.wechat.misbehave("certificates", "status", count=1, status=500)

    # When
    with pytest.raises(Exception, match="certificates cannot be read"):
        shop.function("channels/refresh_certificates")({}, context())

    # Then what is held stays in use
    ann.topped_up()
    assert nets(shop)
    assert_settled(shop)
