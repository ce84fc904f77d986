"""Bills made from the books: a zip of GBK files under an address that is good for 30 seconds."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlencode

from simulators.alipay.records import Trade
from simulators.alipay.rules import business_error
from simulators.alipay.trades import TradeBooks
from simulators.alipay.views import at
from simulators.protocol import Now, RefusedError
from simulators.texts import CHINA, LETTERS, moment, pick, yuan

PATH = "/dwbillcenterprod/downloadBillFile.resource"
LIVES_MS = 30_000
READY_HOURS = 24 + 10
FEE_PPM = 6_000
"""0.6 % of what is received."""
HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
ACCOUNT_HEADER = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,"
    "账户余额（元）,交易渠道,业务类型,备注"
)
RULE = "-" * 40
MISSING = RefusedError(200, "isp.bill_not_exist", "账单不存在")


@dataclass(frozen=True, slots=True)
class Movement:
    """One row: a payment, or a refund with its number. `fen` is negative for a refund."""

    at: int
    trade: Trade
    fen: int
    out_request_no: str = ""

    @property
    def fee_fen(self) -> int:
        return 0 if self.out_request_no else -((self.fen * FEE_PPM + 500_000) // 1_000_000)


class BillOffice:
    def __init__(self, seller_id: str, trades: TradeBooks, now: Now, random: Random) -> None:
        self._seller_id = seller_id
        self._trades = trades
        self._now = now
        self._random = random
        self.early = False
        """Hand out the bill of a day that is not over (for demonstrations)."""
        self._offers: dict[str, tuple[int, bytes]] = {}

    def address(self, kind: str, day: str, host: str) -> str:
        """Where the bill can be fetched for 30 seconds; raises `RefusedError`."""
        if kind not in ("trade", "signcustomer"):
            raise business_error("INVALID_PARAMETER", "bill_type")
        try:
            start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=CHINA)
        except ValueError:
            raise business_error("INVALID_PARAMETER", "bill_date") from None
        now = self._now()
        if moment(now) < start + timedelta(hours=READY_HOURS) and not self.early:
            raise MISSING
        found = self.movements(start)
        if not found:
            raise MISSING
        token = pick(self._random, LETTERS, 32)
        self._offers[token] = (now + LIVES_MS, self._archive(kind, start, found))
        asked = urlencode(
            {"bizType": kind, "userId": self._seller_id, "bizDates": f"{start:%Y%m%d}", "token": token}
        )
        return f"http://{host}{PATH}?{asked}"

    def fetch(self, token: str) -> bytes | None:
        """The file, until its address is over."""
        until, archive = self._offers.get(token, (0, b""))
        return archive if self._now() < until else None

    def movements(self, day: datetime) -> list[Movement]:
        """What happened on a Beijing day, in order of time."""
        found = [
            Movement(trade.paid_at, trade, trade.paid_fen)
            for trade in self._trades.all_trades()
            if trade.paid
        ]
        found += [
            Movement(refund.finished_at, refund.trade, -refund.amount_fen, refund.out_request_no)
            for refund in self._trades.all_refunds()
            if refund.done
        ]
        return sorted(
            (each for each in found if moment(each.at).date() == day.date()), key=lambda each: each.at
        )

    def _archive(self, kind: str, day: datetime, found: list[Movement]) -> bytes:
        stem = f"{self._seller_id}0156_{day:%Y%m%d}"
        if kind == "trade":
            files = {
                f"{stem}_业务明细.csv": self._details(day, found),
                f"{stem}_业务明细(汇总).csv": self._summary(found),
            }
        else:
            files = {f"{stem}_账务明细.csv": self._account(day, found)}
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(GbkName(name), text.encode("gbk"), zipfile.ZIP_DEFLATED)
        return target.getvalue()

    def _head(self, title: str, day: datetime) -> list[str]:
        def written(midnight: datetime) -> str:
            return f"[{midnight:%Y年%m月%d日 %H:%M:%S}]"

        return [
            f"#支付宝{title}查询",
            f"#账号：[{self._seller_id}0156]",
            f"#起始日期：{written(day)}   终止日期：{written(day + timedelta(days=1))}",
            f"#{RULE}{title}列表{RULE}",
        ]

    def _details(self, day: datetime, found: list[Movement]) -> str:
        lines = [*self._head("业务明细", day), HEADER, *(_detail(each) for each in found)]
        paid = [each for each in found if not each.out_request_no]
        back = [each for each in found if each.out_request_no]
        lines += [
            f"#{RULE}业务明细列表结束{RULE}",
            f"#交易合计：{len(paid)}笔，商家实收共{_sum(paid)}元，商家优惠共0.00元",
            f"#退款合计：{len(back)}笔，商家实收退款共{_sum(back)}元，商家优惠退款共0.00元",
            f"#导出时间：[{moment(self._now()):%Y年%m月%d日 %H:%M:%S}]",
        ]
        return "\r\n".join(lines) + "\r\n"

    def _summary(self, found: list[Movement]) -> str:
        received, fee = sum(each.fen for each in found), sum(each.fee_fen for each in found)
        cells = ("合计", str(len(found)), yuan(received), yuan(fee), yuan(received + fee))
        return "\r\n".join(["#支付宝业务汇总查询", "门店,笔数,商家实收,服务费,实收净额", ",".join(cells), ""])

    def _account(self, day: datetime, found: list[Movement]) -> str:
        balance, rows = 0, []
        for each in found:
            balance += each.fen
            order = each.trade.order
            income, spent = (yuan(each.fen), "") if each.fen > 0 else ("", yuan(each.fen))
            rows.append(
                f"{each.at}{each.trade.trade_no[-6:]}\t,{each.trade.trade_no}\t,{order.out_trade_no}\t,{order.subject}\t,"
                f"{at(each.at)},csq***@example.com\t,{income},{spent},{yuan(balance)},支付宝\t,"
                f"{'交易退款' if each.fen < 0 else '在线支付'}\t,\t"
            )
        lines = [*self._head("账务明细", day), ACCOUNT_HEADER, *rows, f"#{RULE}账务明细列表结束{RULE}"]
        return "\r\n".join(lines) + "\r\n"


def _sum(found: list[Movement]) -> str:
    return yuan(sum(each.fen for each in found))


def _detail(each: Movement) -> str:
    order = each.trade.order
    kind, amount = ("退款" if each.out_request_no else "交易"), yuan(each.fen)
    return (
        f"{each.trade.trade_no}\t,{order.out_trade_no}\t,{kind}\t,{order.subject.replace(',', '，')},"
        f"{at(each.trade.created_at)},{at(each.at)},\t,\t,\t,\t,*测试(csq***@example.com),{amount},{amount},"
        f"0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,{each.out_request_no or chr(9)},{yuan(each.fee_fen)},0.00,"
    )


class GbkName(zipfile.ZipInfo):
    """A member whose name is written in GBK without saying so, as Alipay's are."""

    __slots__ = ()

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800
