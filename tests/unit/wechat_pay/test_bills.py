"""A bill is asked for, fetched under our signature on the channel's own host, and checked by its digest."""

import base64
import gzip
import hashlib
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from unit.bills.samples import DAY, WECHAT_PAYMENT, wechat
from unit.wechat_pay.conftest import FixedNonces

from octane.channels.wechat_pay.bills import WechatBills
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.kernel.clock import Instant
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, BillUnreadableError
from octane.wire.http import NoAnswerError, NotSentError, Response

TARGET = "/v3/billdownload/file?token=abc"
TEXT = wechat(WECHAT_PAYMENT)
FILE = gzip.compress(TEXT, mtime=0)
ADDRESS = {
    "hash_type": "SHA1",
    "hash_value": hashlib.sha1(TEXT, usedforsecurity=False).hexdigest(),
    "download_url": f"https://pay.test{TARGET}",
}
MADE = Instant(1_795_053_600_000)
"""2026-11-19 10:00 in Beijing."""


@pytest.fixture
def bills(config, transport, clock):
    keys = PlatformKeys(config, transport, clock, FixedNonces())
    return WechatBills(config, transport, clock, FixedNonces(), keys)


@pytest.fixture
def fetch(bills, transport):
    def make(*answers):
        transport.answers = list(answers)
        return bills.fetch(DAY)

    return make


def test_a_bill_is_asked_for_fetched_and_read(bills, fetch, transport, platform):
    file = fetch(platform.answer(200, ADDRESS), Response(200, {}, FILE))
    assert file == BillOriginal("wechat-tradebill-2026-11-18.csv.gz", FILE)
    asked, got = transport.requests
    assert asked.url == "https://pay.test/v3/bill/tradebill?bill_date=2026-11-18&bill_type=ALL&tar_type=GZIP"
    assert (got.method, got.url, got.body) == ("GET", ADDRESS["download_url"], None)
    [line] = bills.parse(file.content, DAY).lines
    assert line.amount == 10_000


def test_the_download_is_signed_over_path_and_query(fetch, transport, platform, merchant_key):
    fetch(platform.answer(200, ADDRESS), Response(200, {}, FILE))
    found = dict(re.findall(r'(\w+)="([^"]*)"', transport.last.headers["authorization"]))
    message = f"GET\n{TARGET}\n{found['timestamp']}\n{found['nonce_str']}\n\n".encode()
    merchant_key.public_key().verify(base64.b64decode(found["signature"]), message, PKCS1v15(), SHA256())


def test_a_file_that_came_plain_is_told_by_its_name(fetch, platform):
    file = fetch(platform.answer(200, ADDRESS), Response(200, {}, TEXT))
    assert file == BillOriginal("wechat-tradebill-2026-11-18.csv", TEXT)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(TEXT + b" ", mtime=0), "DIGEST"),
        (FILE[:-9], "TRUNCATED"),
        (b"", "TRUNCATED"),
        (b"<p>", "NOT_AN_ARCHIVE"),
    ],
)
def test_a_file_that_is_not_the_one_announced(fetch, platform, content, code):
    with pytest.raises(BillUnreadableError, match=code):
        fetch(platform.answer(200, ADDRESS), Response(200, {}, content))


def test_no_bill_yet_and_none_at_all(fetch, platform, clock):
    clock.at = Instant(MADE - 1)
    assert fetch(platform.error(400, "NO_STATEMENT_EXIST")) is BillNotReady.NOT_READY
    assert fetch(platform.error(400, "STATEMENT_CREATING")) is BillNotReady.NOT_READY
    clock.at = MADE
    assert fetch(platform.error(400, "NO_STATEMENT_EXIST")) is BillNotReady.EMPTY_DAY
    assert fetch(platform.error(400, "STATEMENT_CREATING")) is BillNotReady.NOT_READY


def test_our_signature_goes_to_no_other_host(fetch, transport, platform):
    for url in ("https://other.test/f", "http://pay.test/f", "https://pay.test:8443/f", "/f", ""):
        transport.requests.clear()
        assert isinstance(fetch(platform.answer(200, ADDRESS | {"download_url": url})), BillUnknown)
        assert len(transport.requests) == 1


def test_what_tells_nothing_about_a_bill(fetch, platform, successor):
    good = platform.answer(200, ADDRESS)
    for answers in (
        (NoAnswerError("reset"),),
        (NotSentError("refused"),),
        (good._replace(body=good.body + b" "),),
        (good._replace(headers={}),),
        (platform.error(500, "SYSTEM_ERROR"),),
        (platform.error(403, "NO_AUTH"),),
        (platform.answer(200, ADDRESS | {"hash_type": "MD5"}),),
        (platform.answer(200, ADDRESS | {"hash_value": ""}),),
        (good, NoAnswerError("reset")),
        (good, NotSentError("refused")),
        (good, Response(403, {}, b"over")),
    ):
        assert isinstance(fetch(*answers), BillUnknown)


def test_without_a_readable_key_nothing_is_sent(config, transport, clock):
    broken = replace(config, private_key_pem="no key")
    keys = PlatformKeys(broken, transport, clock, FixedNonces())
    assert isinstance(WechatBills(broken, transport, clock, FixedNonces(), keys).fetch(DAY), BillUnknown)
    assert transport.requests == []
