"""Codes by SMS: the vendor's worked example of the signature, and the client against the provider."""

import json
from dataclasses import replace
from random import SystemRandom

import pytest
from unit.outside.carrier import BASE, Carrier, Clock, Said, Unplugged

from octane.identity.ports import Sent
from octane.identity.tencent_sms import TencentSms, TencentSmsConfig, authorization
from simulators.sms.company import Sms
from simulators.sms.signing import new_sms_keys, signature

PHONE = "13800138000"
KEYS = new_sms_keys()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> Sms:
    return Sms(KEYS, clock, SystemRandom())


@pytest.fixture
def wire(provider: Sms) -> Carrier:
    return Carrier(provider)


def config(provider: Sms) -> TencentSmsConfig:
    secret = provider.command("GET /keys", {})
    assert secret is not None
    return TencentSmsConfig.from_secret(secret, BASE)


@pytest.fixture
def sms(provider: Sms, wire: Carrier, clock: Clock) -> TencentSms:
    return TencentSms(config(provider), wire, clock)


def texts(provider: Sms, phone: str = PHONE) -> list[str]:
    inbox = provider.command("GET /inbox", {"phone": phone})
    assert inbox is not None
    return [message["text"] for message in inbox["messages"]]


def test_the_vendors_worked_example():
    """Tencent Cloud's page "Signature v3" signs this call with these keys."""
    headers = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    keys = ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
    assert authorization(*keys, "cvm", headers, body, 1_551_113_065) == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_a_code_arrives(sms, provider, wire):
    # When a code is sent
    assert sms.send_code(PHONE, "204913", 5, "N1") is Sent.SENT
    # Then it is on the phone, and our number came along
    [text] = texts(provider)
    assert "204913" in text
    assert "5分钟" in text
    assert wire.calls[0].json()["SessionContext"] == "N1"
    # And a number from elsewhere keeps its country
    assert sms.send_code("+85291234567", "204913", 5, "N2") is Sent.SENT
    assert len(texts(provider, "+85291234567")) == 1


@pytest.mark.parametrize(
    "phone", ["", "1380013800", "12800138000", "138001380000", "+0123", "１３８００１３８０００", "x"]
)
def test_what_is_no_number_costs_no_call(sms, wire, phone):
    assert sms.send_code(phone, "204913", 5, "N1") is Sent.REFUSED
    assert wire.calls == []


@pytest.mark.parametrize(
    ("wait_s", "most", "code"),
    [(29, 1, "ThirtySecond"), (31, 5, "OneHour"), (3_601, 10, "Daily")],
)
def test_the_provider_limits_each_number(sms, provider, clock, wire, wait_s, most, code):
    # Given as many messages as the limit allows
    clock.at -= 10 * 3_600_000  # the day begins early
    for _ in range(most):
        assert sms.send_code(PHONE, "204913", 5, "N") is Sent.SENT
        clock.at += wait_s * 1_000
    # When one more is asked for
    assert sms.send_code(PHONE, "204913", 5, "N") is Sent.REFUSED
    # Then it is refused for this number, and for no other
    assert len(texts(provider)) == most
    told = wire.carry(wire.calls[-1])
    assert (
        json.loads(told.body)["Response"]["SendStatusSet"][0]["Code"]
        == f"LimitExceeded.PhoneNumber{code}Limit"
    )
    assert sms.send_code("13800138001", "204913", 5, "N") is Sent.SENT


def test_limits_can_be_switched_off(sms, provider):
    provider.command("POST /settings", {"per_30_seconds": 0, "per_hour": 0, "per_day": 0})
    assert {sms.send_code(PHONE, "204913", 5, "N") for _ in range(12)} == {Sent.SENT}


def test_a_number_that_wants_no_messages(sms, provider):
    provider.command("POST /barred", {"phone": PHONE})
    assert sms.send_code(PHONE, "204913", 5, "N") is Sent.REFUSED
    assert texts(provider) == []


