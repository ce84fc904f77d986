"""WeChat as a company: which address does what, who may ask, and how answers and notices leave.

One object speaks both APIs (their paths do not overlap): WeChat Pay v3 with signed calls and answers, and the
mini-program server API with plain ones.
"""

from http import HTTPStatus
from random import Random

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
    json_reply,
)
from simulators.texts import HEX, pick, rfc3339
from simulators.wechat import views
from simulators.wechat.bills import FORM
from simulators.wechat.control import COMMANDS
from simulators.wechat.desk import Desk
from simulators.wechat.faces import Faces
from simulators.wechat.mini import MiniProgram, mini_error
from simulators.wechat.operations import Asked, find_route, numbers_of
from simulators.wechat.signer import Signer
from simulators.wechat.subscribed import Subscribed
from simulators.wechat.trades import TradeBooks

SECOND_MS = 1_000
UNREADABLE = RefusedError(400, "PARAM_ERROR", "请求体不是JSON对象")
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
RETRY_MS: tuple[int, ...] = (
    *(15 * SECOND_MS, 15 * SECOND_MS, 30 * SECOND_MS, 3 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS),
    *(30 * MINUTE_MS, 30 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS),
    *(3 * HOUR_MS, 3 * HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 6 * HOUR_MS),
)
SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.CLOSED": "退款关闭",
    "REFUND.ABNORMAL": "退款异常",
}
OPERATIONS = frozenset(
    {
        "prepay", "query", "close", "refund", "query_refund", "certificates", "code2session", "stable_token",
        "phone_number", "begin_face", "query_face", "message", "bill", "bill_file",
        "payment_notice", "refund_notice",
    }
)  # fmt: skip
STATUS_CODES = {401: "SIGN_ERROR", 403: "RULE_LIMIT", 404: "RESOURCE_NOT_EXISTS", 429: "FREQUENCY_LIMITED"}


