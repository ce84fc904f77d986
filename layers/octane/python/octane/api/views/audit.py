"""Acts and evidence packages, as staff see them."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, Id, View
from octane.audit.acts import ActOutcome
from octane.audit.reading import FOREVER, Window
from octane.kernel.clock import Instant, parse_rfc3339, rfc3339
from octane.kernel.errors import InputError

if TYPE_CHECKING:
    from octane.audit.acts import Act
    from octane.audit.reading import ActPage
    from octane.evidence.requests import Package

Subject = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9#:_.-]+$")]
Moment = Annotated[str, Field(max_length=40, pattern=r"^[0-9T:.+Zz-]+$")]


def window(since: str | None, until: str | None) -> Window:
    return Window(_instant(since, Instant(0)), _instant(until, FOREVER))


def _instant(text: str | None, otherwise: Instant) -> Instant:
    try:
        return parse_rfc3339(text) if text else otherwise
    except (ValueError, OverflowError):
        raise InputError("A time is RFC 3339 with an offset, like 2026-11-22T08:00:00+08:00.") from None


class ActView(View):
    act_id: str
    action: str
    subject: str
    at: str
    actor: str = Field(description="A user's id, or `system`.")
    role: str
    enterprise_id: str
    ip: str
    device: str
    session_id: str
    outcome: ActOutcome
    reason: str
    before: str = Field(description="Digest of what was.")
    after: str = Field(description="Digest of what is since.")

    @classmethod
    def of(cls, act: "Act") -> "ActView":
        return cls.model_validate({**act._asdict(), "at": rfc3339(act.at)})


class ActList(View):
    acts: list[ActView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: "ActPage") -> "ActList":
        return cls(acts=[ActView.of(act) for act in page.acts], next_cursor=page.next_cursor)


class RequestEvidenceBody(Body):
    """Of an order or of a person: one of the two."""

    order_id: Id | None = None
    user_id: Id | None = None


class PackageView(View):
    evidence_id: str
    subject: str
    requested_at: str
    is_ready: bool = Field(description="Ask again in a few seconds until it is.")
    url: str | None = Field(description="Where the ZIP file is, for some minutes; `octane-verify` checks it.")
    url_expires_at: str | None

    @classmethod
    def of(cls, package: "Package") -> "PackageView":
        return cls(
            evidence_id=package.evidence_id,
            subject=package.subject,
            requested_at=rfc3339(package.requested_at),
            is_ready=bool(package.url),
            url=package.url or None,
            url_expires_at=rfc3339(package.url_expires_at) if package.url else None,
        )
