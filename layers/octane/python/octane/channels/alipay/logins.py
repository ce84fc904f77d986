"""Whose code `my.getAuthCode` gave: alipay.system.oauth.token (ID1).

Its fields stand beside the public parameters, a good answer carries no `code`, and an error comes as
error_response. The tokens that come with the id are for more than we ask, and are dropped where they arrive.
"""

from octane.channels.alipay.exchange import Answer, Exchange, NotSent
from octane.channels.alipay.readings import text_of
from octane.channels.port import Refused, Unknown

METHOD = "alipay.system.oauth.token"
CODE_INVALID = frozenset({"isv.code-invalid"})
"""Wrong, used, too old, or another application's."""


def open_id_of(exchange: Exchange, code: str) -> str | Refused | Unknown:
    """Exchange the one-time code for the person's open id, which payments name as `buyer_open_id`.

    The older `user_id` is no substitute: one person would have two accounts.
    """
    answer = exchange.call_with(METHOD, {"grant_type": "authorization_code", "code": code})
    if isinstance(answer, NotSent):
        return Unknown(f"NOT_SENT {answer.reason}")
    if isinstance(answer, Unknown):
        return answer
    if answer.gateway_code:
        return _refusal(answer)
    return text_of(answer.fields, "open_id") or Unknown("ANSWER_UNREADABLE no open_id")


def _refusal(answer: Answer) -> Refused | Unknown:
    return Refused(answer.code, answer.message) if answer.code in CODE_INVALID else Unknown(answer.code)
