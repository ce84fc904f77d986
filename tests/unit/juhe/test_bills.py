"""The issuer's settlement file is asked for under our signature, fetched, and checked by its digest."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest
from unit.bills.samples import DAY, JUHE_RECHARGE, juhe

from octane.issuers.juhe.bills import JuheBills
from octane.issuers.juhe.client import JuheConfig
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown, BillUnreadableError
from octane.wire.http import NoAnswerError, NotSentError, Response

OPENID, KEY = "JH0123456789", "0123456789abcdef0123456789abcdef"
URL = "https://bills.test/file?token=1"
FILE = juhe(JUHE_RECHARGE, total="#total,1,100.00")
ADDRESS = {"url": URL, "sha256": hashlib.sha256(FILE).hexdigest()}


@dataclass
class FakeTransport:
    answers: list[Response | Exception] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        assert (method, body) == ("GET", None)
        assert timeout_s > 0
        self.urls.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def bills(transport: FakeTransport) -> JuheBills:
    return JuheBills(JuheConfig(OPENID, KEY, "https://issuer.test/"), transport)


def answer(result: object = None, code: int = 0) -> Response:
    return Response(200, {}, json.dumps({"reason": "", "result": result, "error_code": code}).encode())


def test_a_bill_is_asked_for_fetched_and_read(bills: JuheBills, transport: FakeTransport) -> None:
    transport.answers = [answer(ADDRESS), Response(200, {}, FILE)]
    file = bills.fetch(DAY)
    assert file == BillOriginal("juhe-settlement-2026-11-18.csv", FILE)
    asked, got = (urlsplit(url) for url in transport.urls)
    assert (asked.netloc, asked.path) == ("issuer.test", "/ofpay/sinopec/bill")
    sign = hashlib.md5(f"{OPENID}{KEY}20261118".encode(), usedforsecurity=False).hexdigest()
    assert dict(parse_qsl(asked.query)) == {"date": "20261118", "key": KEY, "sign": sign}
    assert got.geturl() == URL
    [line] = bills.parse(FILE, DAY).lines
    assert line.party == "*4567"


@pytest.mark.parametrize(
    ("code", "said"), [(208720, BillNotReady.NOT_READY), (208721, BillNotReady.EMPTY_DAY)]
)
def test_no_bill_yet_and_none_at_all(
    bills: JuheBills, transport: FakeTransport, code: int, said: BillNotReady
) -> None:
    transport.answers = [answer(code=code)]
    assert bills.fetch(DAY) is said


@pytest.mark.parametrize("content", [FILE + b" ", gzip.compress(FILE + b" ", mtime=0)])
def test_a_file_that_is_not_the_one_announced(
    bills: JuheBills, transport: FakeTransport, content: bytes
) -> None:
    transport.answers = [answer(ADDRESS), Response(200, {}, content)]
    with pytest.raises(BillUnreadableError, match="DIGEST"):
        bills.fetch(DAY)


@pytest.mark.parametrize(
    "answers",
    [
        [NoAnswerError("reset")],
        [NotSentError("refused")],
        [Response(500, {}, b"")],
        [Response(200, {}, b"no json")],
        [Response(200, {}, b"[]")],
        [Response(200, {}, b'{"error_code":"x"}')],
        [answer(code=10014)],
        [answer()],
        [answer(ADDRESS | {"url": "http://bills.test/in-the-clear"})],
        [answer(ADDRESS | {"url": None})],
        [answer({"url": URL})],
        [answer(ADDRESS), NoAnswerError("reset")],
        [answer(ADDRESS), Response(403, {}, b"over")],
    ],
)
def test_what_tells_nothing_about_a_bill(
    bills: JuheBills, transport: FakeTransport, answers: list[Response | Exception]
) -> None:
    transport.answers = list(answers)
    assert isinstance(bills.fetch(DAY), BillUnknown)
