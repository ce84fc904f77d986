"""Answers that a client keeps: a strong ETag of the content, and 304 for whoever has it already (ST1)."""

import hashlib
from typing import Any

from octane.api.entry import Event, Handler

OK, NOT_MODIFIED = 200, 304
SECONDS = 300
"""So long a client need not ask at all."""


def kept(handler: Handler, *, by_role: bool = False) -> Handler:
    """Wrap the entry of a function: its good answers carry an ETag, and `If-None-Match` with that tag is
    answered 304 without a body. Only this person's own client may keep it (`private`). `by_role`: staff see
    more, and see what they have changed; a client asks each time, and again when somebody else logs in."""
    seconds = 0 if by_role else SECONDS

    def keeping(event: Event, context: Any) -> dict[str, Any]:
        answer = handler(event, context)
        if answer["statusCode"] == OK:
            etag = f'"{hashlib.sha256(answer["body"].encode()).hexdigest()}"'
            headers = answer["multiValueHeaders"]
            headers.update({"ETag": [etag], "Cache-Control": [f"private, max-age={seconds}"]})
            if by_role:
                headers["Vary"] = [*headers.get("Vary", ()), "Authorization"]
            if _knows(event, etag):
                headers.pop("Content-Type", None)
                answer.update(statusCode=NOT_MODIFIED, body="")
        return answer

    return keeping


def _knows(event: Event, etag: str) -> bool:
    """Compare as RFC 9110 (13.1.2) asks: weakly, with each tag of the list; `*` is any."""
    sent = (
        str(value) for name, value in (event.get("headers") or {}).items() if name.lower() == "if-none-match"
    )
    return any(tag.strip().removeprefix("W/") in {etag, "*"} for value in sent for tag in value.split(","))
