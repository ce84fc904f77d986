"""Bills: fetched by an address that is believed, unpacked within bounds, read exactly or not at all."""

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octane.channels.alipay import bill_file
from octane.channels.alipay.bill_file import (
    COLUMNS,
    BillKind,
    BillTotal,
    BillUnreadableError,
    parse_details,
    unpack_details,
)
from octane.channels.alipay.bills import AlipayBills, BillFile, BillMissing, BillType
from octane.channels.port import Unknown
from octane.wire.http import NoAnswerError, NotSentError, Response

CALL = "data_dataservice_bill_downloadurl_query"
URL = "https://bills.test/file?token=1"
HEAD = ("#支付宝业务明细查询", "#账号：[20880156]", "#起始日期：[x]", "#---业务明细列表---")
ROW = (
    "2019091622001458860515315453\t,service_1\t,交易\t,下单测试,2019-09-16 10:55:16,2019-09-16 10:55:23,"
    "store\t,store\t,op\t,\t,*水(6***@qq.com),10.01,10.00,0.00,0.00,0.00,0.01,0.00,,0.00\t,0.00,\t,-0.06,0.00,note"
)
BACK = (
    ROW.replace("交易", "退款").replace(",10.01,10.00,", ",-10.01,-10.00,").replace(",\t,-0.06", ",R1,0.00")
)
TAIL = (
    "#---业务明细列表结束---",
    "#交易合计：1笔，商家实收共10.00元，商家优惠共0.01元",
    "#退款合计：1笔，商家实收退款共-10.00元，商家优惠退款共0.00元",
    "#导出时间：[x]",
)


def written(
    *rows: str, header: str = ",".join(COLUMNS), tail: tuple[str, ...] = TAIL, end: str = "\r\n"
) -> bytes:
    return end.join([*HEAD, header, *rows, *tail, ""]).encode("gbk")


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.fixture
def bills(config, transport, clock):
    return AlipayBills(config, transport, clock)


def fetch(bills, transport, *answers):
    transport.answers = list(answers)
    return bills.download(BillType.TRADE, date(2026, 11, 18))


def test_a_bill_is_asked_for_and_fetched_unsigned(bills, transport, platform):
    file = fetch(bills, transport, platform.answer(CALL, bill_download_url=URL), Response(200, {}, b"PK"))
    assert file == BillFile(b"PK")
    asked, got = transport.requests
    assert asked.content == {"bill_type": "trade", "bill_date": "2026-11-18"}
    assert (got.method, got.url, got.body) == ("GET", URL, b"")


def test_no_bill(bills, transport, platform, stranger):
    missing = platform.error(CALL, "isp.bill_not_exist")
    assert fetch(bills, transport, missing) is BillMissing.NOT_FOUND
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
        assert isinstance(fetch(bills, transport, *answers), Unknown)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_read_exactly(end):
    bill = parse_details(written(ROW, BACK, end=end))
    payment, refund = bill.rows
    assert (payment.order_fen, payment.received_fen, payment.fee_fen) == (1_001, 1_000, -6)
    assert (payment.kind, payment.subject, payment.note) == (BillKind.PAYMENT, "下单测试", "note")
    assert (refund.kind, refund.refund_no, refund.received_fen) == (BillKind.REFUND, "R1", -1_000)
    assert bill.payments == bill.counted(BillKind.PAYMENT) == BillTotal(1, 1_000)
    assert bill.refunds == bill.counted(BillKind.REFUND) == BillTotal(1, -1_000)


@pytest.mark.parametrize(
    ("yuan", "fen"), [("0.29", 29), ("1.15", 115), ("9999999999999.99", 999999999999999)]
)
def test_no_fen_is_lost_on_the_way_from_yuan(yuan, fen):
    [row] = parse_details(written(ROW.replace("10.01", yuan))).rows
    assert row.order_fen == fen


def test_columns_are_found_by_their_names():
    order = list(reversed(range(len(COLUMNS))))
    turned = [",".join(line.split(",")[at] for at in order) for line in (",".join(COLUMNS), ROW)]
    assert parse_details(written(turned[1], header=turned[0])).rows == parse_details(written(ROW)).rows


def test_an_empty_day_and_totals_that_do_not_add_up_are_the_callers_to_judge():
    bill = parse_details(written())
    assert bill.rows == ()
    assert bill.payments != bill.counted(BillKind.PAYMENT)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xff",
        written(ROW).decode("gbk").encode(),
        written(ROW, tail=()),
        written(ROW, tail=TAIL[:1]),
        written(ROW, tail=TAIL[:2]),
        written(ROW, tail=TAIL[1:]),
        written(ROW, header="一,二"),
        written(ROW, header=",".join([*COLUMNS, "新"])),
        written(ROW, header=",".join([*COLUMNS[:-1], COLUMNS[0]])),
        written(ROW + ","),
        written(""),
        written(ROW.replace("交易", "转账")),
        written(ROW.replace("10.01", "10.015")),
        written(ROW.replace("10.01", "1e1")),
        written(ROW.replace("10.01", "")),
        written(ROW.replace("10.01", "９")),
        written(ROW.replace("10.01", "-10.01")),
        written(ROW.replace("2019-09-16 10:55:23", "2019-09-16")),
        written(ROW.replace("2019091622001458860515315453", "")),
        written(ROW.replace("service_1", "")),
        written(ROW.replace(",\t,-0.06", ",R1,-0.06")),
        written(BACK.replace("R1", "")),
        written(BACK.replace("-10.01", "10.01")),
    ],
)
def test_what_is_not_exactly_a_bill(content):
    with pytest.raises(BillUnreadableError):
        parse_details(content)


def test_the_details_are_found_whatever_the_names_are_written_in():
    files = {"1_业务明细.csv": b"details", "1_业务明细(汇总).csv": b"sum"}
    assert unpack_details(packed(files)) == b"details"
    escaping = {"../../etc/1_业务明细.csv": b"details", "/etc/汇总": b""}
    assert unpack_details(packed(escaping)) == b"details"


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"not a zip",
        packed({}),
        packed({"other.csv": b"x"}),
        packed({"a业务明细.csv": b"x", "b业务明细.csv": b"x"}),
        packed({f"{number}.csv": b"" for number in range(20)}),
        packed({"业务明细.csv": b"x" * 99}, zipfile.ZIP_BZIP2),
        packed({"业务明细.csv": b"x" * 99}, zipfile.ZIP_LZMA),
        packed({"业务明细.csv": b"x" * 99})[:-30],
        packed({"业务明细.csv": b"x" * 99}).replace(b"PK\x03\x04", b"PK\x03\x05"),
    ],
)
def test_what_is_no_archive_of_a_bill(archive):
    with pytest.raises(BillUnreadableError):
        unpack_details(archive)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(bill_file, "MOST_BYTES", 1_000)
    assert len(unpack_details(packed({"业务明细.csv": b"0" * 1_000}))) == 1_000
    with pytest.raises(BillUnreadableError):
        unpack_details(packed({"业务明细.csv": b"0" * 1_001}))


@given(at=st.integers(0, 400), value=st.integers(0, 255), cut=st.integers(0, 400))
def test_a_damaged_archive_is_unreadable_or_the_same(at, value, cut):
    archive = bytearray(packed({"1_业务明细.csv": b"details" * 9, "汇总": b"x"}))
    archive[at % len(archive)] = value
    try:
        content = unpack_details(bytes(archive[: len(archive) - cut % 40]))
    except BillUnreadableError:
        return
    assert content == b"details" * 9
