"""Where the things of a person are: what an export lists and an erasure ends."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from octane.orders.states import OPEN_REFUND, TERMINAL, RefundStatus
from octane.store.items import BY_USER, Item, Query, Table
from octane.store.store import Store

PERSONAL: Mapping[Table, str] = MappingProxyType(
    {Table.IDENTITY: "", Table.RISK: "", Table.BILLS: "USER#", Table.COUPONS: "USER#"}
)
"""Tables in which a partition is a person's alone, and what its key has before their id."""
_TERMINAL = {state.value for state in TERMINAL}
_OWED = {status.value for status in (*OPEN_REFUND, RefundStatus.STUCK)}
PAGE = 100


class Kept(NamedTuple):
    """What outlives an erasure."""

    what: str
    why: str
    how_long: str


KEPT = (
    Kept(
        "订单、支付与退款的金额、时间、状态及渠道流水号（以匿名账号编号记录）",
        "《非银行支付机构监督管理条例》《会计档案管理办法》",
        "交易记录至少 5 年，会计档案 30 年",
    ),
    Kept("账簿分录（付款人以不可逆标记记录）", "《会计法》；分录以哈希链封存，不可改动", "30 年"),
    Kept("渠道与发卡方原始对账单", "《会计法》《反洗钱法》；原样归档、不可改动、限权查阅", "30 年"),
    Kept(
        "登录与资金操作的审计记录（账号编号、IP、设备、会话编号）",
        "《网络安全法》第二十一条",
        "不少于 6 个月",
    ),
    Kept("登录标识的不可逆摘要（不含归属）", "防止新账户与已注销账户相混淆", "长期"),
)


def partition(store: Store, table: Table, user_id: str) -> Iterator[Item]:
    """Every item of a person's partition."""
    return store.scan_pages(Query(table, PERSONAL.get(table, "") + user_id, limit=PAGE))


def order_ids(store: Store, user_id: str) -> Iterator[str]:
    """Every order of an account, from the index: what was placed within the last second may lack."""
    query = Query(Table.ORDERS, user_id, index=BY_USER, limit=PAGE)
    return (str(keys["pk"]) for keys in store.scan_pages(query))


def order_items(store: Store, order_id: str) -> list[Item]:
    """All of an order: itself, attempts, refunds, steps, decisions."""
    return list(store.scan_pages(Query(Table.ORDERS, order_id)))


def is_settled(items: list[Item]) -> bool:
    """Whether nothing is under way or owed for an order."""
    order = [item for item in items if item["sk"] == "#ORDER"]
    refunds = [item for item in items if str(item["sk"]).startswith("REFUND#")]
    ended = all(item["state"] in _TERMINAL for item in order)
    return ended and not any(item["status"] in _OWED for item in refunds)


def exports_of(user_id: str) -> str:
    """The folder of a person's exports in the bucket for work."""
    return f"people/{user_id}/"
