"""WeChat Pay's trade bill: what its lines and its summary say, and the place of the first thing wrong."""

import pytest
from unit.bills import samples
from unit.bills.samples import (
    DAY,
    MCHID,
    WECHAT_PAYMENT,
    WECHAT_REFUND,
    WECHAT_TOTALS,
    wechat,
)

from octane.channels.wechat_pay import bill_file as wechat_file
from octane.kernel.clock import Instant
from octane.kernel.statement import (
    BillUnreadableError,
    LineKind,
    LineStatus,
    StatedTotal,
    StatementLine,
)

START = Instant(1_794_931_200_000)
"""2026-11-18 00:00 in Beijing."""
AT = Instant(START + ((10 * 60 + 55) * 60 + 23) * 1_000)
PAYMENT, REFUND = LineKind.PAYMENT, LineKind.REFUND
DONE = LineStatus.SUCCEEDED


def refusal_of(content: bytes) -> tuple[str, int, int]:
    with pytest.raises(BillUnreadableError) as refusal:
        list(wechat_file.parse(content, DAY).lines)
    return refusal.value.code, refusal.value.line, refusal.value.column


def test_lines() -> None:
    bill = wechat_file.parse(wechat(WECHAT_PAYMENT, WECHAT_REFUND), DAY)
    payer = "oHkLxt0vUqe-18p_AXTZ1innxkCY"
    assert list(bill.lines) == [
        StatementLine(
            *(PAYMENT, "OABCDEFGHIJKLMNOPQRSTUVWXYP01", "4200000263201902167700134902", 10_000, 60, "CNY"),
            *(DONE, payer, MCHID, AT, 2),
        ),
        StatementLine(
            *(REFUND, "OABCDEFGHIJKLMNOPQRSTUVWXYF01", "50000709672019011908420787722", 2_500, -15, "CNY"),
            *(DONE, payer, MCHID, Instant(START + 86_399_000), 3),
        ),
    ]
    assert bill.stated == (
        StatedTotal(PAYMENT, None, 10_000),
        StatedTotal(REFUND, None, 2_500),
        StatedTotal(None, 2, None, 45),
    )


def test_counts_what_it_settles_with_us() -> None:
    """A coupon at our own expense lessens what we get."""
    [line] = wechat_file.parse(wechat(WECHAT_PAYMENT | {"应结订单金额": "95.00"}), DAY).lines
    assert line.amount == 9_500


@pytest.mark.parametrize(
    ("word", "status"),
    [("PROCESSING", LineStatus.PROCESSING), ("CHANGE", LineStatus.PROCESSING), ("FAIL", LineStatus.FAILED)],
)
def test_refunds_that_did_not_succeed(word: str, status: LineStatus) -> None:
    [line] = wechat_file.parse(wechat(WECHAT_REFUND | {"退款状态": word}), DAY).lines
    assert line.status is status


def test_sub_merchants_and_payers_unknown() -> None:
    [line] = wechat_file.parse(
        wechat(WECHAT_PAYMENT | {"特约商户号": "1900000109", "用户标识": ""}), DAY
    ).lines
    assert (line.merchant, line.party) == ("1900000109", "")


def test_commas_in_a_products_name_and_columns_in_any_order() -> None:
    columns = tuple(reversed(samples.WECHAT_COLUMNS))
    rows = (WECHAT_PAYMENT | {"商品名称": "加油卡,充值, 100,00"}, WECHAT_REFUND)
    turned = wechat_file.parse(wechat(*rows, columns=columns, mark="", end="\n"), DAY)
    plain = wechat_file.parse(wechat(WECHAT_PAYMENT, WECHAT_REFUND), DAY)
    assert list(turned.lines) == list(plain.lines)
    assert turned.stated == plain.stated


def test_a_day_without_rows() -> None:
    bill = wechat_file.parse(wechat(sums=("0.0", *["0.00"] * 6)), DAY)
    assert list(bill.lines) == []
    assert bill.stated[2] == StatedTotal(None, 0, None, 0)


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"交易状态": "REVOKED"}, "KIND", 10),
        ({"应结订单金额": "100.005"}, "AMOUNT", 13),
        ({"应结订单金额": "-100.00"}, "AMOUNT", 13),
        ({"退款金额": "0.01"}, "KIND", 17),
        ({"商户退款单号": "F1"}, "KIND", 17),
        ({"手续费": "0.60500"}, "AMOUNT", 23),
        ({"货币种类": "cny"}, "CURRENCY", 12),
        ({"商户订单号": ""}, "NUMBER", 7),
        ({"商户订单号": "a b"}, "NUMBER", 7),
        ({"微信订单号": "４2"}, "NUMBER", 6),
        ({"用户标识": "a,b"}, "NUMBER", 8),
        ({"商户号": ""}, "NUMBER", 3),
        ({"交易时间": "2026-11-18"}, "MOMENT", 1),
        ({"交易时间": "2026-11-10 10:00:00"}, "FOREIGN", 1),
        ({"商品名称": "a,`b"}, "CELL_COUNT", 28),
    ],
)
def test_a_payment_with_one_thing_wrong(change: samples.Cells, code: str, column: int) -> None:
    assert refusal_of(wechat(WECHAT_REFUND, WECHAT_PAYMENT | change)) == (code, 3, column)


@pytest.mark.parametrize(
    ("change", "code", "column"),
    [
        ({"应结订单金额": "25.00"}, "KIND", 13),
        ({"商户退款单号": "0"}, "NUMBER", 16),
        ({"微信退款单号": ""}, "NUMBER", 15),
        ({"退款金额": "-25.00"}, "AMOUNT", 17),
        ({"退款状态": ""}, "STATUS", 20),
    ],
)
def test_a_refund_with_one_thing_wrong(change: samples.Cells, code: str, column: int) -> None:
    assert refusal_of(wechat(WECHAT_PAYMENT, WECHAT_REFUND | change)) == (code, 3, column)


WHOLE = wechat(WECHAT_PAYMENT)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", ("TRUNCATED", 0, 0)),
        (wechat(WECHAT_PAYMENT, sums=()), ("TRUNCATED", 2, 1)),
        (WHOLE.replace(b"2.0,", b"2.5,"), ("SUMMARY", 4, 1)),
        (wechat(WECHAT_PAYMENT, sums=("1.0", "x", *["0.00"] * 5)), ("SUMMARY", 4, 2)),
        (wechat(WECHAT_PAYMENT, sums=("1.0", "1.00")), ("SUMMARY", 4, 3)),
        (WHOLE + b"`more\n", ("SUMMARY", 5, 1)),
        (WHOLE[: WHOLE.index(WECHAT_TOTALS.encode()) + 60], ("SUMMARY", 3, 1)),
        (WHOLE.decode().encode("gbk", "ignore"), ("ENCODING", 1, 1)),
        (WHOLE.replace(b"\n`2026", b"\n2026"), ("CELL_COUNT", 2, 1)),
        (WHOLE.replace(b"\n`2026", b"\n\n`2026"), ("CELL_COUNT", 2, 1)),
        (WHOLE.replace("交易状态".encode(), "交易态".encode()), ("COLUMNS", 1, 28)),
        (WHOLE.replace(b"2026-11-18 ", b"2026-11-17 "), ("FOREIGN", 2, 1)),
    ],
)  # fmt: skip
def test_a_file_with_one_thing_wrong(content: bytes, refusal: tuple[str, int, int]) -> None:
    assert refusal_of(content) == refusal
