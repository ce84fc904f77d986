"""A clearing file comes in a signed answer; the file itself is read in tests/unit/bills."""

import pytest
from unit.bills.samples import DAY, UNIONPAY_PAYMENT, clearing, unionpay

from octane.channels.unionpay.bills import UnionPayBills
from octane.kernel.clock import Instant
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown
from octane.wire.http import NoAnswerError, NotSentError

SENT = "20261118190640"
MADE = Instant(1_795_053_600_000)
"""2026-11-19 10:00 in Beijing."""


@pytest.fixture
def bills(config, transport, clock):
    return UnionPayBills(config, transport, clock)


def test_a_download_asks_the_file_host(bills, transport, platform, config, keys):
    content = clearing({f"INN26111888ZM_{config.mer_id}": unionpay(UNIONPAY_PAYMENT)})
    transport.answers = [platform.answer(txnTime=SENT, settleDate="1118", fileContent=content.decode())]
    file = bills.fetch(DAY)
    assert file == BillOriginal("unionpay-zm-2026-11-18.base64", content)
    [line] = bills.parse(file.content, DAY).lines
    assert line.amount == 10_000
    assert transport.last.url == "https://files.test/"
    fields = transport.last.fields
    assert fields.pop("signature")
    assert fields == {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "certId": keys.merchant_cert_id,
        "merId": keys.mer_id,
        "txnType": "76",
        "txnSubType": "01",
        "bizType": "000000",
        "accessType": "0",
        "txnTime": "20261118190640",
        "settleDate": "1118",
        "fileType": "00",
    }


def test_one_word_for_no_file_yet_and_none_at_all(bills, transport, platform, clock):
    transport.answers = [platform.answer(txnTime=SENT, respCode="98")]
    assert bills.fetch(DAY) is BillNotReady.NOT_READY
    clock.at = MADE
    transport.answers = [platform.answer(txnTime="20261119100000", respCode="98")]
    assert bills.fetch(DAY) is BillNotReady.EMPTY_DAY


def test_what_tells_nothing_about_a_file(bills, transport, platform, other_keys):
    forged = platform.message(private_key_pem=other_keys.signer_private_key_pem, txnTime=SENT, respCode="98")
    body = "&".join(f"{name}={value}" for name, value in forged.items()).encode()
    for answer in (
        NotSentError("no route"),
        NoAnswerError("too large"),
        platform.answer(txnTime=SENT, respCode="01"),
        platform.answer(txnTime=SENT, settleDate="1119", fileContent="x"),
        platform.answer(txnTime=SENT, settleDate="1118"),
        platform.answer(txnTime=SENT, respCode="98")._replace(body=body),
    ):
        transport.answers = [answer]
        assert isinstance(bills.fetch(DAY), BillUnknown)
