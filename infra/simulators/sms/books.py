"""What was sent to whom, and the provider's own limits for each number. Instants in epoch ms."""

import re
from dataclasses import asdict, dataclass

from simulators.protocol import Json, Now
from simulators.texts import moment

MAINLAND = re.compile(r"\+861[3-9]\d{9}")
ELSEWHERE = re.compile(r"\+(?!86)[1-9]\d{6,14}")
SECOND_MS = 1_000
TEMPLATE = "{0}为您的验证码，{1}分钟内有效，请勿告知他人。"


@dataclass(frozen=True, slots=True)
class Message:
    serial: str
    phone: str
    """E.164."""
    parameters: tuple[str, ...]
    text: str
    session_context: str
    at: int
    arrived: bool

    def view(self) -> Json:
        return asdict(self)


@dataclass(slots=True)
class Limits:
    """How many messages one number may get; 0 switches a limit off."""

    per_30_seconds: int = 1
    per_hour: int = 5
    per_day: int = 10


class SmsBooks:
    def __init__(self, now: Now) -> None:
        self._now = now
        self.sent: list[Message] = []
        self.barred: set[str] = set()
        """Numbers that want no messages."""

    def refusal(self, phone: str, parameters: tuple[str, ...], limits: Limits) -> str:
        """The code with which this number is refused now, or nothing."""
        if not MAINLAND.fullmatch(phone) and not ELSEWHERE.fullmatch(phone):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if phone in self.barred:
            return "FailedOperation.PhoneNumberInBlacklist"
        if not all(re.fullmatch(r"\d{1,6}", one) for one in parameters):
            return "InvalidParameterValue.TemplateParameterFormatError"
        now, today = self._now(), moment(self._now()).date()
        mine = [message for message in self.sent if message.phone == phone]
        counts = (
            ("ThirtySecond", limits.per_30_seconds, sum(now - one.at < 30 * SECOND_MS for one in mine)),
            ("OneHour", limits.per_hour, sum(now - one.at < 3_600 * SECOND_MS for one in mine)),
            ("Daily", limits.per_day, sum(moment(one.at).date() == today for one in mine)),
        )
        for name, most, count in counts:
            if most and count >= most:
                return f"LimitExceeded.PhoneNumber{name}Limit"
        return ""

    def send(self, serial: str, phone: str, parameters: tuple[str, ...], context: str, arrives: bool) -> None:
        text = TEMPLATE.format(*parameters)
        self.sent.append(Message(serial, phone, parameters, text, context, self._now(), arrives))

    def inbox(self, phone: str) -> list[Message]:
        """What arrived at a number (11 digits or E.164; empty: at all), oldest first."""
        wanted = phone if phone.startswith("+") or not phone else f"+86{phone}"
        return [one for one in self.sent if one.arrived and wanted in ("", one.phone)]
