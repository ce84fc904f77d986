"""The two formats that prices come in, read exactly: never as floats.

| format | answer                                                                                       |
|--------|----------------------------------------------------------------------------------------------|
| CITY   | `{"error_code": 0, "result": [{"city", "b90", "b93", "b97", "b0"}]}`; no price: `-`          |
| LIST   | `{"data": {"list": [{"date", "province", "0h", "89h", "92h", "95h", "98h"}]}}`; no price: "" |

A price is yuan per litre with at most two decimals, as text or a number; it may name its grade: `92号:7.55`.
The names 90, 93 and 97 are those of the national standard before 2013 for what is sold as 89, 92 and 95.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NoReturn, TypeAlias

from octane.kernel.provinces import Province, province_named
from octane.prices.model import Grade, Reading

Row: TypeAlias = Mapping[str, object]
CITY_FIELDS: Mapping[str, Grade] = MappingProxyType(
    {"b90": Grade.G89, "b93": Grade.G92, "b97": Grade.G95, "b0": Grade.DIESEL}
)
LIST_FIELDS: Mapping[str, Grade] = MappingProxyType({f"{grade.value}h": grade for grade in Grade})
HOLES = frozenset({"", "-", "--"})
PRICE = re.compile(r"(?:([0-9]{1,2})[号#][:：])?([0-9]{1,3}(?:\.[0-9]{1,2})?)", re.ASCII)
SHOWN = 20
"""Characters of an odd value that are kept."""


class Format(StrEnum):
    CITY = "CITY"
    LIST = "LIST"


class AnswerUnreadableError(ValueError):
    """Not an answer of this format at all."""


def read_answer(form: Format, body: bytes, today: date) -> dict[Province, Reading]:
    """Read what a source says, by province; what it says of anything else, or of days to come, is passed
    over. Raise `AnswerUnreadableError`."""
    answer = _object(body)
    return _read_city(answer) if form is Format.CITY else _read_list(answer, today)


def _read_city(answer: Row) -> dict[Province, Reading]:
    code = str(answer.get("error_code"))
    if code != "0":
        raise AnswerUnreadableError(f"error_code {code[:SHOWN]}")
    found: dict[Province, Reading] = {}
    for row in _rows(answer.get("result")):
        province = province_named(str(row.get("city", "")))
        if province is not None:
            reading = _reading(row, CITY_FIELDS)
            found[province] = _agreed(found[province], reading) if province in found else reading
    return found


def _read_list(answer: Row, today: date) -> dict[Province, Reading]:
    """Of several rows of a province the newest counts: the others are its history."""
    data = answer.get("data")
    newest: dict[Province, tuple[date, Reading]] = {}
    for row in _rows(data.get("list") if isinstance(data, dict) else None):
        province, day = province_named(str(row.get("province", ""))), _day(row.get("date"))
        if province is None or day is None or day > today:
            continue
        reading = _reading(row, LIST_FIELDS)
        before = newest.get(province)
        if before is None or day > before[0]:
            newest[province] = day, reading
        elif day == before[0]:
            newest[province] = day, _agreed(before[1], reading)
    return {province: reading for province, (_, reading) in newest.items()}


def _object(body: bytes) -> Row:
    try:
        found = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError):
        raise AnswerUnreadableError("no JSON") from None
    if not isinstance(found, dict):
        raise AnswerUnreadableError("no object")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _rows(value: object) -> Iterator[Row]:
    if not isinstance(value, list):
        raise AnswerUnreadableError("no rows")
    return (row for row in value if isinstance(row, dict))


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _reading(row: Row, fields: Mapping[str, Grade]) -> Reading:
    prices: dict[Grade, int] = {}
    odd: dict[Grade, str] = {}
    for name, grade in fields.items():
        value = row.get(name)
        text = str(value).strip() if isinstance(value, str | int | Decimal) else ""
        if value is None or (text in HOLES and isinstance(value, str)):
            continue
        match = PRICE.fullmatch(text)
        named = match[1] if match else None
        try:
            sold = Grade(named) if named else grade
        except ValueError:
            match, sold = None, grade
        if match is None or prices.get(sold, _fen(match[2])) != _fen(match[2]):
            odd[sold] = text[:SHOWN]
        else:
            prices[sold] = _fen(match[2])
    return _without_odd(prices, odd)


def _agreed(one: Reading, other: Reading) -> Reading:
    """What two rows of the same province say alike; where they differ, nobody knows."""
    both = one.prices.keys() & other.prices.keys()
    odd = {grade: "two prices" for grade in both if one.prices[grade] != other.prices[grade]}
    return _without_odd({**one.prices, **other.prices}, {**one.odd, **other.odd, **odd})


def _without_odd(prices: dict[Grade, int], odd: dict[Grade, str]) -> Reading:
    return Reading({grade: fen for grade, fen in prices.items() if grade not in odd}, odd)


def _fen(yuan: str) -> int:
    """`7.55` is 755. The pattern has seen to two decimals at most."""
    return int(Decimal(yuan) * 100)
