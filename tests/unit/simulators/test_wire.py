"""Both companies in process with a virtual clock, and their cryptography against the shared vectors."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_pem_x509_certificate

from simulators.issuer.company import Issuer, digest
from simulators.keys import Keys, load_keys, new_keys, private_key, save_keys, wechat_secret
from simulators.misbehaviour import ANSWERING, WRITING, parse_rule
from simulators.protocol import Call, Company, Reply
from simulators.wechat import crypto
from simulators.wechat.company import RETRY_MS, WeChat

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[2] / "contract" / "vectors.json").read_text())["shared"]
}
START = 1_770_000_000_000
KEYS = new_keys(datetime.fromtimestamp(START // 1000, UTC))
PREPAY = "/v3/pay/transactions/jsapi"


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wechat(clock: Clock) -> WeChat:
    return WeChat(KEYS, clock, SystemRandom())


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    company = Issuer(KEYS, clock, SystemRandom())
    company.command("POST /settings", {"callback_url": "http://127.0.0.1/c"})
    return company


def send(company: Company, call: Call) -> Reply:
    """One call as a deterministic world makes it."""
    subject = company.subject(call)
    assert subject is not None
    return company.handle(call, subject, company.rules.take(subject.operation, subject.keys, ANSWERING))


def signed(method: str, target: str, content: Any = None, at: int = START, keys: Keys = KEYS) -> Call:
    body = b"" if content is None else json.dumps(content).encode()
    message = crypto.request_message(method, target, str(at // 1000), "nonce", body)
    signature = crypto.sign(private_key(keys.merchant_private_key_pem), message)
    fields = {
        "signature": signature,
        "mchid": keys.mchid,
        "nonce_str": "nonce",
        "timestamp": str(at // 1000),
        "serial_no": keys.merchant_serial,
    }
    listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
    return Call(method, target, {"authorization": f"{crypto.SCHEME} {listed}"}, body)


def order(**more: Any) -> dict[str, Any]:
    return {
        "appid": KEYS.appid,
        "mchid": KEYS.mchid,
        "description": "card",
        "out_trade_no": "ORDER1P01",
        "notify_url": "http://127.0.0.1/n",
        "amount": {"total": 5000, "currency": "CNY"},
        "payer": {"openid": "o1"},
        **more,
    }


def content(reply: Reply) -> Any:
    return json.loads(reply.body)


def believed(headers: Any, body: bytes, pem: str) -> bool:
    key = load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    message = crypto.answer_message(headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"], body)
    return crypto.verifies(key, message, headers["Wechatpay-Signature"])


def test_requests_are_signed_as_in_the_vectors() -> None:
    vector = VECTORS["wx-request-sign-post-jsapi"]
    message = crypto.request_message(
        vector["method"],
        vector["path_and_query"],
        vector["timestamp"],
        vector["nonce_str"],
        vector["body"].encode(),
    )
    assert message.decode() == vector["message"]
    key = private_key(vector["private_key_pem"])
    assert crypto.sign(key, message) == vector["expected_signature"]
    assert crypto.verifies(key.public_key(), message, vector["expected_signature"])
    assert not crypto.verifies(key.public_key(), message + b" ", vector["expected_signature"])


def test_notices_are_signed_as_in_the_vectors() -> None:
    vector = VECTORS["wx-go-notify-full"]
    headers, body = vector["headers"], vector["body"].encode()
    message = crypto.answer_message(headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"], body)
    assert message.decode() == vector["message"]
    assert believed(headers, body, vector["certificate_pem"])


def test_contents_are_sealed_as_in_the_vectors() -> None:
    vector = VECTORS["wx-java-aesgcm256"]
    sealed = crypto.seal(
        vector["key"], vector["plaintext"].encode(), vector["associated_data"], vector["nonce"]
    )
    assert sealed == vector["expected_ciphertext"]


def test_the_issuer_signs_as_in_the_vectors() -> None:
    vector = VECTORS["juhe-onlineorder-sign-derived"]
    fields = ("OpenID", "key", "proid", "cardnum", "game_userid", "orderid")
    assert digest(*(vector[field] for field in fields)) == vector["expected_sign"]


def test_the_retry_schedule_is_the_documented_one() -> None:
    assert len(RETRY_MS) == 15
    assert sum(RETRY_MS) == (24 * 3600 + 4 * 60) * 1000


def test_answers_and_notices_are_signed_and_sealed(wechat: WeChat, clock: Clock) -> None:
    reply = send(wechat, signed("POST", PREPAY, order()))
    pem = KEYS.platforms[-1].certificate_pem
    assert reply.status == 200
    assert believed(reply.headers, reply.body, pem)
    wechat.command("POST /cashier/pay", {"prepay_id": "prepay_id=" + content(reply)["prepay_id"]})
    [notice] = wechat.take_notices()
    first, second = (wechat.letter(notice, {}) for _ in range(2))
    assert first.headers["Wechatpay-Nonce"] != second.headers["Wechatpay-Nonce"]
    assert believed(first.headers, first.body, pem)
    resource = json.loads(first.body)["resource"]
    nonce, associated = resource["nonce"].encode(), resource["associated_data"].encode()
    plain = AESGCM(KEYS.api_v3_key.encode()).decrypt(nonce, b64decode(resource["ciphertext"]), associated)
    assert json.loads(plain) == notice.content


@pytest.mark.parametrize(
    "call",
    [
        Call("GET", "/v3/certificates", {}, b""),
        Call("GET", "/v3/certificates", {"authorization": "Bearer x"}, b""),
        signed("GET", "/v3/certificates", at=START - 301_000),
        Call("GET", "/v3/certificates?x=1", signed("GET", "/v3/certificates").headers, b""),
        Call("POST", PREPAY, signed("POST", PREPAY, order()).headers, b"{}"),
    ],
)
def test_what_is_not_signed_rightly_is_refused_and_does_nothing(wechat: WeChat, call: Call) -> None:
    reply = send(wechat, call)
    assert (reply.status, content(reply)["code"]) == (401, "SIGN_ERROR")
    assert wechat.books()["totals"]["trades"] == 0


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"appid": "wx0"}, 400, "APPID_MCHID_NOT_MATCH"),
        ({"mchid": "1"}, 403, "NO_AUTH"),
        ({"amount": {"total": 0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1.0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": "100"}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": True}}, 400, "PARAM_ERROR"),
        ({"payer": {}}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "short"}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "x" * 33}, 400, "PARAM_ERROR"),
        ({"description": "长" * 128}, 400, "PARAM_ERROR"),
        ({"notify_url": "http://127.0.0.1/n?a=1"}, 400, "PARAM_ERROR"),
        ({"notify_url": "ftp://127.0.0.1/n"}, 400, "PARAM_ERROR"),
        ({"time_expire": "2026-01-01T00:00:00"}, 400, "PARAM_ERROR"),
    ],
)
def test_a_bad_prepay_is_refused(wechat: WeChat, more: dict[str, Any], status: int, code: str) -> None:
    reply = send(wechat, signed("POST", PREPAY, order(**more)))
    assert (reply.status, content(reply)["code"]) == (status, code)


def test_faults_before_and_after_the_effect(wechat: WeChat) -> None:
    wechat.rules.add(parse_rule({"operation": "prepay", "effect": "status", "status": 503, "count": 1}))
    assert send(wechat, signed("POST", PREPAY, order())).status == 503
    assert wechat.books()["totals"]["trades"] == 0
    rule = {"operation": "prepay", "effect": "status", "status": 429, "after": True, "count": 1, "key": "o1"}
    wechat.rules.add(parse_rule(rule))
    reply = send(wechat, signed("POST", PREPAY, order()))
    assert (reply.status, content(reply)["code"]) == (429, "FREQUENCY_LIMITED")
    assert wechat.books()["totals"]["trades"] == 1


def test_faulty_letters(wechat: WeChat, clock: Clock) -> None:
    send(wechat, signed("POST", PREPAY, order()))
    wechat.command("POST /cashier/pay", {"out_trade_no": "ORDER1P01"})
    [notice] = wechat.take_notices()
    pem = KEYS.platforms[-1].certificate_pem
    for effect, more in (("wrong_signature", {}), ("probe", {}), ("stale", {"ms": 301_000})):
        wechat.rules.clear()
        wechat.rules.add(parse_rule({"operation": "payment_notice", "effect": effect, **more}))
        faults = wechat.rules.take("payment_notice", notice.keys, WRITING)
        letter = wechat.letter(notice, faults)
        old = int(letter.headers["Wechatpay-Timestamp"]) <= START // 1000 - 301
        assert (believed(letter.headers, letter.body, pem), old) == (effect == "stale", effect == "stale")


def test_logins_tokens_and_phones(wechat: WeChat, clock: Clock) -> None:
    app = {"appid": KEYS.appid, "secret": KEYS.app_secret}
    query = urlencode({**app, "js_code": "code-o1", "grant_type": "authorization_code"})
    assert content(send(wechat, Call("GET", f"/sns/jscode2session?{query}", {}, b"")))["openid"] == "o1"
    wrong = query.replace("code-o1", "nonsense")
    assert content(send(wechat, Call("GET", f"/sns/jscode2session?{wrong}", {}, b"")))["errcode"] == 40029

    def token(forced: bool) -> Any:
        asked = {**app, "grant_type": "client_credential", "force_refresh": forced}
        return content(send(wechat, Call("POST", "/cgi-bin/stable_token", {}, json.dumps(asked).encode())))

    first = token(False)
    assert token(False)["access_token"] == first["access_token"]
    clock.at += 6_950_000
    assert token(False)["access_token"] != first["access_token"]
    forced = [token(True) for _ in range(21)]
    assert [answer.get("errcode") for answer in forced[-2:]] == [None, 45009]

    def phone(access_token: str, code: str) -> Any:
        target = f"/wxa/business/getuserphonenumber?access_token={access_token}"
        return content(send(wechat, Call("POST", target, {}, json.dumps({"code": code}).encode())))

    latest = forced[-2]["access_token"]
    assert phone(latest, "phone-13800138000")["phone_info"]["purePhoneNumber"] == "13800138000"
    assert phone(latest, "phone-1")["errcode"] == 40029
    assert phone("nonsense", "phone-13800138000")["errcode"] == 40001


def test_the_issuer_verifies_submits_and_tells(issuer: Issuer, clock: Clock) -> None:
    given = {"proid": "10007", "cardnum": "50", "game_userid": "1000111234567890123", "orderid": "ORDER1R01"}
    sign = digest(KEYS.issuer_openid, KEYS.issuer_key, *given.values())

    def ask(path: str, **form: str) -> Any:
        body = urlencode({"key": KEYS.issuer_key, **form}).encode()
        return content(send(issuer, Call("POST", f"/ofpay/sinopec/{path}", {}, body)))

    assert ask("onlineorder", **given, sign="0" * 32)["error_code"] == 208708
    assert ask("onlineorder", **given, sign=sign, key="x")["error_code"] == 10001
    assert ask("onlineorder", **given, sign=sign)["result"]["game_state"] == "0"
    assert ask("onlineorder", **given, sign=sign)["error_code"] == 208709
    clock.at += 1_000
    issuer.settle()
    assert ask("ordersta", orderid="ORDER1R01")["result"]["game_state"] == "1"
    assert ask("ordersta", orderid="ORDER2R01")["error_code"] == 208707
    [notice] = issuer.take_notices()
    form = {name: value[0] for name, value in parse_qs(issuer.letter(notice, {}).body.decode()).items()}
    assert form["sign"] == digest(KEYS.issuer_key, form["sporder_id"], "ORDER1R01")
    assert form["sta"] == "1"
    stamp = str(clock.at // 1000)
    money = ask("yue", timestamp=stamp, sign=digest(KEYS.issuer_openid, KEYS.issuer_key, stamp))
    assert money["result"]["money"] == "9999950.00"


def test_keys_survive_a_restart_and_stay_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    save_keys(path, KEYS)
    assert load_keys(path) == KEYS
    assert path.stat().st_mode & 0o077 == 0


def test_the_merchant_is_given_the_secret_in_its_shape() -> None:
    secret = wechat_secret(KEYS, partner=True, verifier="certificate")
    names = "mchid appid app_secret serial_no private_key_pem api_v3_key platform_certificates"
    assert set(secret) == {*names.split(), "public_key_id", "public_key_pem", "sub_mchid", "sub_appid"}
    assert (secret["public_key_id"], secret["sub_mchid"]) == ("", KEYS.sub_mchid)
