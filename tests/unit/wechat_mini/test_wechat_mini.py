"""The mini-program server API: login codes, the access token, the phone number (ID1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from octane.identity.wechat_mini import (
    LoginBlockedError,
    LoginCodeInvalidError,
    ProviderUnavailableError,
    WechatIdentity,
    WechatMini,
    WechatMiniConfig,
)
from octane.kernel.clock import Instant
from octane.wire.http import NoAnswerError, NotSentError, Response

HIDDEN = "mini-secret"


@dataclass
class FakeTransport:
    answers: list[Response | Exception] = field(default_factory=list)
    sent: list[tuple[str, str, dict[str, list[str]], dict[str, str] | None]] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert timeout_s > 0
        parts = urlsplit(url)
        self.sent.append((method, parts.path, parse_qs(parts.query), json.loads(body) if body else None))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def paths(self) -> list[str]:
        return [path.rsplit("/", 1)[1] for _, path, _, _ in self.sent]


class HandClock:
    at = Instant(1_795_000_000_000)

    def now(self) -> Instant:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def mini(transport, clock) -> WechatMini:
    return WechatMini(WechatMiniConfig("wx1", HIDDEN, "https://mini.test/"), transport, clock)


def says(status: int = 200, **fields: object) -> Response:
    return Response(status, {}, json.dumps(fields).encode())


def token(text: str = "T1", seconds: object = 7_200) -> Response:
    return says(access_token=text, expires_in=seconds)


def phone(**changes: object) -> Response:
    info = {"phoneNumber": "+8613800138000", "purePhoneNumber": "13800138000", "countryCode": 86, **changes}
    return says(errcode=0, errmsg="ok", phone_info={"watermark": {"appid": "wx1"}, **info})


def test_login(mini, transport):
    transport.answers = [
        says(openid="o1", session_key="s3cret", unionid="u1"),
        says(openid="o1", session_key="x"),
    ]
    identity = mini.identify("code-1")
    assert identity == WechatIdentity("o1", "u1")
    assert mini.identify("code-2") == WechatIdentity("o1", None)
    assert "s3cret" not in repr(identity) + repr(vars(mini))
    query = {
        "appid": ["wx1"],
        "secret": [HIDDEN],
        "js_code": ["code-1"],
        "grant_type": ["authorization_code"],
    }
    assert transport.sent[0] == ("GET", "/sns/jscode2session", query, None)


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (40029, LoginCodeInvalidError),
        (40163, LoginCodeInvalidError),
        (40226, LoginBlockedError),
        (-1, ProviderUnavailableError),
        (45011, ProviderUnavailableError),
        (40013, ProviderUnavailableError),
        (99999, ProviderUnavailableError),
        ("40029", ProviderUnavailableError),
        (None, ProviderUnavailableError),
    ],
)
def test_login_errors(mini, transport, errcode, error):
    transport.answers = [says(errcode=errcode, errmsg="x")]
    with pytest.raises(error):
        mini.identify("code-1")


@pytest.mark.parametrize(
    "answer",
    [
        NoAnswerError("x"),
        NotSentError("x"),
        Response(200, {}, b"<html>"),
        Response(200, {}, b"[]"),
        Response(200, {}, b"[" * 100_000),
        says(502, openid="o1"),
        says(session_key="s"),
        says(openid=7),
        says(openid=""),
        says(errcode=[], openid="o1"),
    ],
)
def test_login_without_a_usable_answer(mini, transport, answer):
    transport.answers = [answer]
    with pytest.raises(ProviderUnavailableError) as refused:
        mini.identify("code-1")
    assert HIDDEN not in str(refused.value)


@pytest.mark.parametrize("code", ["", " ", "a b", "x" * 257, "码", "a\n"])
def test_what_cannot_be_a_code_costs_no_call(mini, transport, code):
    for exchange in (mini.identify, mini.phone_number):
        with pytest.raises(LoginCodeInvalidError):
            exchange(code)
    assert transport.sent == []


def test_phone_number(mini, transport):
    transport.answers = [token(), phone()]
    assert mini.phone_number("p-1") == "13800138000"
    assert transport.sent == [
        (
            "POST",
            "/cgi-bin/stable_token",
            {},
            {"grant_type": "client_credential", "appid": "wx1", "secret": HIDDEN},
        ),
        ("POST", "/wxa/business/getuserphonenumber", {"access_token": ["T1"]}, {"code": "p-1"}),
    ]


def test_a_number_from_elsewhere_carries_its_country(mini, transport):
    transport.answers = [token(), phone(purePhoneNumber="91234567", countryCode="852")]
    assert mini.phone_number("p-1") == "+85291234567"


def test_the_token_is_kept_until_five_minutes_before_its_end(mini, transport, clock):
    transport.answers = [token("T1"), phone(), phone(), token("T2"), phone()]
    mini.phone_number("p-1")
    clock.at += (7_200 - 300) * 1_000 - 1
    mini.phone_number("p-2")
    clock.at += 1
    mini.phone_number("p-3")
    assert transport.paths == [
        "stable_token",
        *["getuserphonenumber"] * 2,
        "stable_token",
        "getuserphonenumber",
    ]
    assert transport.sent[-1][2] == {"access_token": ["T2"]}


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_withdrawn_token_is_renewed_once(mini, transport, errcode):
    transport.answers = [token("T1"), says(errcode=errcode), token("T2"), phone()]
    assert mini.phone_number("p-1") == "13800138000"
    transport.answers = [says(errcode=errcode), token("T3"), says(errcode=errcode)]
    with pytest.raises(ProviderUnavailableError):
        mini.phone_number("p-2")


@pytest.mark.parametrize("answer", [token(seconds="7200"), token(""), says(errcode=40013), says()])
def test_no_token(mini, transport, answer):
    transport.answers = [answer]
    with pytest.raises(ProviderUnavailableError):
        mini.phone_number("p-1")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(errcode=40029), LoginCodeInvalidError),
        (says(errcode=-1), ProviderUnavailableError),
        (says(errcode=0), ProviderUnavailableError),
        (phone(purePhoneNumber="138-0013"), ProviderUnavailableError),
        (phone(purePhoneNumber=None), ProviderUnavailableError),
        (phone(countryCode="x"), ProviderUnavailableError),
        (phone(watermark={"appid": "wx2"}), ProviderUnavailableError),
    ],
)
def test_phone_errors(mini, transport, answer, error):
    transport.answers = [token(), answer]
    with pytest.raises(error):
        mini.phone_number("p-1")


def test_error_codes_and_secrets():
    assert (LoginCodeInvalidError.code, LoginCodeInvalidError.status) == ("LOGIN_CODE_INVALID", 401)
    assert (ProviderUnavailableError.code, ProviderUnavailableError.status) == ("PROVIDER_UNAVAILABLE", 503)
    assert HIDDEN not in repr(WechatMiniConfig("wx1", HIDDEN, "https://mini.test"))
