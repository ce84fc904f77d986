"""Subscribe messages (订阅消息) of the mini-program server API: who takes them, and what has arrived.

Whoever has refused, or has used up the permissions that the control plane gave, is answered 43101; without
a word from there everybody takes any number.
"""

from simulators.protocol import Json, Now
from simulators.wechat.mini import mini_error

KINDS = {"thing": 20, "amount": 32, "time": 32, "date": 32, "number": 32, "character_string": 32}
"""How long a word of each kind may be."""
STATES = frozenset({"developer", "trial", "formal"})


class Subscribed:
    def __init__(self, now: Now) -> None:
        self._now = now
        self.sent: list[Json] = []
        self.allowed: dict[str, int] = {}
        """How many more messages somebody takes; who is not in it takes any number."""
        self.withdrawn: set[str] = set()
        """Template ids that exist no more."""

    def send(self, given: Json) -> Json:
        """Take one message, or refuse: 40003 openid, 40037 template, 47003 a word, 43101 not allowed."""
        openid, template, data = (given.get(name) for name in ("touser", "template_id", "data"))
        if not isinstance(openid, str) or not openid:
            raise mini_error(40003, "invalid openid")
        if not isinstance(template, str) or not template or template in self.withdrawn:
            raise mini_error(40037, "invalid template_id")
        if not isinstance(data, dict) or not data or not all(map(_fits, data.items())):
            raise mini_error(47003, "argument invalid")
        if given.get("miniprogram_state", "formal") not in STATES:
            raise mini_error(47003, "argument invalid: miniprogram_state")
        left = self.allowed.get(openid)
        if left == 0:
            raise mini_error(43101, "user refuse to accept the msg")
        if left is not None:
            self.allowed[openid] = left - 1
        words = {name: word["value"] for name, word in data.items()}
        self.sent.append(
            {"openid": openid, "template_id": template, "words": words, "page": given.get("page"),
             "at": self._now()}
        )  # fmt: skip
        return {"errcode": 0, "errmsg": "ok"}

    def allow(self, openid: str, times: int | None) -> Json:
        """Have somebody take so many more; None: any number."""
        if times is None:
            self.allowed.pop(openid, None)
        elif isinstance(times, bool) or times < 0:
            raise ValueError("times is a whole number, or null for any number")
        else:
            self.allowed[openid] = times
        return {"openid": openid, "times": times}


def _fits(pair: tuple[str, object]) -> bool:
    name, word = pair
    value = word.get("value") if isinstance(word, dict) else None
    longest = KINDS.get(name.rstrip("0123456789"))
    return isinstance(value, str) and longest is not None and 0 < len(value) <= longest
