"""Alipay's bills: GBK files with a head and a tail, in a zip."""

import io
import zipfile
from collections.abc import Sequence

from simulators.alipay.trades import TradeBooks
from simulators.bills.rows import Draft, Form, Heading, Row, RowKind, fee_of
from simulators.texts import moment, stamp, yuan

FEE_PPM = 6_000
"""0.6 % of what is received; a refund does not give it back."""
BUYER = "*测试(csq***@example.com)"
COLUMNS = (
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号"),
    *("门店名称", "操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）"),
    *("支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）"),
    *("券核销金额（元）", "券名称", "商家红包消费金额（元）", "卡消费金额（元）"),
    *("退款批次号/请求号", "服务费（元）", "分润（元）", "备注"),
)
ACCOUNT_COLUMNS = (
    *("账务流水号", "业务流水号", "商户订单号", "商品名称", "发生时间", "对方账号"),
    *("收入金额（+元）", "支出金额（-元）", "账户余额（元）", "交易渠道", "业务类型", "备注"),
)
RULE = "-" * 40


def bill_rows(books: TradeBooks, seller_id: str) -> list[Row]:
    """Every payment and refund that ever succeeded, in order of success."""
    rows = [
        Row(
            RowKind.PAYMENT,
            trade.order.out_trade_no,
            trade.trade_no,
            trade.paid_fen,
            fee_of(trade.paid_fen, FEE_PPM),
            trade.paid_at,
            seller_id,
            BUYER,
            original_at=trade.created_at,
            subject=trade.order.subject,
        )
        for trade in books.all_trades()
        if trade.paid
    ]
    rows += [
        Row(
            RowKind.REFUND,
            refund.out_request_no,
            refund.trade.trade_no,
            refund.amount_fen,
            0,
            refund.finished_at,
            seller_id,
            BUYER,
            original=refund.trade.order.out_trade_no,
            original_reference=refund.trade.trade_no,
            original_at=refund.trade.created_at,
            subject=refund.trade.order.subject,
        )
        for refund in books.all_refunds()
        if refund.done
    ]
    return sorted(rows, key=lambda row: row.at)


def draft(heading: Heading, rows: Sequence[Row]) -> Draft:
    """业务明细: what moved."""
    taken = [row for row in rows if not row.returns]
    back = [row for row in rows if row.returns]
    tail = (
        f"#{RULE}业务明细列表结束{RULE}",
        f"#交易合计：{len(taken)}笔，商家实收共{_sum(taken)}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{_sum(back)}元，商家优惠退款共0.00元",
        f"#导出时间：[{moment(heading.made_at):%Y年%m月%d日 %H:%M:%S}]",
    )
    return Draft(
        _head("业务明细", heading), COLUMNS, tuple(_cells(row) for row in rows), tail, encoding="gbk"
    )


def pack(heading: Heading, rows: Sequence[Row], text: bytes) -> bytes:
    """The zip with the details, and a member beside them that sums them up."""
    received, fee = sum(signed(row) for row in rows), sum(row.fee for row in rows)
    cells = ("合计", str(len(rows)), yuan(received), yuan(-fee), yuan(received - fee))
    titles = ("门店", "笔数", "商家实收", "服务费", "实收净额")
    summary = Draft(("#支付宝业务汇总查询",), titles, (cells,), (), encoding="gbk").encode()
    return _zipped({_name(heading, "业务明细"): text, _name(heading, "业务明细(汇总)"): summary})


def account_archive(heading: Heading, rows: Sequence[Row]) -> bytes:
    """账务明细: what moved on our balance at Alipay."""
    balance, cells = 0, []
    for row in rows:
        fen = signed(row)
        balance += fen
        income, spent = (yuan(fen), "") if fen > 0 else ("", yuan(fen))
        order_no = row.original or row.number
        head = (f"{row.at}{row.reference[-6:]}", row.reference, order_no, row.subject)
        kind = "交易退款" if row.returns else "在线支付"
        tail = (
            stamp(row.at),
            "csq***@example.com\t",
            income,
            spent,
            yuan(balance),
            "支付宝\t",
            f"{kind}\t",
            "\t",
        )
        cells.append((*(f"{text}\t" for text in head), *tail))
    end = (f"#{RULE}账务明细列表结束{RULE}",)
    account = Draft(_head("账务明细", heading), ACCOUNT_COLUMNS, tuple(cells), end, encoding="gbk")
    return _zipped({_name(heading, "账务明细"): account.encode()})


def signed(row: Row) -> int:
    """A refund is negative in Alipay's files."""
    return -row.amount if row.returns else row.amount


def _sum(rows: Sequence[Row]) -> str:
    return yuan(sum(signed(row) for row in rows))


def _head(title: str, heading: Heading) -> tuple[str, ...]:
    first, last = (f"[{moment(at):%Y年%m月%d日 %H:%M:%S}]" for at in (heading.start, heading.end))
    return (
        f"#支付宝{title}查询",
        f"#账号：[{heading.merchant}0156]",
        f"#起始日期：{first}   终止日期：{last}",
        f"#{RULE}{title}列表{RULE}",
    )


def _cells(row: Row) -> tuple[str, ...]:
    """Texts end with a tab; money does not."""
    amount = row.said.get("amount", yuan(signed(row)))
    number = row.said.get("number", row.number)
    kind = row.said.get("kind", "退款" if row.returns else "交易")
    fee = row.said.get("fee", yuan(-row.fee))
    created, done = stamp(row.original_at or row.at), row.said.get("at", stamp(row.at))
    return (
        *(f"{row.reference}\t", f"{row.original if row.returns else number}\t", f"{kind}\t"),
        *(row.subject.replace(",", "，"), created, done, "\t", "\t", "\t", "\t", row.party, amount, amount),
        *("0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00\t", "0.00"),
        *(number if row.returns else "\t", fee, "0.00", ""),
    )


def _name(heading: Heading, title: str) -> str:
    return f"{heading.merchant}0156_{heading.day:%Y%m%d}_{title}.csv"


def _zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(GbkName(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


class GbkName(zipfile.ZipInfo):
    """A member whose name is written in GBK without saying so, as Alipay's are."""

    __slots__ = ()

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


FORM = Form("ALIPAY", draft, pack)
