"""The tables of a day's exports: what each column is, for a file, a sheet and the documentation (RC4)."""

from enum import StrEnum
from typing import NamedTuple

from octane.reconciliation.model import MatchClass, Source


class Shape(StrEnum):
    TEXT = "VARCHAR"
    WHOLE = "INTEGER"
    FEN = "BIGINT"
    """Money: a CSV shows it twice, in yuan and in fen."""
    MOMENT = "TIMESTAMP"
    """Epoch milliseconds in Parquet (as BIGINT), Beijing time in a CSV."""
    DAY = "DATE"
    """YYYY-MM-DD, as text in Parquet too."""


class Column(NamedTuple):
    name: str
    shape: Shape
    chinese: str
    meaning: str

    @property
    def stored(self) -> str:
        """Its type in Parquet."""
        match self.shape:
            case Shape.MOMENT:
                return "BIGINT"
            case Shape.DAY:
                return "VARCHAR"
            case shape:
                return shape.value


class ExportTable(NamedTuple):
    name: str
    chinese: str
    columns: tuple[Column, ...]

    @property
    def money(self) -> list[str]:
        """The columns whose sums the manifest states."""
        return [column.name for column in self.columns if column.shape is Shape.FEN]


CLASS_NAMES = {
    MatchClass.MATCHED: "一致",
    MatchClass.MISSING_HERE: "本地丢失",
    MatchClass.MISSING_THERE: "渠道丢失",
    MatchClass.MISMATCH: "数据差错",
    MatchClass.IN_TRANSIT: "在途",
    MatchClass.DUPLICATE_HERE: "本地重复",
    MatchClass.DUPLICATE_THERE: "渠道重复",
}
SOURCE_NAMES = {
    Source.WECHAT: "微信支付",
    Source.ALIPAY: "支付宝",
    Source.UNIONPAY: "银联",
    Source.JUHE: "油卡充值",
    Source.ELECTRICITY: "电费",
    Source.WATER: "水费",
    Source.GAS: "燃气费",
    Source.PARKING: "停车费",
    Source.PROPERTY: "物业费",
    Source.BANK: "托管银行",
}

SOURCE = Column("source", Shape.TEXT, "渠道", f"whose bill: {', '.join(Source)}")
CLASS = Column("class", Shape.TEXT, "差异类型", "the class of the line, see below")
KIND = Column("kind", Shape.TEXT, "业务类型", "PAYMENT, REFUND or RECHARGE")


def _side(prefix: str, word: str, whose: str) -> tuple[Column, ...]:
    return (
        Column(
            f"{prefix}_amount", Shape.FEN, f"{word}金额", f"the amount {whose}; empty when that side has none"
        ),
        Column(f"{prefix}_fee", Shape.FEN, f"{word}手续费", f"the fee {whose}; negative when given back"),
        Column(f"{prefix}_currency", Shape.TEXT, f"{word}币种", f"the currency {whose}"),
        Column(f"{prefix}_status", Shape.TEXT, f"{word}状态", f"the status {whose}"),
        Column(f"{prefix}_party", Shape.TEXT, f"{word}交易方", f"who paid or was recharged, {whose}"),
        Column(f"{prefix}_merchant", Shape.TEXT, f"{word}商户号", f"the merchant account {whose}"),
        Column(
            f"{prefix}_reference", Shape.TEXT, f"{word}渠道流水号", f"the counterparty's own number {whose}"
        ),
        Column(f"{prefix}_settled_at", Shape.MOMENT, f"{word}成功时间", f"when it succeeded, {whose}"),
        Column(f"{prefix}_day", Shape.DAY, f"{word}账期", f"the day whose run brought the line, {whose}"),
        Column(f"{prefix}_line", Shape.WHOLE, f"{word}行号", "the line in the original bill; 0 on our side"),
    )


