"""Account numbers at billers: how each is written, checked, and shown (FU2)."""

import re
import unicodedata
from collections.abc import Mapping

from octane.billers.names import Biller
from octane.kernel.errors import InputError

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTER = "A-HJ-NP-Z"
"""No I and no O: they read as digits."""
SERIAL = f"[{LETTER}0-9]"
PLATE = re.compile(
    f"[{PROVINCES}][{LETTER}]"
    f"(?:{SERIAL}{{4}}[{LETTER}0-9挂学警港澳]"  # 京A12345
    f"|[A-HJK]{SERIAL}[0-9]{{4}}"  # new energy, small: 京AD12345
    "|[0-9]{5}[A-HJK])"  # new energy, large: 京A12345D
)
METER = re.compile("[0-9]{8,20}")
RULES: Mapping[Biller, re.Pattern[str]] = {
    Biller.ELECTRICITY: METER,
    Biller.WATER: METER,
    Biller.GAS: METER,
    Biller.PARKING: PLATE,
    Biller.PROPERTY: re.compile("[0-9A-Z]{8,20}"),
}
BETWEEN = re.compile(r"[\s·•・.-]")
"""What people write between the parts of a number."""
MOST = 64
SHOWN = 4


class BillAccountInvalidError(InputError):
    code = "ACCOUNT_INVALID"
    summary = (
        "Send the account number as the bill has it: 8 to 20 digits (a property fee's may have letters); "
        "for parking the number plate."
    )


def check_account(biller: Biller, text: str) -> str:
    """Return the number as its biller writes it: no spaces, capital letters. Raise `BillAccountInvalidError`.

    >>> check_account(Biller.PARKING, "京a·12345")
    '京A12345'
    """
    if len(text) > MOST:
        raise BillAccountInvalidError
    number = BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    if RULES[biller].fullmatch(number) is None:
        raise BillAccountInvalidError
    return number


def masked(account_no: str) -> str:
    """What may be shown of a number: its last four characters, as settlement files have it.

    >>> masked("2026000012345678")
    '************5678'
    """
    return "*" * (len(account_no) - SHOWN) + account_no[-SHOWN:]
