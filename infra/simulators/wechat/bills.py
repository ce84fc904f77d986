"""WeChat Pay's trade bill (ALL): cells behind backticks, yuan, a line of sums at the end."""

import gzip
from collections.abc import Sequence

from simulators.bills.rows import Draft, Form, Heading, Row, RowKind, RowStatus, fee_of
from simulators.texts import stamp, yuan
from simulators.wechat.records import RefundStatus
from simulators.wechat.trades import TradeBooks

FEE_PPM = 6_000
"""0.6 % of a payment; a refund does not give it back."""
COLUMNS = (
    *("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号", "用户标识"),
    *("交易类型", "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额", "微信退款单号"),
    *("商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态", "商品名称", "商户数据包"),
    *("手续费", "费率", "订单金额", "申请退款金额", "费率备注"),
)
SUMMARY = (
    *("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额"),
    "申请退款总金额",
)
STATUSES = {RowStatus.SUCCEEDED: "SUCCESS", RowStatus.PROCESSING: "PROCESSING", RowStatus.FAILED: "FAIL"}


def bill_rows(books: TradeBooks, mchid: str) -> list[Row]:
    """Every payment and refund of one signing merchant that ever succeeded, in order of success."""
    rows = [
        Row(
            RowKind.PAYMENT,
            trade.order.out_trade_no,
            trade.transaction_id,
            trade.paid_fen,
            fee_of(trade.paid_fen, FEE_PPM),
            trade.paid_at,
            trade.order.mchid,
            trade.openid,
            subject=trade.order.description,
            trade_type=trade.order.kind,
            app=trade.order.appid,
            sub_merchant=trade.order.sub_mchid,
        )
        for trade in books.all_trades()
        if trade.paid and trade.order.mchid == mchid
    ]
    rows += [
        Row(
            RowKind.REFUND,
            refund.order.out_refund_no,
            refund.refund_id,
            refund.order.refund_fen,
            0,
            refund.finished_at,
            refund.trade.order.mchid,
            refund.trade.openid,
            original=refund.trade.order.out_trade_no,
            original_reference=refund.trade.transaction_id,
            subject=refund.trade.order.description,
            trade_type=refund.trade.order.kind,
            app=refund.trade.order.appid,
            sub_merchant=refund.trade.order.sub_mchid,
        )
        for refund in books.refunds.values()
        if refund.status is RefundStatus.SUCCESS and refund.order.owner[0] == mchid
    ]
    return sorted(rows, key=lambda row: row.at)


def draft(heading: Heading, rows: Sequence[Row]) -> Draft:
    paid, back = (sum(row.amount for row in rows if row.returns is returned) for returned in (False, True))
    fee = sum(row.fee for row in rows)
    sums = (f"{len(rows)}.0", yuan(paid), yuan(back), "0.00", f"{yuan(fee)}000", yuan(paid), yuan(back))
    tail = (",".join(SUMMARY), ",".join(f"`{text}" for text in sums))
    return Draft((), COLUMNS, tuple(_cells(row) for row in rows), tail, mark=True)


def _cells(row: Row) -> tuple[str, ...]:
    amount = row.said.get("amount", yuan(row.amount))
    number = row.said.get("number", row.number)
    fee = row.said.get("fee", f"{yuan(row.fee)}000")
    status = row.said.get("status", STATUSES[row.status])
    head = (
        *(row.said.get("at", stamp(row.at)), row.app, row.merchant, row.sub_merchant or "0", ""),
        row.original_reference if row.returns else row.reference,
        *(row.original if row.returns else number, row.party, row.trade_type),
        *(row.said.get("kind", "REFUND" if row.returns else "SUCCESS"), "OTHERS", row.currency),
    )
    money = (
        ("0.00", "0.00", row.reference, number, amount, "0.00", "ORIGINAL", status)
        if row.returns
        else (amount, "0.00", "0", "0", "0.00", "0.00", "", "")
    )
    tail = (row.subject.replace(",", "，"), "", fee, "0.60%")
    asked = ("0.00", amount) if row.returns else (amount, "0.00")
    return tuple(f"`{cell}" for cell in (*head, *money, *tail, *asked, ""))


def pack(heading: Heading, rows: Sequence[Row], text: bytes) -> bytes:
    """As tar_type GZIP has it; without it the text is sent as it is."""
    return gzip.compress(text, mtime=0)


FORM = Form("WECHAT", draft, pack)