class WeChat:
    name = "wechat"
    operations = OPERATIONS
    retry_ms = RETRY_MS

    def __init__(self, keys: Keys, now: Now, random: Random) -> None:
        self.rules = Rules()
        self.now = now
        self.random = random
        self.signer = Signer(keys, now, random)
        self.mini = MiniProgram(frozenset({keys.appid, keys.sub_appid}), keys.app_secret, now, random)
        self.refund_ms = 300
        """What a reset goes back to."""
        self.early_bills = False
        self.reset()

    def reset(self) -> None:
        """Forget every trade, refund, face, message and rule; keys, tokens and settings stay."""
        self.rules.clear()
        self.faces = Faces(self.now, self.random)
        self.subscribed = Subscribed(self.now)
        self.trades = TradeBooks(self.now, self.random)
        self.trades.refund_ms = self.refund_ms
        self.bills = Office(FORM, self.now, self.random)
        self.bills.early = self.early_bills

    @property
    def desk(self) -> Desk:
        return Desk(self.signer, self.trades, self.mini, self.faces, self.bills, self.subscribed)

    def subject(self, call: Call) -> Subject | None:
        found = find_route(call)
        if found is None:
            return None
        route, named = found
        numbers = {*named.values(), *numbers_of(call)}
        for number in list(numbers):
            if (trade := self.trades.look_up(number)) is not None:
                numbers |= trade.keys
        return Subject(route.operation, frozenset(numbers - {""}))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        found = find_route(call)
        if found is None:
            return Reply(404)
        route, named = found
        status: int
        content: Json | bytes | None
        try:
            mchid = self.signer.verify(call) if route.signed else ""
            _fault(faults, route.signed, after=False)
            status, content = route.act(Asked(self.desk, call, named, mchid, faults))
            _fault(faults, route.signed, after=True)
        except RefusedError as refused:
            status, content = refused.status, _refusal(refused, route.signed)
        except ValueError:
            wrong = UNREADABLE if route.signed else mini_error(47001, "data format error")
            status, content = wrong.status, _refusal(wrong, route.signed)
        if isinstance(content, bytes):
            return Reply(status, content, {"Content-Type": "application/octet-stream"})
        if not route.signed:
            return json_reply(status, content or {})
        return self._signed(call, faults, status, content)

    def settle(self) -> int | None:
        return self.trades.settle()

    def take_notices(self) -> list[Notice]:
        return self.trades.take_notices()

    def letter(self, notice: Notice, faults: Faults) -> Letter:
        """Seal and sign one delivery of a notice."""
        content = notice.content
        if (wrong := faults.get(Effect.WRONG_AMOUNT)) is not None:
            field = "refund" if notice.operation == "refund_notice" else "total"
            content = {**content, "amount": {**content["amount"], field: wrong.amount_fen}}
        original = "refund" if notice.operation == "refund_notice" else "transaction"
        body = compact(
            {
                "id": f"EV-{notice.created_at}{notice.number:06d}",
                "create_time": rfc3339(notice.created_at),
                "resource_type": "encrypt-resource",
                "event_type": notice.event,
                "summary": SUMMARIES[notice.event],
                "resource": {"original_type": original, **self.signer.seal(compact(content), original)},
            }
        )
        headers = {"Content-Type": "application/json", "Request-ID": self._request_id()}
        return Letter({**headers, **self.signer.notice_headers(body, faults)}, body)

    def accepted(self, status: int, body: bytes) -> bool:
        """200 or 204 that is empty or says SUCCESS."""
        if status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            return False
        try:
            return not body.strip() or Call("", "", {}, body).json().get("code") == "SUCCESS"
        except ValueError:
            return False

    def command(self, name: str, order: Json) -> Json | None:
        command = COMMANDS.get(name)
        if command is None:
            return self.bills.command(name, order)
        content = command(self.desk, order)
        self.early_bills = self.bills.early
        return content

    def books(self) -> Json:
        self.settle()
        return {
            "totals": self.trades.totals(),
            "trades": [
                {**views.transaction(trade), "reference": trade.reference, "late": trade.late,
                 "captured_fen": trade.paid_fen if trade.paid else 0}
                for trade in self.trades.all_trades()
            ],
            "refunds": [
                {**views.refund(refund), "refund_fen": refund.order.refund_fen}
                for refund in self.trades.refunds.values()
            ],
            "faces": [face.view() for face in self.faces.faces.values()],
            "messages": self.subscribed.sent,
        }  # fmt: skip

    def _signed(self, call: Call, faults: Faults, status: int, content: Json | None) -> Reply:
        reply = Reply(status) if content is None else json_reply(status, content)
        signature = self.signer.answer_headers(reply.body, call.headers.get("wechatpay-serial", ""), faults)
        return Reply(status, reply.body, {**reply.headers, **signature, "Request-ID": self._request_id()})

    def _request_id(self) -> str:
        return pick(self.random, HEX.upper(), 32)


def _fault(faults: Faults, signed: bool, after: bool) -> None:
    """Raise the refusal that a rule asks for, before or after the effect."""
    refuse, status = faults.get(Effect.REFUSE), faults.get(Effect.STATUS)
    if refuse is not None and not after:
        code, number = ("RULE_LIMIT", 403) if signed else ("-1", 200)
        raise RefusedError(refuse.status or number, refuse.code or code, refuse.message or "业务受限")
    if status is not None and status.after is after:
        number = status.status or 500
        code = status.code or STATUS_CODES.get(number, "SYSTEM_ERROR")
        raise RefusedError(number, code, status.message or "系统异常")


def _refusal(refused: RefusedError, pay: bool) -> Json:
    if pay:
        return {"code": refused.code, "message": refused.message, "detail": refused.detail or {}}
    number = int(refused.code) if refused.code.lstrip("-").isdecimal() else -1
    return {"errcode": number, "errmsg": refused.message}
