"""UnionPay as a company: forms in, raw signed pairs out. Gateway and file host on one port."""

from http import HTTPStatus
from random import Random
from urllib.parse import urlencode

from simulators.bills.office import Office
from simulators.keys import Keys
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Letter, Notice, Now, RefusedError, Reply, Subject
from simulators.unionpay import control, views
from simulators.unionpay.clearing import FORM
from simulators.unionpay.operations import PATHS, Asked, Desk, Habits, find_route
from simulators.unionpay.requests import check_frame, malformed, parse_form
from simulators.unionpay.signer import Fields, Signer
from simulators.unionpay.trades import TradeBooks

MINUTE_MS = 60_000
RETRY_MS: tuple[int, ...] = (1 * MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS, 5 * MINUTE_MS)
"""Five sends in all."""
OPERATIONS = frozenset({"prepare", "query", "void", "refund", "file", "payment_notice", "refund_notice"})
NUMBERS = ("orderId", "origQryId", "queryId")
ECHOED = ("accessType", "bizType", "merId", "orderId", "txnTime", "txnType", "txnSubType", "reqReserved")
FORM_TYPE = "application/x-www-form-urlencoded"
TEXT = "text/html;charset=UTF-8"


class UnionPay:
    name = "unionpay"
    operations = OPERATIONS
    retry_ms = RETRY_MS

    def __init__(self, keys: Keys, now: Now, random: Random) -> None:
        self.rules = Rules()
        self.signer = Signer(keys.unionpay)
        self.habits = Habits()
        self.refund_ms = 300
        """What a reset goes back to."""
        self._now = now
        self._random = random
        self.reset()

    def reset(self) -> None:
        """Forget every transaction and rule; keys and habits stay."""
        self.rules.clear()
        self.trades = TradeBooks(self._now, self._random)
        self.bills = Office(FORM, self._now, self._random)
        self.trades.refund_ms = self.refund_ms

    @property
    def desk(self) -> Desk:
        return Desk(self.signer.keys, self.trades, self.habits, self._now, self.bills)

    def subject(self, call: Call) -> Subject | None:
        if call.method != "POST" or call.path not in PATHS:
            return None
        fields = _readable(call)
        route = find_route(call, fields)
        numbers = {fields.get(name, "") for name in NUMBERS}
        for number in list(numbers):
            if (trade := self.trades.look_up(number)) is not None:
                numbers |= trade.keys
        return Subject(route.operation if route else "unreadable", frozenset(numbers - {""}))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        broken = faults.get(Effect.STATUS)
        if broken is not None and not broken.after:
            return Reply(broken.status or 500)
        fields = _readable(call)
        answer = {name: fields[name] for name in ECHOED if name in fields}
        try:
            answer |= {"respCode": "00", "respMsg": views.MESSAGES["00"], **self._act(call, faults)}
        except RefusedError as refused:
            answer |= {"respCode": refused.code, "respMsg": f"{refused.message}[{refused.code}00000]"}
        if broken is not None:
            return Reply(broken.status or 500)
        return Reply(200, raw(self.signer.signed(answer, faults)), {"Content-Type": TEXT})

    def settle(self) -> int | None:
        return self.trades.settle()

    def take_notices(self) -> list[Notice]:
        return self.trades.take_notices()

    def letter(self, notice: Notice, faults: Faults) -> Letter:
        """A form, signed afresh for each delivery."""
        content = notice.content
        if (wrong := faults.get(Effect.WRONG_AMOUNT)) is not None:
            content = {**content, "txnAmt": str(wrong.amount_fen), "settleAmt": str(wrong.amount_fen)}
        body = urlencode(self.signer.signed(content, faults)).encode()
        return Letter({"Content-Type": FORM_TYPE}, body)

    def accepted(self, status: int, body: bytes) -> bool:
        """HTTP 200, whatever it says."""
        return status == HTTPStatus.OK

    def command(self, name: str, order: Json) -> Json | None:
        command = control.COMMANDS.get(name)
        if command is None:
            return self.bills.command(name, order)
        content = command(self.desk, order)
        self.refund_ms = self.trades.refund_ms
        return content

    def books(self) -> Json:
        self.settle()
        return {
            "totals": self.trades.totals(),
            "trades": [control.view(self.desk, trade) for trade in self.trades.trades],
            "refunds": [
                {**views.back(record), "refund_fen": record.order.amount_fen}
                for record in self.trades.returns
            ],
        }

    def _act(self, call: Call, faults: Faults) -> views.Words:
        fields = parse_form(call.body)
        check_frame(fields)
        self.signer.verify(fields)
        route = find_route(call, fields)
        if route is None:
            raise malformed("txnType of another address")
        if (refuse := faults.get(Effect.REFUSE)) is not None:
            raise RefusedError(200, refuse.code or "01", refuse.message or "交易失败")
        return route.act(Asked(self.desk, fields, faults))


def raw(fields: Fields) -> bytes:
    """An answer on the wire: pairs as they are, nothing escaped."""
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


def _readable(call: Call) -> dict[str, str]:
    """The fields, or none of a form that cannot be read."""
    try:
        return parse_form(call.body)
    except RefusedError:
        return {}
