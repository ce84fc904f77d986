"""WeChat's subscribe messages behind the `Messenger` port: POST /cgi-bin/message/subscribe/send."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from octane.notify.messages import LONGEST_WORD, MessageRefused, MessageUnknown, Refusal, Sent, Template
from octane.wire.http import NotSentError, WireError

PATH = "/cgi-bin/message/subscribe/send"
REFUSALS: Mapping[int, Refusal] = MappingProxyType(
    {
        43101: Refusal.NOT_WANTED,
        40003: Refusal.NO_SUCH_PERSON,
        40037: Refusal.MESSAGE_WRONG,
        47003: Refusal.MESSAGE_WRONG,
        41030: Refusal.MESSAGE_WRONG,  # the page
        # before it looks at the message WeChat looks at the token and at how often we call
        **dict.fromkeys((40001, 40014, 41001, 42001, 45009), Refusal.LATER),
    }
)
"""By errcode. One that is not listed (-1, busy) says nothing about the message."""


class Form(NamedTuple):
    """How a template looks at WeChat: each word's name there, and the page that a touch opens."""

    names: Mapping[str, str]
    page: str


FORMS: Mapping[Template, Form] = MappingProxyType(
    {
        Template.PRICE_CHANGED: Form(
            {"province": "thing1", "changes": "thing2", "at": "time3"}, "pages/prices/index"
        ),
        Template.INSTALMENT_DUE: Form(
            {"bill": "thing1", "amount": "amount2", "due": "date3", "part": "thing4"}, "pages/plans/index"
        ),
    }
)


class TokenCalls(Protocol):
    """`octane.identity.wechat_mini.WechatMini`, as messages need it."""

    def answer_with_token(self, path: str, body: Mapping[str, object]) -> Mapping[str, object]: ...


class WechatMessages:
    """Implements `octane.notify.messages.Messenger`. `template_ids` is what WeChat calls our templates; one
    that is missing there is refused without a call."""

    def __init__(self, mini: TokenCalls, template_ids: Mapping[Template, str]) -> None:
        self._mini = mini
        self._template_ids = template_ids

    def send(
        self, openid: str, template: Template, words: Mapping[str, str]
    ) -> Sent | MessageRefused | MessageUnknown:
        template_id, form = self._template_ids.get(template, ""), FORMS[template]
        if not template_id:
            return MessageRefused(Refusal.MESSAGE_WRONG, "NO_TEMPLATE")
        body = {
            "touser": openid,
            "template_id": template_id,
            "page": form.page,
            "data": {name: {"value": _fitting(name, words[word])} for word, name in form.names.items()},
            "miniprogram_state": "formal",
            "lang": "zh_CN",
        }
        try:
            fields = self._mini.answer_with_token(PATH, body)
        except NotSentError as error:
            return MessageRefused(Refusal.LATER, str(error))
        except WireError as error:
            return MessageUnknown(f"{type(error).__name__} {error}")
        code = fields.get("errcode")
        if code == 0:
            return Sent()
        refusal = REFUSALS.get(code) if isinstance(code, int) else None
        return MessageUnknown(f"ERRCODE_{code}") if refusal is None else MessageRefused(refusal, str(code))


def _fitting(name: str, text: str) -> str:
    """WeChat refuses a `thing` that is longer (47003)."""
    return text[:LONGEST_WORD] if name.startswith("thing") else text