DIFFERENCES = ExportTable(
    "differences",
    "差异明细",
    (
        SOURCE,
        CLASS,
        KIND,
        Column("number", Shape.TEXT, "我方单号", "our number of it, by which the two sides meet"),
        Column("fields", Shape.TEXT, "不一致字段", "what differs, of a MISMATCH; otherwise empty"),
        *_side("our", "我方", "in our ledger"),
        *_side("their", "对方", "on the bill"),
    ),
)
TOTALS = ExportTable(
    "totals",
    "对账合计",
    (
        SOURCE,
        CLASS,
        KIND,
        Column("side", Shape.TEXT, "哪一方", "OURS or THEIRS"),
        Column("count", Shape.WHOLE, "笔数", "how many lines of that side are in the class"),
        Column("amount", Shape.FEN, "金额", "their sum"),
        Column("fee", Shape.FEN, "手续费", "the sum of their fees"),
    ),
)
ENTRIES = ExportTable(
    "ledger_entries",
    "会计分录",
    (
        Column("chain", Shape.WHOLE, "链", "which hash chain of the day has the entry: journal/chain=…"),
        Column("no", Shape.WHOLE, "链内序号", "its place in that chain, from 1"),
        Column("leg", Shape.WHOLE, "分录行", "the line of the entry, from 1"),
        Column("subject", Shape.TEXT, "主体", "the order, task or instruction that it is about"),
        Column("kind", Shape.TEXT, "事项", "what happened"),
        Column("reference", Shape.TEXT, "编号", "which one of its kind"),
        Column("account", Shape.TEXT, "科目", "the account of this line"),
        Column("debit", Shape.FEN, "借方", "debited; 0 when this line credits"),
        Column("credit", Shape.FEN, "贷方", "credited; 0 when this line debits"),
        Column("effective_at", Shape.MOMENT, "发生时间", "when the outside world says that it happened"),
        Column("booked_at", Shape.MOMENT, "记账时间", "when we booked it: the export's day is cut by this"),
        Column("proof", Shape.TEXT, "凭证", "what proves it"),
        Column("party", Shape.TEXT, "交易方", "who paid, or which card was recharged"),
    ),
)
TRIAL_BALANCE = ExportTable(
    "trial_balance",
    "试算平衡表",
    (
        Column("account", Shape.TEXT, "科目", "the account; WALLET is all customers' wallets together"),
        Column("opening", Shape.FEN, "期初余额", "debits less credits before the day"),
        Column("debit", Shape.FEN, "本日借方", "debited by the entries booked on the day"),
        Column("credit", Shape.FEN, "本日贷方", "credited by them"),
        Column("closing", Shape.FEN, "期末余额", "opening plus debit less credit"),
    ),
)
OPEN_DIFFERENCES = ExportTable(
    "open_differences",
    "未结差异",
    (
        Column("task", Shape.TEXT, "任务", "the task of the person who must decide"),
        SOURCE,
        CLASS,
        KIND,
        Column("number", Shape.TEXT, "我方单号", "our number of it"),
        Column("amount", Shape.FEN, "金额", "what is at stake"),
        Column("opened_day", Shape.DAY, "发现日", "the day whose run found it"),
        Column("state", Shape.TEXT, "状态", "the state of the task when the day was sealed"),
    ),
)
FUNDS = ExportTable(
    "funds",
    "资金",
    (
        Column("label", Shape.TEXT, "项目", "what the amount is"),
        Column("amount", Shape.FEN, "金额", "the amount"),
    ),
)

TABLES = (DIFFERENCES, TOTALS, ENTRIES, TRIAL_BALANCE, OPEN_DIFFERENCES, FUNDS)

NOT_AS_IT_IS = r"^[=+\-@'\t\r\n ＝＋－＠]|^[0-9][0-9.,:/eE+\-]*$"
"""Text of which a spreadsheet would make a formula, a number or a date: a CSV has an apostrophe before it."""


def csv_columns(table: ExportTable) -> list[tuple[str, str]]:
    """The columns of a table's CSV: name and SQL expression."""
    found: list[tuple[str, str]] = []
    for column in table.columns:
        name = f'"{column.name}"'
        match column.shape:
            case Shape.FEN:
                sign = f"CASE WHEN {name} < 0 THEN '-' ELSE '' END"
                yuan = f"{sign} || (abs({name}) // 100) || '.' || lpad((abs({name}) % 100)::VARCHAR, 2, '0')"
                found += [(f"{column.name}_yuan", yuan), (f"{column.name}_fen", name)]
            case Shape.TEXT:
                guarded = NOT_AS_IT_IS.replace("'", "''")
                found.append(
                    (
                        column.name,
                        f"CASE WHEN regexp_matches({name}, '{guarded}') THEN '''' || {name} ELSE {name} END",
                    )
                )
            case Shape.MOMENT:
                moment = f"make_timestamp({name} * 1000) + INTERVAL 8 HOUR"
                found.append((column.name, f"strftime({moment}, '%Y-%m-%d %H:%M:%S.%g')"))
            case _:
                found.append((column.name, name))
    return found
