"""Login with Alipay: the gateway's client against the simulated gateway, in key mode and certificate mode."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any

import pytest
from unit.outside.carrier import BASE, START, Carrier, Clock, Said, Unplugged

from octane.identity.ports import AlipayLogin
from octane.identity.wechat_mini import LoginCodeInvalidError, ProviderUnavailableError
from octane.wiring import Wiring
from simulators.alipay.company import Alipay
from simulators.keys import new_keys

KEYS = new_keys(datetime.fromtimestamp(START // 1_000, UTC))


class Wired(Wiring):
    """The product's wiring with this test's clock and wire."""

    def __init__(self, wire: Any, clock: Clock, secret: dict[str, Any]) -> None:
        super().__init__({"OCTANE_ALIPAY_URL": BASE})
        self.__dict__ |= {"_transport": wire, "clock": clock, "secret": secret}

    def _secret(self, name: str) -> dict[str, Any]:
        assert name == "ALIPAY"
        return self.__dict__["secret"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def alipay(clock: Clock) -> Alipay:
    return Alipay(KEYS, clock, SystemRandom())


@pytest.fixture
def wire(alipay: Alipay) -> Carrier:
    return Carrier(alipay)


@pytest.fixture(params=["key", "certificate"])
def login_on(request: Any, alipay: Alipay, clock: Clock) -> Callable[[Any], AlipayLogin]:
    secret = alipay.command("GET /keys", {"mode": request.param})
    assert secret is not None
    return lambda wire: Wired(wire, clock, secret).alipay_login


@pytest.fixture
def login(login_on: Callable[[Any], AlipayLogin], wire: Carrier) -> AlipayLogin:
    return login_on(wire)


def test_a_code_names_its_person_once(login, wire):
    # When a code is exchanged
    assert login.user_of("code-person_1.a") == "person_1"
    # Then the call carried it beside the public parameters, and no biz_content
    sent = wire.calls[0].body.decode()
    assert "code=code-person_1.a" in sent
    assert "biz_content" not in sent
    # And it is used up, while the person's next one is good
    with pytest.raises(LoginCodeInvalidError):
        login.user_of("code-person_1.a")
    assert login.user_of("code-person_1.b") == "person_1"


@pytest.mark.parametrize("code", ["", "a b", "x" * 257, "码"])
def test_what_cannot_be_a_code_costs_no_call(login, wire, code):
    with pytest.raises(LoginCodeInvalidError):
        login.user_of(code)
    assert wire.calls == []


def test_a_code_that_alipay_did_not_give(login):
    with pytest.raises(LoginCodeInvalidError):
        login.user_of("somebody-elses")


@pytest.mark.parametrize(
    ("effect", "more", "used"),
    [
        ("drop_before", {}, False),
        ("drop_after", {}, True),
        ("status", {"status": 502}, False),
        ("refuse", {"code": "isp.unknow-error"}, False),
        ("refuse", {"code": "isv.grant-type-invalid"}, False),
        ("wrong_signature", {}, True),
    ],
)
def test_trouble_is_no_login(login, wire, alipay, effect, more, used):
    # When Alipay has trouble, or somebody else answers
    wire.misbehave("log_in", effect, **more)
    with pytest.raises(ProviderUnavailableError):
        login.user_of("code-person_1.a")
    # Then the code may be used up all the same
    assert ("code-person_1.a" in alipay.logins.used) is used


def test_without_a_wire(login_on):
    with pytest.raises(ProviderUnavailableError):
        login_on(Unplugged()).user_of("code-person_1")


def test_an_answer_about_nobody(login_on, alipay):
    # Given a good signature over an answer that has no open id, as older applications get
    body = alipay.signer.answer("alipay.system.oauth.token", {"user_id": "2088102150477652"}, True, {})
    with pytest.raises(ProviderUnavailableError):
        login_on(Said(body)).user_of("code-person_1")


def test_an_unsigned_refusal_is_none(login_on):
    told = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid", "sub_msg": "x"}
    with pytest.raises(ProviderUnavailableError):
        login_on(Said(json.dumps({"error_response": told}).encode())).user_of("code-person_1")
