"""The Juhe-style fuel-card interface as a `CardIssuer`: submit, query, balance, callback (FU1, FU3)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from octane.issuers.juhe import errors
from octane.issuers.juhe.signing import balance_sign, notice_matches, order_sign
from octane.issuers.names import Issuer
from octane.issuers.port import IssuerNoticeRefusedError, RechargeRequest
from octane.kernel.clock import SECOND, Clock
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import MAX_FEN, Fen, format_yuan
from octane.wire.http import Transport, WireError

ANY_AMOUNT = {Issuer.SINOPEC: ("10007", "1"), Issuer.PETROCHINA: ("10008", "2")}
"""The product that takes any amount (proid), and the charge type that goes with it."""
GAME_STATES = {"0": FulfilmentState.RUNNING, "1": FulfilmentState.SUCCEEDED, "9": FulfilmentState.REFUSED}
NOTICE_STATES = {"1": FulfilmentState.SUCCEEDED, "9": FulfilmentState.REFUSED}
NOTICE_FIELDS = ("sporder_id", "orderid", "sta", "sign")
NOTICE_LIMIT = 8_192
REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class JuheConfig:
    openid: str = field(repr=False)
    key: str = field(repr=False)
    base_url: str
    timeout_s: float = 5.0


class JuheIssuer:
    """The issuer. Requests are form posts, so that the key stays out of every URL and access log."""

    def __init__(self, config: JuheConfig, transport: Transport, clock: Clock) -> None:
        self._config = config
        self._transport = transport
        self._clock = clock

    def submit(self, request: RechargeRequest) -> FulfilmentReport | FulfilmentUnknown:
        """POST onlineorder. REFUSED only for a code that `errors.REFUSED` lists or a revoked order.

        A call that never left is unknown too: a network fault must not turn into a refund; the query finds
        nothing and the same number is submitted again. A refusal speaks of this submit, not of an earlier one
        that ended unknown.
        """
        proid, charge_type = ANY_AMOUNT[request.issuer]
        fields = {
            "proid": proid,
            "cardnum": yuan_text(request.amount),
            "orderid": request.order_no,
            "game_userid": request.card_number,
            "gasCardTel": request.holder_phone,
            "gasCardName": request.holder_name,
            "chargeType": charge_type,
            "key": self._config.key,
        }
        sign = order_sign(self._config.openid, self._config.key, fields)
        answer = self._post("/ofpay/sinopec/onlineorder", {**fields, "sign": sign})
        if isinstance(answer, FulfilmentUnknown):
            return answer
        if answer.code:
            return _refusal(answer, request.order_no, source="answer")
        expected = {"uorderid": request.order_no, "game_userid": request.card_number}
        if any(_word(answer.result, name, default=value) != value for name, value in expected.items()):
            return FulfilmentUnknown("ANSWER_FOREIGN")
        return _state(answer, request.order_no, source="answer")

    def query(self, order_no: str) -> FulfilmentReport | FulfilmentUnknown:
        """POST ordersta."""
        fields = {"orderid": order_no, "key": self._config.key}
        answer = self._post("/ofpay/sinopec/ordersta", fields)
        if isinstance(answer, FulfilmentUnknown):
            return answer
        if answer.code in errors.NOT_FOUND:
            return FulfilmentReport(
                order_no, FulfilmentState.NOT_FOUND, code=str(answer.code), source="query"
            )
        if answer.code:
            # An error answers the question, not the order: no code of a query is a word about the recharge.
            return FulfilmentUnknown(f"CODE_{answer.code}")
        if _word(answer.result, "uorderid", default=order_no) != order_no:
            return FulfilmentUnknown("ANSWER_FOREIGN")
        return _state(answer, order_no, source="query")

    def balance(self) -> Fen | FulfilmentUnknown:
        """POST yue; what is below one fen is dropped."""
        timestamp = self._clock.now() // SECOND
        answer = self._post(
            "/ofpay/sinopec/yue",
            {
                "timestamp": str(timestamp),
                "key": self._config.key,
                "sign": balance_sign(self._config.openid, self._config.key, timestamp),
            },
        )
        if isinstance(answer, FulfilmentUnknown):
            return answer
        if answer.code:
            return FulfilmentUnknown(f"CODE_{answer.code}")
        try:
            money = Decimal(_word(answer.result, "money"))
        except InvalidOperation:
            return FulfilmentUnknown("ANSWER_UNREADABLE")
        if not money.is_finite() or abs(money) > MAX_FEN // 100:
            return FulfilmentUnknown("ANSWER_UNREADABLE")
        return Fen(int((money * 100).to_integral_value(ROUND_FLOOR)))

    def read_notice(self, body: bytes) -> FulfilmentReport:
        """Read the form that the issuer posts; raise `IssuerNoticeRefusedError`.

        The signature covers the two order numbers and not `sta`: a notice is a reason to query, never proof.
        """
        fields = _form(body)
        if not notice_matches(self._config.key, fields["sporder_id"], fields["orderid"], fields["sign"]):
            raise IssuerNoticeRefusedError
        state = NOTICE_STATES.get(fields["sta"])
        if state is None:
            raise IssuerNoticeRefusedError
        return FulfilmentReport(
            fields["orderid"],
            state,
            reference=fields["sporder_id"],
            code=REVOKED if state is FulfilmentState.REFUSED else "",
            message=fields.get("err_msg", ""),
            source="notice",
        )

    def _post(self, path: str, fields: Mapping[str, str]) -> "_Answer | FulfilmentUnknown":
        headers = {
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        }
        url = self._config.base_url.rstrip("/") + path
        try:
            response = self._transport.send(
                "POST", url, headers, urlencode(fields).encode(), self._config.timeout_s
            )
        except WireError as error:
            return FulfilmentUnknown(f"{type(error).__name__} {error}")
        if response.status != HTTPStatus.OK:
            return FulfilmentUnknown(f"HTTP_{response.status}")
        return _read(response.body)


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    """error_code; 0 is yes."""
    reason: str
    result: Mapping[str, object]


def yuan_text(amount: int) -> str:
    """Write fen as yuan without trailing zeros: 10000 is `100`, 1999 is `19.99`, 1950 is `19.5`."""
    return format_yuan(amount).rstrip("0").rstrip(".")


def _read(body: bytes) -> _Answer | FulfilmentUnknown:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return FulfilmentUnknown("ANSWER_UNREADABLE")
    if not isinstance(value, dict) or not re.fullmatch(r"[0-9]{1,9}", _word(value, "error_code")):
        return FulfilmentUnknown("ANSWER_UNREADABLE")
    result = value.get("result")
    return _Answer(
        int(_word(value, "error_code")), _word(value, "reason"), result if isinstance(result, dict) else {}
    )


def _refusal(answer: _Answer, order_no: str, source: str) -> FulfilmentReport | FulfilmentUnknown:
    code = errors.REFUSED.get(answer.code)
    if code is None:
        return FulfilmentUnknown(f"CODE_{answer.code}")
    return FulfilmentReport(
        order_no, FulfilmentState.REFUSED, code=code, message=answer.reason, source=source
    )


def _state(answer: _Answer, order_no: str, source: str) -> FulfilmentReport | FulfilmentUnknown:
    state = GAME_STATES.get(_word(answer.result, "game_state"))
    if state is None:
        return FulfilmentUnknown("ANSWER_UNREADABLE")
    return FulfilmentReport(
        order_no,
        state,
        reference=_word(answer.result, "sporder_id"),
        code=REVOKED if state is FulfilmentState.REFUSED else "",
        message=_word(answer.result, "err_msg"),
        source=source,
    )


def _word(fields: Mapping[str, object], name: str, default: str = "") -> str:
    """Return a field as text: the interface writes the same field as text or as a whole number."""
    value = fields.get(name, default)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _form(body: bytes) -> dict[str, str]:
    """Read a form in which every field of the signature stands exactly once."""
    if len(body) > NOTICE_LIMIT:
        raise IssuerNoticeRefusedError
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise IssuerNoticeRefusedError from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or not all(fields.get(name) for name in NOTICE_FIELDS):
        raise IssuerNoticeRefusedError
    if not re.fullmatch(r"[0-9A-Za-z]{8,32}", fields["orderid"]):
        raise IssuerNoticeRefusedError
    return fields
