"""The copy of a person's data, printed in Chinese: what they can read without a tool (ID6)."""

import json
from collections.abc import Mapping
from pathlib import Path

import typst
from pylopdf_fonts_zh_cn import sans_path

from octane.kernel.clock import Instant, in_beijing
from octane.kernel.money import Fen, format_yuan

TEMPLATE = Path(__file__).with_name("copy.typ")
STATES = {
    "PENDING": "待支付",
    "PAYING": "支付中",
    "REVIEWING": "审核中",
    "RECHARGING": "充值中",
    "SUCCEEDED": "成功",
    "FAILED": "失败",
    "CLOSED": "已关闭",
}


def copy_pdf(copy: Mapping[str, object]) -> bytes:
    """Print what `octane.rights.copies.gathered` found."""
    compiler = typst.Compiler(
        TEMPLATE,
        font_paths=[sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_data(copy), ensure_ascii=False)},
    )
    printed = compiler.compile(format="pdf")
    if not isinstance(printed, bytes):
        raise TypeError(printed)
    return printed


def _data(copy: Mapping[str, object]) -> dict[str, object]:
    """What the template prints: words."""
    orders = [_order(order) for order in _items(copy["orders"]) if order]
    own = _items(copy["identity"])
    consents = [item for item in own if _sort(item).startswith("CONSENT#") and _sort(item).count("#") > 1]
    rest = [item for item in own if not _sort(item).startswith("CONSENT#")]
    rest += [
        item for table in ("bills", "coupons", "price_subscriptions") for item in _items(copy.get(table))
    ]
    return {
        "user_id": copy["user_id"],
        "made_at": copy["made_at"],
        "records": [[_sort(item), *_facts(item)] for item in rest],
        "consents": [
            [_sort(item).split("#")[1], "同意" if item.get("given") else "撤回", _moment(item.get("at"))]
            for item in consents
        ],
        "orders": orders,
        "acts": [
            [_moment(act.get("at")), str(act.get("action")), str(act.get("ip", "")), str(act.get("outcome"))]
            for act in _items(copy["acts"])
        ],
        "kept": [[str(word) for word in kept.values()] for kept in _items(copy["kept_after_erasure"])],
    }


def _order(items: object) -> list[str]:
    order = next(item for item in _items(items) if item["sk"] == "#ORDER")
    state = str(order["state"])
    return [
        _moment(order["placed_at"]),
        format_yuan(Fen(int(str(order["amount"])))),
        STATES.get(state, state),
        str(order.get("card_number") or order.get("account_no", "")),
    ]


def _facts(item: Mapping[str, object]) -> list[str]:
    facts = [f"{name}: {value}" for name, value in item.items() if name != "sk"]
    return ["；".join(facts)]


def _items(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _sort(item: Mapping[str, object]) -> str:
    return str(item["sk"])


def _moment(at: object) -> str:
    return f"{in_beijing(Instant(at)):%Y-%m-%d %H:%M:%S}" if isinstance(at, int) else ""
