"""Alipay as a company: one gateway, the bill's address, and how answers and notices leave."""

from http import HTTPStatus
from random import Random
from urllib.parse import parse_qs, urlsplit

from simulators.alipay import views
from simulators.alipay.bills import FORM
from simulators.alipay.control import COMMANDS
from simulators.alipay.desk import Desk
from simulators.alipay.logins import Logins
from simulators.alipay.operations import BILL_PATH, LOGIN, METHODS, numbers_of
from simulators.alipay.signer import Asked, Signer, gateway_error, parameters_of
from simulators.alipay.trades import TradeBooks
from simulators.bills.office import Office
from simulators.keys import Keys
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import (
    Call,
    Json,
    Letter,
    Notice,
    Now,
    RefusedError,
    Reply,
    Subject,
    compact,
)
from simulators.texts import DIGITS, moment, pick

GATEWAY = "/gateway.do"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
RETRY_MS: tuple[int, ...] = (
    *(4 * MINUTE_MS, 10 * MINUTE_MS, 10 * MINUTE_MS),
    *(HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS, 15 * HOUR_MS),
)
UNSIGNED = "download"
OPERATIONS = frozenset(
    {
        *(operation for operation, _ in METHODS.values()),
        UNSIGNED,
        "unknown",
        "payment_notice",
        "refund_notice",
    }
)
JSON_HEADERS = {"Content-Type": "text/html;charset=utf-8"}
"""As the gateway announces its JSON."""


class Alipay:
    name = "alipay"
    operations = OPERATIONS
    retry_ms = RETRY_MS

    def __init__(self, keys: Keys, now: Now, random: Random) -> None:
        self.rules = Rules()
        self.now = now
        self.random = random
        self.signer = Signer(keys.alipay, now)
        self.reset()

    def reset(self) -> None:
        """Forget every code, trade, refund, login, rule and setting; keys stay."""
        self.rules.clear()
        self.trades = TradeBooks(self.now, self.random)
        self.bills = Office(FORM, self.now, self.random)
        self.logins = Logins(self.now, self.random)
        self._notify_ids: dict[int, str] = {}

    @property
    def desk(self) -> Desk:
        return Desk(self.signer, self.trades, self.bills, self.logins)

    def subject(self, call: Call) -> Subject | None:
        if call.path == BILL_PATH and call.method == "GET":
            return Subject(UNSIGNED)
        if call.path != GATEWAY or call.method not in ("GET", "POST"):
            return None
        operation, found = "unknown", set[str]()
        try:
            parameters = parameters_of(call)
            operation = METHODS.get(parameters.get("method", ""), ("unknown", None))[0]
            content = parameters.get("biz_content") or "{}"
            found = numbers_of(Call("", "", {}, content.encode()).json()) | {parameters.get("code", "")} - {
                ""
            }
        except (RefusedError, ValueError):
            return Subject(operation)
        for number in list(found):
            if (trade := self.trades.look_up(number)) is not None:
                found |= trade.keys
        return Subject(operation, frozenset(found))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        if subject.operation == UNSIGNED:
            return self._download(call)
        parameters: dict[str, str] = {}
        certified = refused = False
        try:
            parameters = parameters_of(call)
            asked = self.signer.verify(parameters)
            certified = asked.certified
            if (broken := _broken(faults, after=False)) is not None:
                return broken
            content = self._act(call, asked, faults)
        except RefusedError as refusal:
            refused, content = True, _refusal(refusal)
        if (broken := _broken(faults, after=True)) is not None:
            return broken
        if not self.signer.knows(parameters):
            return Reply(200, compact({"error_response": content}), JSON_HEADERS)
        method = parameters.get("method", "")
        if refused and method == LOGIN:
            method = ""  # its errors come as error_response
        body = self.signer.answer(method, content, certified, faults)
        return Reply(200, body, JSON_HEADERS)

    def settle(self) -> int | None:
        return self.trades.settle()

    def take_notices(self) -> list[Notice]:
        return self.trades.take_notices()

    def letter(self, notice: Notice, faults: Faults) -> Letter:
        """Sign one delivery of a notice; its notify_id stays the same at each."""
        if notice.number not in self._notify_ids:
            stamp = f"{moment(notice.created_at):%Y%m%d00222%H%M%S}"
            self._notify_ids[notice.number] = stamp + pick(self.random, DIGITS, 15)
        return self.signer.letter(notice, self._notify_ids[notice.number], faults)

    def accepted(self, status: int, body: bytes) -> bool:
        """Exactly the seven letters."""
        return status == HTTPStatus.OK and body == b"success"

    def command(self, name: str, order: Json) -> Json | None:
        command = COMMANDS.get(name)
        return self.bills.command(name, order) if command is None else command(self.desk, order)

    def books(self) -> Json:
        self.settle()
        return {
            "totals": self.trades.totals(),
            "codes": [{**views.coded(code), "dead": code.dead} for code in self.trades.codes.values()],
            "trades": [views.booked(trade) for trade in self.trades.all_trades()],
            "refunds": [views.booked_refund(refund) for refund in self.trades.all_refunds()],
        }

    def _act(self, call: Call, asked: Asked, faults: Faults) -> Json:
        if asked.method not in METHODS:
            raise gateway_error("invalid-method", "不存在的方法名")
        if (refuse := faults.get(Effect.REFUSE)) is not None:
            raise RefusedError(200, refuse.code or "ACQ.ACCESS_FORBIDDEN", refuse.message or "业务受限")
        _, act = METHODS[asked.method]
        here = Asked(
            asked.method,
            {**asked.parameters, "_host": call.headers.get("host", "")},
            asked.content,
            asked.certified,
        )
        told = act(self.desk, here, faults)
        return told if asked.method == LOGIN else {"code": "10000", "msg": "Success", **told}

    def _download(self, call: Call) -> Reply:
        token = parse_qs(urlsplit(call.target).query).get("token", [""])[0]
        archive = self.bills.fetch(token)
        if archive is None:
            return Reply(403, "下载地址已失效".encode())
        return Reply(200, archive, {"Content-Type": "application/zip"})


def _broken(faults: Faults, after: bool) -> Reply | None:
    """The HTTP error that a rule asks for, before or after the effect: a proxy's page, signed by nobody."""
    status = faults.get(Effect.STATUS)
    if status is None or status.after is not after:
        return None
    return Reply(status.status or 503, b"<html>Service Unavailable</html>", {"Content-Type": "text/html"})


def _refusal(refused: RefusedError) -> Json:
    """An error as the gateway words it: the prefix of its code tells who refuses."""
    words = {
        "isv": ("40002", "Invalid Arguments"),
        "isp.bill_not_exist": ("40004", "Business Failed"),
        "isp": ("20000", "Service Currently Unavailable"),
        "aop": ("20000", "Service Currently Unavailable"),
    }
    prefix = refused.code.partition(".")[0]
    code, message = words.get(refused.code) or words.get(prefix) or ("40004", "Business Failed")
    return {"code": code, "msg": message, "sub_code": refused.code, "sub_msg": refused.message}
