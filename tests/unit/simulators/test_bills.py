"""Bills over the wire, from the companies' own books: when there is one, whose it is, every cell of it."""

import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any
from urllib.parse import urlencode

import pytest

from simulators.issuer.company import Issuer, digest
from simulators.keys import new_keys, private_key
from simulators.misbehaviour import ANSWERING
from simulators.protocol import Call, Company, Json, Reply
from simulators.wechat import crypto
from simulators.wechat.bills import COLUMNS, SUMMARY
from simulators.wechat.company import WeChat
from simulators.wechat.records import Prepay, RefundOrder

HOUR_MS = 3_600_000
START = 1_770_000_000_000  # 2026-02-02 10:40:00 in Beijing
READY = START + 23 * HOUR_MS + 20 * 60_000
"""10:00 of the next day."""
KEYS = new_keys(datetime.fromtimestamp(START // 1000, UTC))
VECTOR = next(
    vector
    for vector in json.loads((Path(__file__).parents[2] / "contract" / "vectors.json").read_text())["shared"]
    if vector["id"] == "wx-tradebill-all-small"
)
ASKED = {"bill_date": "2026-02-02", "bill_type": "ALL", "tar_type": "GZIP"}


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
    """A payment of 50.00 to which 20.00 went back."""
    company = WeChat(KEYS, clock, SystemRandom())
    prepay = Prepay(
        *("JSAPI", KEYS.appid, KEYS.mchid, "", "", "ORDER1P01", "card, 50", "", 5_000, "http://127.0.0.1/n"),
        *("o1", "", None),
    )
    company.trades.prepay(prepay)
    company.trades.pay("ORDER1P01")
    company.trades.refund(RefundOrder((KEYS.mchid, ""), "ORDER1F01", "ORDER1P01", "", 2_000, 5_000, "", ""))
    clock.at += 1_000
    company.settle()
    return company


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    """A recharge of 100.00 that succeeded, and one that still runs."""
    company = Issuer(KEYS, clock, SystemRandom())
    for number, card in (("ORDER1R01", "1000110000000001234"), ("ORDER2R01", "1000110000000005678")):
        fields = {"proid": "10007", "cardnum": "100", "game_userid": card, "orderid": number}
        sign = digest(KEYS.issuer_openid, KEYS.issuer_key, *fields.values())
        body = urlencode({**fields, "chargeType": "1", "key": KEYS.issuer_key, "sign": sign}).encode()
        send(company, Call("POST", "/ofpay/sinopec/onlineorder", {}, body))
        clock.at += 300 if number == "ORDER1R01" else 0
        company.settle()
    return company


def send(company: Company, call: Call) -> Reply:
    subject = company.subject(call)
    assert subject is not None
    return company.handle(call, subject, company.rules.take(subject.operation, subject.keys, ANSWERING))


def get(wechat: WeChat, target: str, at: int, signed: bool = True) -> Reply:
    stamp = str(at // 1000)
    message = crypto.request_message("GET", target, stamp, "nonce", b"")
    signature = crypto.sign(private_key(KEYS.merchant_private_key_pem), message)
    fields = {
        "signature": signature,
        "mchid": KEYS.mchid,
        "nonce_str": "nonce",
        "timestamp": stamp,
        "serial_no": KEYS.merchant_serial,
    }
    listed = ",".join(f'{name}="{value}"' for name, value in fields.items())
    heads = {"host": "wechat.test", **({"authorization": f"{crypto.SCHEME} {listed}"} if signed else {})}
    return send(wechat, Call("GET", target, heads, b""))


def apply(wechat: WeChat, at: int, **more: str) -> Json:
    asked = {name: value for name, value in {**ASKED, **more}.items() if value}
    answer: Json = json.loads(get(wechat, f"/v3/bill/tradebill?{urlencode(asked)}", at).body)
    return answer


def target(url: str, host: str) -> str:
    assert url.startswith(f"http://{host}/")
    return url.removeprefix(f"http://{host}")


def ask(issuer: Issuer, day: str, key: str = KEYS.issuer_key) -> Json:
    sign = digest(KEYS.issuer_openid, key, day)
    query = urlencode({"date": day, "key": KEYS.issuer_key, "sign": sign})
    reply = send(issuer, Call("GET", f"/ofpay/sinopec/bill?{query}", {"host": "issuer.test"}, b""))
    answer: Json = json.loads(reply.body)
    return answer


def test_wechats_bill_is_there_from_ten_on(wechat: WeChat, clock: Clock) -> None:
    clock.at = READY - 1_000
    assert apply(wechat, clock.at)["code"] == "NO_STATEMENT_EXIST"
    clock.at = READY
    assert apply(wechat, clock.at)["hash_type"] == "SHA1"
    assert apply(wechat, clock.at, bill_date="2026-02-01")["code"] == "NO_STATEMENT_EXIST"


def test_wechats_bill_has_the_layout_of_the_vector(wechat: WeChat, clock: Clock) -> None:
    clock.at = READY
    answer = apply(wechat, clock.at)
    reply = get(wechat, target(answer["download_url"], "wechat.test"), clock.at)
    text = gzip.decompress(reply.body)
    assert hashlib.sha1(text, usedforsecurity=False).hexdigest() == answer["hash_value"]
    assert not any(name.lower().startswith("wechatpay") for name in reply.headers)
    header, payment, refund, titles, sums, end = text.decode("utf-8-sig").split("\r\n")
    assert header == VECTOR["header"] == ",".join(COLUMNS)
    assert titles == VECTOR["summary_header"] == ",".join(SUMMARY)
    assert (sums, end) == ("`2.0,`50.00,`20.00,`0.00,`0.30000,`50.00,`20.00", "")
    told = [dict(zip(COLUMNS, row[1:].split(",`"), strict=True)) for row in (payment, refund)]
    known = [dict(zip(COLUMNS, row[1:].split(",`"), strict=True)) for row in VECTOR["rows"]]
    same = (
        "设备号",
        "特约商户号",
        "代金券金额",
        "充值券退款金额",
        "付款银行",
        "货币种类",
        "退款类型",
        "退款状态",
    )
    for row, sample in ((told[0], known[2]), (told[1], known[0])):
        assert row.keys() == sample.keys()
        assert all(row[name] == sample[name] for name in same if name != "设备号")
        assert bool(row["微信退款单号"] == "0") == bool(sample["微信退款单号"] == "0")
    assert (told[0]["应结订单金额"], told[0]["手续费"], told[0]["商品名称"]) == (
        "50.00",
        "0.30000",
        "card， 50",
    )
    assert (told[1]["应结订单金额"], told[1]["退款金额"], told[1]["手续费"]) == ("0.00", "20.00", "0.00000")
    assert (told[1]["商户订单号"], told[1]["商户退款单号"]) == ("ORDER1P01", "ORDER1F01")


def test_wechats_address_wants_a_signature_and_is_good_for_30_seconds(wechat: WeChat, clock: Clock) -> None:
    clock.at = READY
    address = target(apply(wechat, clock.at, tar_type="")["download_url"], "wechat.test")
    assert get(wechat, address, clock.at, signed=False).status == 401
    assert get(wechat, address, clock.at).body.startswith("\ufeff交易时间".encode())
    clock.at += 30_000
    assert get(wechat, address, clock.at).status == 403
    assert get(wechat, "/v3/billdownload/file?token=x", clock.at).status == 403


def test_early_bills_and_wrong_questions(wechat: WeChat, clock: Clock) -> None:
    wechat.command("POST /settings", {"early_bills": True})
    assert "download_url" in apply(wechat, clock.at)
    wechat.reset()
    assert wechat.command("GET /settings", {}) == {
        "refund_ms": 300,
        "signing": "certificate",
        "early_bills": True,
    }
    for wrong in ({"bill_type": "SUCCESS"}, {"tar_type": "ZIP"}, {"bill_date": "2026-2-30"}):
        assert apply(wechat, clock.at, **wrong)["code"] == "PARAM_ERROR"
    with pytest.raises(ValueError, match="early_bills"):
        wechat.command("POST /settings", {"early_bills": 1})


def test_the_issuers_settlement_file(issuer: Issuer, clock: Clock) -> None:
    assert ask(issuer, "20260202")["error_code"] == 208720
    clock.at = READY
    answer = ask(issuer, "20260202")
    result: Any = answer["result"]
    address = target(result["url"], "issuer.test")
    file = send(issuer, Call("GET", address, {}, b"")).body
    assert hashlib.sha256(file).hexdigest() == result["sha256"]
    number = issuer.recharges.recharges["ORDER1R01"].sporder_id
    assert file.decode() == (
        "\ufefforderid,sporder_id,game_userid,cardnum,ordercash,fee,state,finished_at\r\n"
        f"ORDER1R01,{number},***************1234,100.00,100.00,0.00,1,2026-02-02 10:40:00\r\n"
        "#total,1,100.00\r\n"
    )
    clock.at += 30_000
    assert send(issuer, Call("GET", address, {}, b"")).status == 403


def test_the_issuer_refuses_others_and_has_no_file_of_nothing(issuer: Issuer, clock: Clock) -> None:
    clock.at = READY
    assert ask(issuer, "20260201")["error_code"] == 208721
    assert ask(issuer, "20260202", key="another")["error_code"] == 208708
    assert ask(issuer, "2026-02-02")["error_code"] == 208711
    issuer.command("POST /settings", {"early_bills": True})
    clock.at = START
    assert ask(issuer, "20260202")["error_code"] == 0
