"""A bill is fetched by an address that is believed; the file itself is read in tests/unit/bills."""

import pytest
from unit.bills.samples import ALIPAY_PAYMENT, DAY, alipay, zipped

from octane.channels.alipay.bills import AlipayBills
from octane.kernel.clock import Instant
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, BillUnreadableError
from octane.wire.http import NoAnswerError, NotSentError, Response

CALL = "data_dataservice_bill_downloadurl_query"
URL = "https://bills.test/file?token=1"
FILE = zipped({"1_业务明细.csv": alipay(ALIPAY_PAYMENT)})
MADE = Instant(1_795_053_600_000)
"""2026-11-19 10:00 in Beijing."""


@pytest.fixture
def bills(config, transport, clock):
    return AlipayBills(config, transport, clock)


@pytest.fixture
def fetch(bills, transport):
    def make(*answers):
        transport.answers = list(answers)
        return bills.fetch(DAY)

    return make


def test_a_bill_is_asked_for_and_fetched_unsigned(fetch, transport, platform):
    file = fetch(platform.answer(CALL, bill_download_url=URL), Response(200, {}, FILE))
    assert file == BillOriginal("alipay-trade-2026-11-18.zip", FILE)
    asked, got = transport.requests
    assert asked.content == {"bill_type": "trade", "bill_date": "2026-11-18"}
    assert (got.method, got.url, got.body) == ("GET", URL, b"")


def test_a_bill_of_another_account_is_refused(bills):
    with pytest.raises(BillUnreadableError, match="FOREIGN"):
        bills.parse(FILE, DAY)


def test_one_word_for_no_bill_yet_and_none_at_all(fetch, platform, clock):
    missing = platform.error(CALL, "isp.bill_not_exist")
    clock.at = Instant(MADE - 1)
    assert fetch(missing) is BillNotReady.NOT_READY
    clock.at = MADE
    assert fetch(missing) is BillNotReady.EMPTY_DAY


def test_what_tells_nothing_about_a_bill(fetch, platform, stranger):
    good = platform.answer(CALL, bill_download_url=URL)
    for answers in (
        (NoAnswerError("reset"),),
        (NotSentError("refused"),),
        (stranger.answer(CALL, bill_download_url=URL),),
        (platform.error(CALL, "isp.unknow-error", "20000"),),
        (platform.answer(CALL),),
        (platform.answer(CALL, bill_download_url="http://bills.test/in-the-clear"),),
        (platform.answer(CALL, bill_download_url="file:///etc/passwd"),),
        (good, NoAnswerError("reset")),
        (good, Response(403, {}, b"over")),
    ):
        assert isinstance(fetch(*answers), BillUnknown)
