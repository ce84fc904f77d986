"""The billers' form interface: gas (infra/docs/billers.md).

One address, forms both ways. A list is counted in its fields' names, `bills.1.amount`. `sign` is SHA-256 over
all other fields that are not empty, `key=value` sorted by key and joined by `&`, with `&key=` and the shared
key behind them; an answer repeats the question's nonce. Amounts are yuan, times Beijing's.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from octane.billers import codes
from octane.billers.dialect import (
    NOTICE_LIMIT,
    Line,
    Operation,
    Told,
    Words,
    beijing,
    check_fresh,
    is_answer,
    lead_of,
    post,
    yuan,
)
from octane.billers.port import BillerNoticeRefusedError
from octane.kernel.fulfilment import FulfilmentState
from octane.kernel.money import format_yuan

MOST_BYTES, MOST_FIELDS = 1 << 18, 8_000
NAME = re.compile(r"[a-z0-9_]{1,32}(?:\.[0-9]{1,3}\.[a-z0-9_]{1,32}){0,2}")


def yes_or_no(value: object) -> bool:
    if value not in {"Y", "N"}:
        raise ValueError
    return value == "Y"


WORDS = Words(
    ok="0",
    codes={
        "E101": codes.ACCOUNT_UNKNOWN,
        "E102": codes.ACCOUNT_CLOSED,
        "E201": codes.BILL_UNKNOWN,
        "E202": codes.BILL_NOT_OWED,
        "E203": codes.AMOUNT_NOT_ALLOWED,
        "E208": codes.PAYMENT_REVOKED,
        "E209": codes.BILLER_REFUSED,
        "E301": codes.PAYMENT_UNKNOWN,
        "E401": codes.NOT_READY,
        "E402": codes.EMPTY_DAY,
    },
    states={"P": FulfilmentState.RUNNING, "S": FulfilmentState.SUCCEEDED, "F": FulfilmentState.REFUSED},
    fen=yuan,
    write_fen=format_yuan,
    moment=beijing,
    flag=yes_or_no,
)


class FormDialect:
    """Implements `octane.billers.dialect.Dialect`."""

    words = WORDS

    def __init__(self, line: Line) -> None:
        self._line = line
        self._key = line.config.key

    def ask(self, operation: Operation, fields: Told) -> Told | str:
        lead = lead_of(self._line, operation)
        asked = {**lead, **dict(_flat(fields))}
        body = urlencode({**asked, "sign": form_sign(asked, self._key)}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = post(self._line, operation, "/gateway", headers, body)
        if isinstance(answer, str):
            return answer
        try:
            told = self._signed(answer.body, MOST_BYTES)
        except ValueError:
            return "ANSWER_UNREADABLE"
        if told is None:
            return "SIGNATURE"
        if not is_answer(lead, told):
            return "ANSWER_FOREIGN"
        return _nested(told)

    def read_letter(self, body: bytes, headers: Mapping[str, str]) -> Told:
        try:
            told = self._signed(body, NOTICE_LIMIT)
            if told is None:
                raise ValueError
            check_fresh(self._line.clock.now(), beijing(told.get("time")))
        except ValueError:
            raise BillerNoticeRefusedError from None
        return told

    def _signed(self, body: bytes, most: int) -> dict[str, str] | None:
        """A form's fields, None when the signature is wrong; raise `ValueError` for what is no form."""
        if len(body) > most:
            raise ValueError
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
        told = dict(pairs)
        if len(told) != len(pairs) or not all(NAME.fullmatch(name) for name in told):
            raise ValueError
        if any("&" in value for value in told.values()):  # it would read as two fields under one signature
            raise ValueError
        given = told.pop("sign", "")
        return told if hmac.compare_digest(form_sign(told, self._key).encode(), given.encode()) else None


def form_sign(fields: Mapping[str, str], key: str) -> str:
    """Upper-case hex."""
    pairs = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
    return sha256(f"{pairs}&key={key}".encode()).hexdigest().upper()


def _flat(fields: Told, lead: str = "") -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, list):
            for place, each in enumerate(value, 1):
                yield from _flat(each, f"{lead}{name}.{place}.")
        else:
            yield f"{lead}{name}", str(value)


def _nested(told: Mapping[str, str]) -> dict[str, object]:
    """Put counted fields into lists: all from 1 on, none left out, or the list is not read at all."""
    fields: dict[str, object] = {}
    counted: dict[str, dict[int, dict[str, str]]] = {}
    for name, value in told.items():
        head, dot, rest = name.partition(".")
        if not dot:
            fields[name] = value
            continue
        place, _, inner = rest.partition(".")
        counted.setdefault(head, {}).setdefault(int(place), {})[inner] = value
    for name, members in counted.items():
        whole = sorted(members) == list(range(1, len(members) + 1))
        fields[name] = [_nested(members[place]) for place in sorted(members)] if whole else ""
    return fields