@pytest.mark.parametrize(
    ("effect", "more", "outcome", "arrives"),
    [
        ("drop_after", {}, Sent.UNKNOWN, True),
        ("drop_before", {}, Sent.UNKNOWN, False),
        ("status", {"status": 500}, Sent.UNKNOWN, False),
        ("status", {"status": 500, "after": True}, Sent.UNKNOWN, True),
        ("refuse", {}, Sent.REFUSED, False),
        ("refuse", {"code": "InternalError.SendAndRecvFail"}, Sent.UNKNOWN, False),
        ("fail", {}, Sent.SENT, False),
    ],
)
def test_a_provider_that_misbehaves(sms, provider, wire, effect, more, outcome, arrives):
    wire.misbehave("send", effect, key=PHONE, **more)
    assert sms.send_code(PHONE, "204913", 5, "N") is outcome
    assert bool(texts(provider)) is arrives


@pytest.mark.parametrize(
    "field", ["secret_id", "secret_key", "sdk_app_id", "sign_name", "template_id", "region"]
)
def test_one_thing_wrong_in_our_settings(provider, wire, clock, field):
    wrong = replace(config(provider), **{field: ""})
    assert TencentSms(wrong, wire, clock).send_code(PHONE, "204913", 5, "N") is Sent.REFUSED
    assert texts(provider) == []


def test_one_thing_wrong_in_the_signed_call(sms, provider, wire, clock):
    # Given a call as it is signed
    sms.send_code(PHONE, "204913", 5, "N")
    good = wire.calls[-1]
    provider.reset()
    altered = [
        replace(good, body=good.body.replace(b"204913", b"204914")),
        replace(good, headers={**good.headers, "host": "other.test"}),
        replace(good, headers={**good.headers, "content-type": "text/plain"}),
        replace(good, headers={**good.headers, "x-tc-action": "SendStatus"}),
        replace(good, headers={**good.headers, "x-tc-version": "2019-07-11"}),
        replace(good, headers={**good.headers, "x-tc-timestamp": str(clock.at // 1000 + 1)}),
        replace(good, headers={**good.headers, "authorization": good.headers["authorization"][:-1] + "g"}),
        replace(
            good, headers={name: value for name, value in good.headers.items() if name != "authorization"}
        ),
    ]
    # When one thing of it is another
    told = [json.loads(wire.carry(call).body)["Response"] for call in altered]
    # Then it is refused, and nothing is sent
    assert all("Error" in response for response in told)
    # And the same call later than five minutes is, too
    clock.at += 301_000
    assert json.loads(wire.carry(good).body)["Response"]["Error"]["Code"] == "AuthFailure.SignatureExpire"
    assert texts(provider) == []


def test_host_and_content_type_have_to_be_signed(sms, provider, wire):
    # Given a call that signs its content type alone, and rightly so
    sms.send_code(PHONE, "204913", 5, "N")
    good = wire.calls[-1]
    scope = good.headers["authorization"].split("/", 1)[1].split(",")[0]
    stamp = good.headers["x-tc-timestamp"]
    right = signature(KEYS.secret_key, scope, stamp, good, ["content-type"])
    header = (
        f"TC3-HMAC-SHA256 Credential={KEYS.secret_id}/{scope}, SignedHeaders=content-type, Signature={right}"
    )
    # Then the provider does not take it
    told = wire.carry(replace(good, headers={**good.headers, "authorization": header}))
    assert json.loads(told.body)["Response"]["Error"]["Code"] == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"Response":[]}',
        b'{"Response":{"SendStatusSet":[]}}',
        b'{"Response":{"SendStatusSet":[{"PhoneNumber":"+8613800138001","Code":"Ok"}]}}',
        b'{"Response":{"SendStatusSet":[{"PhoneNumber":"+8613800138000"}]}}',
        b'{"Response":{"Error":{"Code":"InternalError.Timeout"}}}',
    ],
    ids=range(9),
)
def test_an_answer_that_says_nothing(provider, clock, body):
    assert TencentSms(config(provider), Said(body), clock).send_code(PHONE, "1", 5, "N") is Sent.UNKNOWN


def test_without_a_wire_nothing_is_sent(provider, clock):
    assert TencentSms(config(provider), Unplugged(), clock).send_code(PHONE, "1", 5, "N") is Sent.REFUSED


def test_the_key_is_shown_nowhere(provider):
    assert KEYS.secret_key not in repr(config(provider))
