"""The issuer as a company: three addresses, md5 signatures, callbacks. Money on its wire is yuan."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import md5, sha256
from http import HTTPStatus
from random import Random
from urllib.parse import parse_qsl, urlencode

from simulators.bills.office import Office
from simulators.bills.rows import Heading
from simulators.issuer.bills import FORM, bill_rows
from simulators.issuer.recharges import Code, RechargeBooks, State, parse_order, refusal, view
from simulators.keys import Keys, issuer_secret
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Letter, Notice, Now, RefusedError, Reply, Subject, json_reply
from simulators.texts import CHINA, yuan

MINUTE_MS = 60_000
RETRY_MS: tuple[int, ...] = (MINUTE_MS, MINUTE_MS, MINUTE_MS)
"""Up to three retries; the interval is this simulator's own."""
SKEW_SECONDS = 300
BILL_FILE = "/ofpay/sinopec/billfile"
OPERATIONS = {
    "/ofpay/sinopec/onlineorder": "submit",
    "/ofpay/sinopec/ordersta": "query",
    "/ofpay/sinopec/yue": "balance",
    "/ofpay/sinopec/bill": "bill",
    BILL_FILE: "bill_file",
}


def digest(*parts: str) -> str:
    """The md5 of the parts joined, lower-case hex."""
    return md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def parameters(call: Call) -> dict[str, str]:
    """Query and form together; the interface takes GET and POST alike."""
    form = call.body.decode("utf-8", "replace") if call.method == "POST" else ""
    return {**call.query, **dict(parse_qsl(form, keep_blank_values=True))}


