"""What each biller's bills are called, and how its account numbers look: for the page on which they are
bound."""

from collections.abc import Mapping
from typing import NamedTuple

from octane.billers.accounts import RULES
from octane.billers.names import Biller


class Kind(NamedTuple):
    """`account` and `example`: what the number is called, and one that could be."""

    name: str
    account: str
    example: str


KINDS: Mapping[Biller, Kind] = {
    Biller.ELECTRICITY: Kind("电费", "客户编号", "1100223344556"),
    Biller.WATER: Kind("水费", "用户号", "2100223344"),
    Biller.GAS: Kind("燃气费", "用户号", "3100223344"),
    Biller.PARKING: Kind("停车费", "车牌号", "京A12345"),
    Biller.PROPERTY: Kind("物业费", "房屋编号", "B0102030405"),
}


def pattern_of(biller: Biller) -> str:
    """What a number matches as a whole, blanks and dots taken out, in capital letters."""
    return RULES[biller].pattern
