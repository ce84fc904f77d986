"""Bills of one day: each format with payments and money back, in cells that a test may change."""

import base64
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from octane.channels.alipay import bill_file as alipay_file
from octane.channels.unionpay import bill_file as unionpay_file
from octane.channels.wechat_pay import bill_file as wechat_file
from octane.issuers.juhe import bill_file as juhe_file
from octane.kernel.statement import StatementLine

DAY = date(2026, 11, 18)
SELLER, MCHID, MER_ID = "2088021109625633", "1921000401", "777290058110048"
Cells = Mapping[str, str]

WECHAT_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
WECHAT_TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
WECHAT_ROW = (
    "2026-11-18 10:55:23,wxab8acd895ab1638a,1921000401,0,,4200000263201902167700134902,"
    "OABCDEFGHIJKLMNOPQRSTUVWXYP01,oHkLxt0vUqe-18p_AXTZ1innxkCY,JSAPI,SUCCESS,OTHERS,CNY,100.00,0.00,0,0,"
    "0.00,0.00,,,加油卡充值,,0.60000,0.60%,100.00,0.00,"
)
WECHAT_COLUMNS = tuple(WECHAT_HEADER.split(","))
WECHAT_PAYMENT = dict(zip(WECHAT_COLUMNS, WECHAT_ROW.split(","), strict=True))
WECHAT_REFUND = WECHAT_PAYMENT | {
    "交易时间": "2026-11-18 23:59:59",
    "交易状态": "REFUND",
    "应结订单金额": "0.00",
    "微信退款单号": "50000709672019011908420787722",
    "商户退款单号": "OABCDEFGHIJKLMNOPQRSTUVWXYF01",
    "退款金额": "25.00",
    "退款类型": "ORIGINAL",
    "退款状态": "SUCCESS",
    "手续费": "-0.15000",
    "订单金额": "0.00",
    "申请退款金额": "25.00",
}
WECHAT_SUMS = ("2.0", "100.00", "25.00", "0.00", "0.45000", "100.00", "25.00")


def wechat(
    *rows: Cells,
    columns: Sequence[str] = WECHAT_COLUMNS,
    sums: Sequence[str] = WECHAT_SUMS,
    mark: str = "\ufeff",
    end: str = "\r\n",
) -> bytes:
    body = [",".join(f"`{row[name]}" for name in columns) for row in rows]
    tail = [WECHAT_TOTALS, ",".join(f"`{text}" for text in sums)] if sums else []
    return (mark + end.join([",".join(columns), *body, *tail, ""])).encode()


ALIPAY_HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
ALIPAY_ROW = (
    "2026111822001458860515315453\t,OABCDEFGHIJKLMNOPQRSTUVWXYP02\t,交易\t,下单测试,2026-11-18 10:55:16,"
    "2026-11-18 10:55:23,store\t,store\t,op\t,\t,*水(6***@qq.com),10.01,10.00,0.00,0.00,0.00,0.01,0.00,,"
    "0.00\t,0.00,\t,-0.06,0.00,note"
)
ALIPAY_COLUMNS = tuple(ALIPAY_HEADER.split(","))
ALIPAY_PAYMENT = dict(zip(ALIPAY_COLUMNS, ALIPAY_ROW.split(","), strict=True))
ALIPAY_REFUND = ALIPAY_PAYMENT | {
    "业务类型": "退款\t",
    "完成时间": "2026-11-18 10:56:48",
    "订单金额（元）": "-4.00",
    "商家实收（元）": "-4.00",
    "退款批次号/请求号": "OABCDEFGHIJKLMNOPQRSTUVWXYF02",
    "服务费（元）": "0.00",
}
ALIPAY_HEAD = (
    "#支付宝业务明细查询",
    f"#账号：[{SELLER}0156]",
    "#起始日期：[2026年11月18日 00:00:00]   终止日期：[2026年11月19日 00:00:00]",
    "#---------业务明细列表---------",
)
ALIPAY_TAIL = (
    "#---------业务明细列表结束---------",
    "#交易合计：1笔，商家实收共10.00元，商家优惠共0.01元",
    "#退款合计：1笔，商家实收退款共-4.00元，商家优惠退款共0.00元",
    "#导出时间：[2026年11月19日 09:46:49]",
)


def alipay(
    *rows: Cells,
    columns: Sequence[str] = ALIPAY_COLUMNS,
    head: Sequence[str] = ALIPAY_HEAD,
    tail: Sequence[str] = ALIPAY_TAIL,
    end: str = "\r\n",
) -> bytes:
    """The details, not yet in their archive."""
    body = [",".join(row[name] for name in columns) for row in rows]
    return end.join([*head, ",".join(columns), *body, *tail, ""]).encode("gbk")


UNIONPAY_PAYMENT = {
    **{"c0": "S22", "c3": "784649", "c4": "1118190700", "c5": "622155******0018", "c6": "000000010000"},
    **{"c9": "442611181906407846498", "c11": "OABCDEFGHIJKLMNOPQRSTUVWXYP03", "c15": "D000000000060"},
    **{"c16": "C000000009940", "c27": MER_ID, "c30": "加油卡充值"},
}
UNIONPAY_REFUND = UNIONPAY_PAYMENT | {
    **{
        "c0": "S30",
        "c6": "000000002500",
        "c9": "052401051658427862748",
        "c11": "OABCDEFGHIJKLMNOPQRSTUVWXYF03",
    },
    **{"c15": "C000000000000", "c16": "D000000002500", "c26": "442611181906407846498"},
}
WIDTHS = (3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1,
          15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98)  # fmt: skip


def record(cells: Cells) -> bytes:
    """One ZM record; a cell is named `c<place>`."""
    return b" ".join(
        cells.get(f"c{place}", "").encode("gbk").ljust(width) for place, width in enumerate(WIDTHS)
    )


def unionpay(*rows: Cells, end: bytes = b"\r\n") -> bytes:
    """The ZM member, not yet in its archive."""
    return b"".join(record(row) + end for row in rows)


JUHE_COLUMNS = ("orderid", "sporder_id", "game_userid", "cardnum", "ordercash", "fee", "state", "finished_at")
JUHE_CELLS = (
    *("OABCDEFGHIJKLMNOPQRSTUVWXYR01", "S2026111810552300000001", "***************4567", "100.00", "100.00"),
    *("0.50", "1", "2026-11-18 10:55:23"),
)
JUHE_RECHARGE = dict(zip(JUHE_COLUMNS, JUHE_CELLS, strict=True))


def juhe(
    *rows: Cells, columns: Sequence[str] = JUHE_COLUMNS, total: str = "#total,2,200.00", end: str = "\r\n"
) -> bytes:
    body = [",".join(row[name] for name in columns) for row in rows]
    return ("\ufeff" + end.join([",".join(columns), *body, *([total] if total else []), ""])).encode()


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 19, 9, 0, 0)), content, method)
    return target.getvalue()


def clearing(members: Mapping[str, bytes]) -> bytes:
    return base64.b64encode(zlib.compress(zipped(members)))


def opener(content: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(content)


def wechat_lines(content: bytes) -> Iterator[StatementLine]:
    return wechat_file.parse(content, DAY).lines


def alipay_lines(content: bytes) -> Iterator[StatementLine]:
    return alipay_file.parse_details(opener(content), DAY, SELLER).lines


def unionpay_lines(content: bytes) -> Iterator[StatementLine]:
    return unionpay_file.read_zm(opener(content), DAY)


def juhe_lines(content: bytes) -> Iterator[StatementLine]:
    return juhe_file.parse(content, DAY).lines