class Issuer:
    name = "issuer"
    operations = frozenset({*OPERATIONS.values(), "recharge_notice"})
    retry_ms = RETRY_MS

    def __init__(self, keys: Keys, now: Now, random: Random) -> None:
        self.rules = Rules()
        self.keys = keys
        self._now = now
        self._random = random
        self._ms = 300
        self._url = ""
        self._early = False
        self.reset()

    def reset(self) -> None:
        """Forget every recharge and rule; settings stay."""
        self.rules.clear()
        self.recharges = RechargeBooks(self._now, self._random)
        self.recharges.recharge_ms, self.recharges.callback_url = self._ms, self._url
        self.bills = Office(FORM, self._now, self._random)
        self.bills.early = self._early

    def subject(self, call: Call) -> Subject | None:
        operation = OPERATIONS.get(call.path)
        if operation is None or call.method not in ("GET", "POST"):
            return None
        given = parameters(call)
        numbers = {given.get("orderid", ""), given.get("game_userid", "")}
        if (known := self.recharges.recharges.get(given.get("orderid", ""))) is not None:
            numbers |= known.keys
        return Subject(operation, frozenset(numbers - {""}))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        given = parameters(call)
        broken = faults.get(Effect.STATUS)
        if subject.operation == "bill_file" and broken is None:
            return self._file(given)
        try:
            if given.get("key") != self.keys.issuer_key:
                raise refusal(Code.WRONG_KEY, "错误的请求KEY")
            if broken is None or broken.after:
                content = self._act(subject.operation, given, faults, call.headers.get("host", ""))
        except RefusedError as refused:
            return json_reply(200, _failure(refused.message, int(refused.code)))
        if broken is not None:
            code = Code.TOO_MANY_REQUESTS if broken.status == HTTPStatus.TOO_MANY_REQUESTS else Code.SYSTEM
            return json_reply(broken.status or 500, _failure("系统异常", code))
        return json_reply(200, content)

    def settle(self) -> int | None:
        return self.recharges.settle()

    def take_notices(self) -> list[Notice]:
        return self.recharges.take_notices()

    def letter(self, notice: Notice, faults: Faults) -> Letter:
        """A form with sign = md5(appkey + sporder_id + orderid)."""
        content = notice.content
        sign = digest(self.keys.issuer_key, content["sporder_id"], content["orderid"])
        if Effect.WRONG_SIGNATURE in faults:
            sign = digest(sign)
        body = urlencode({**content, "sign": sign}).encode()
        return Letter({"Content-Type": "application/x-www-form-urlencoded"}, body)

    def accepted(self, status: int, body: bytes) -> bool:
        return status == HTTPStatus.OK and body.strip() == b"success"

    def command(self, name: str, order: Json) -> Json | None:
        commands = {
            "POST /recharges/end": self._end,
            "GET /keys": lambda _: issuer_secret(self.keys),
            "GET /settings": lambda _: self._settings(),
            "POST /settings": self._change_settings,
        }
        return commands[name](order) if name in commands else self.bills.command(name, order)

    def books(self) -> Json:
        self.settle()
        records = self.recharges.recharges.values()
        return {
            "totals": self.recharges.totals(),
            "recharges": [{**view(record), "amount_fen": record.order.amount_fen} for record in records],
        }

    def _end(self, order: Json) -> Json:
        state = State(order.get("state", State.SUCCEEDED))
        if state is State.RUNNING:
            raise ValueError("a recharge ends in 1 or 9")
        return view(self.recharges.end(str(order["orderid"]), state, str(order.get("err_msg", ""))))

    def _settings(self) -> Json:
        return {
            "recharge_ms": self.recharges.recharge_ms,
            "callback_url": self.recharges.callback_url,
            "early_bills": self.bills.early,
        }

    def _change_settings(self, order: Json) -> Json:
        recharge_ms = order.get("recharge_ms", self.recharges.recharge_ms)
        url = order.get("callback_url", self.recharges.callback_url)
        early = order.get("early_bills", self.bills.early)
        if set(order) - {"recharge_ms", "callback_url", "early_bills"} or not isinstance(url, str):
            raise ValueError("settings: recharge_ms (whole number), callback_url (text), early_bills")
        if not isinstance(early, bool):
            raise ValueError("early_bills is true or false")
        if not isinstance(recharge_ms, int) or recharge_ms < 0:
            raise ValueError("recharge_ms is a whole number")
        self.recharges.recharge_ms, self.recharges.callback_url = recharge_ms, url
        self._ms, self._url, self._early = recharge_ms, url, early
        self.bills.early = early
        return self._settings()

    def _act(self, operation: str, given: dict[str, str], faults: Faults, host: str) -> Json:
        refuse = faults.get(Effect.REFUSE)
        if operation == "balance":
            self._check_sign(given, "timestamp")
            stamp = given.get("timestamp", "")
            if not stamp.isdecimal() or abs(int(stamp) - self._now() // 1000) > SKEW_SECONDS:
                raise refusal(Code.WRONG_PARAMETER, "时间戳错误")
        if operation == "bill":
            self._check_sign(given, "date")
        if operation == "submit":
            self._check_sign(given, "proid", "cardnum", "game_userid", "orderid")
        if refuse is not None:
            number = int(refuse.code) if refuse.code.isdecimal() else int(Code.REFUSED)
            raise RefusedError(200, str(number), refuse.message or "充值失败, 请稍后再试")
        if operation == "balance":
            money = yuan(self.recharges.balance_fen)
            return _success("查询成功", {"uid": self.keys.issuer_openid, "money": money})
        if operation == "bill":
            return _success("查询成功", self._bill(given.get("date", ""), host))
        if operation == "query":
            return _success("查询成功", view(self.recharges.find(given.get("orderid", ""))))
        fail = faults.get(Effect.FAIL)
        reason = None if fail is None else fail.message or "加油卡充值失败"
        recharge = self.recharges.submit(parse_order(given), Effect.STAY in faults, reason)
        return _success("订单提交成功, 等待充值", view(recharge))

    def _bill(self, day: str, host: str) -> Json:
        """Where the settlement file of a day can be fetched for 30 seconds, and its digest."""
        try:
            heading = Heading(datetime.strptime(day, "%Y%m%d").replace(tzinfo=CHINA).date(), "")
        except ValueError:
            raise refusal(Code.WRONG_PARAMETER, "日期错误") from None
        if not self.bills.is_ready(heading.day):
            raise refusal(Code.BILL_NOT_READY, "对账单未生成")
        self.recharges.settle()
        bill = self.bills.bill(heading, bill_rows(self.recharges, heading.merchant))
        if bill is None:
            raise refusal(Code.NO_MOVEMENT, "当日无充值")
        digest_of = sha256(bill.text + b" " * bill.wrong_digest).hexdigest()
        return {"url": f"http://{host}{BILL_FILE}?token={self.bills.offer(bill.packed)}", "sha256": digest_of}

    def _file(self, given: Mapping[str, str]) -> Reply:
        """The file itself: its address is its permission."""
        content = self.bills.fetch(given.get("token", ""))
        if content is None:
            return Reply(403, "下载地址已失效".encode())
        return Reply(200, content, {"Content-Type": "text/csv; charset=utf-8"})

    def _check_sign(self, given: Mapping[str, str], *fields: str) -> None:
        parts = [given.get(field, "") for field in fields]
        expected = digest(self.keys.issuer_openid, self.keys.issuer_key, *parts)
        if not hmac.compare_digest(given.get("sign", "").encode(), expected.encode()):
            raise refusal(Code.WRONG_SIGNATURE, "签名错误")


def _failure(reason: str, code: int) -> Json:
    return {"reason": reason, "result": None, "error_code": int(code)}


def _success(reason: str, result: Json) -> Json:
    return {"reason": reason, "result": result, "error_code": int(Code.OK)}
