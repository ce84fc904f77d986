"""Tencent Cloud SMS as a company: one action, checked as strictly as the real one."""

from dataclasses import asdict
from random import Random
from typing import TYPE_CHECKING

from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Now, Quiet, RefusedError, Reply, Subject, json_reply
from simulators.sms.books import Limits, SmsBooks
from simulators.sms.signing import SmsKeys, check, refused
from simulators.texts import DIGITS, HEX, pick

if TYPE_CHECKING:
    from collections.abc import Callable

ACTION, VERSION, SERVICE = "SendSms", "2021-01-11", "sms"
MOST_NUMBERS = 200
MOST_CONTEXT = 512
PARAMETERS = 2
"""The approved template's: the code, and for how many minutes it is good."""


class Sms(Quiet):
    name = "sms"
    operations = frozenset({"send"})

    def __init__(self, keys: SmsKeys, now: Now, random: Random) -> None:
        self.rules = Rules()
        self.limits = Limits()
        self._keys = keys
        self._now = now
        self._random = random
        self.reset()

    def reset(self) -> None:
        """Forget every message, barred number and rule; limits stay."""
        self.rules.clear()
        self.kept = SmsBooks(self._now)

    def subject(self, call: Call) -> Subject | None:
        if (call.method, call.path) != ("POST", "/"):
            return None
        try:
            numbers = {str(number) for number in call.json().get("PhoneNumberSet", [])}
        except (ValueError, TypeError):
            return Subject("send")
        return Subject("send", frozenset(numbers | {number.removeprefix("+86") for number in numbers}))

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        broken = faults.get(Effect.STATUS)
        if broken is not None and not broken.after:
            return Reply(broken.status or 500, b"<html>", {"Content-Type": "text/html"})
        try:
            check(self._keys, SERVICE, call, self._now() // 1000)
            content: Json = {"SendStatusSet": self._send(call, faults)}
        except RefusedError as refusal:
            content = {"Error": {"Code": refusal.code, "Message": refusal.message}}
        if broken is not None:
            return Reply(broken.status or 500, b"<html>", {"Content-Type": "text/html"})
        request_id = "-".join(pick(self._random, HEX, length) for length in (8, 4, 4, 4, 12))
        return json_reply(200, {"Response": {**content, "RequestId": request_id}})

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "GET /keys": lambda _: {**asdict(self._keys), "region": "ap-guangzhou"},
            "GET /inbox": self._inbox,
            "POST /barred": self._bar,
            "GET /settings": lambda _: asdict(self.limits),
            "POST /settings": self._change_limits,
        }
        return commands[name](order) if name in commands else None

    def books(self) -> Json:
        return {
            "totals": {"sent": len(self.kept.sent), "arrived": len(self.kept.inbox(""))},
            "messages": [message.view() for message in self.kept.sent],
        }

    def _send(self, call: Call, faults: Faults) -> list[Json]:
        headers = call.headers
        if (headers.get("x-tc-action"), headers.get("x-tc-version")) != (ACTION, VERSION):
            raise refused("InvalidAction", "接口或版本不存在")
        if not headers.get("x-tc-region"):
            raise refused("MissingParameter", "缺少 X-TC-Region")
        try:
            given = call.json()
            numbers, parameters = given["PhoneNumberSet"], tuple(given.get("TemplateParamSet", ()))
        except (ValueError, KeyError, TypeError):
            raise refused("InvalidParameter", "请求体不是合法的 JSON, 或缺少参数") from None
        self._check_application(given)
        texts = isinstance(numbers, list) and all(isinstance(one, str) for one in (*numbers, *parameters))
        context = given.get("SessionContext", "")
        if not texts or not isinstance(context, str) or len(context) > MOST_CONTEXT:
            raise refused("InvalidParameter", "参数类型或长度不符")
        if not 0 < len(numbers) <= MOST_NUMBERS:
            raise refused("LimitExceeded.PhoneNumberCountLimit", "号码个数不符")
        if len(parameters) != PARAMETERS:
            raise refused("FailedOperation.TemplateParamSetNotMatchApprovedTemplate", "模板变量个数不符")
        return [self._send_one(_e164(number), parameters, context, faults) for number in numbers]

    def _check_application(self, given: Json) -> None:
        if given.get("SmsSdkAppId") != self._keys.sdk_app_id:
            raise refused("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId 校验失败")
        if given.get("SignName") != self._keys.sign_name:
            raise refused("FailedOperation.SignatureIncorrectOrUnapproved", "签名未审批或格式错误")
        if given.get("TemplateId") != self._keys.template_id:
            raise refused("FailedOperation.TemplateIncorrectOrUnapproved", "模板未审批或内容不匹配")

    def _send_one(self, phone: str, parameters: tuple[str, ...], context: str, faults: Faults) -> Json:
        code, serial = self.kept.refusal(phone, parameters, self.limits), ""
        if (refuse := faults.get(Effect.REFUSE)) is not None:
            code = refuse.code or "LimitExceeded.PhoneNumberDailyLimit"
        if not code:
            serial = "2028:" + pick(self._random, DIGITS, 18)
            self.kept.send(serial, phone, parameters, context, arrives=Effect.FAIL not in faults)
        return {
            "SerialNo": serial,
            "PhoneNumber": phone,
            "Fee": 0 if code else 1,
            "SessionContext": context,
            "Code": code or "Ok",
            "Message": "refused" if code else "send success",
            "IsoCode": "CN" if phone.startswith("+86") else "",
        }

    def _inbox(self, order: Json) -> Json:
        return {"messages": [one.view() for one in self.kept.inbox(str(order.get("phone", "")))]}

    def _bar(self, order: Json) -> Json:
        self.kept.barred.add(_e164(str(order["phone"])))
        return {"barred": sorted(self.kept.barred)}

    def _change_limits(self, order: Json) -> Json:
        known = asdict(self.limits)
        if set(order) - set(known) or not all(type(most) is int and most >= 0 for most in order.values()):
            raise ValueError(f"settings: {', '.join(known)} (whole numbers, 0 for none)")
        self.limits = Limits(**(known | order))
        return asdict(self.limits)


def _e164(number: str) -> str:
    """A number without a country is a mainland one, with or without 86 or 0086 before it."""
    if number.startswith("+"):
        return number
    return "+86" + (number.removeprefix("0086") if number.startswith("0086") else number.removeprefix("86"))
