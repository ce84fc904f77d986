"""The anti-fraud alliance as a company: reports and hits over HTTP, both ways signed by a shared key.

The interface is Octane's own: infra/docs/alliance.md.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from simulators import shared_key
from simulators.alliance.books import DIGEST, AllianceBooks, Kind, report_of
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Now, Quiet, RefusedError, Reply, Subject, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

REPORTS, HITS = "/alliance/v1/reports", "/alliance/v1/hits"


@dataclass(frozen=True, slots=True)
class AllianceKeys:
    member: str
    key: str
    """What the alliance and this member share."""


def new_alliance_keys() -> AllianceKeys:
    return AllianceKeys("M" + secrets.token_hex(4).upper(), secrets.token_hex(32))


class Alliance(Quiet):
    name = "alliance"
    operations = frozenset({"report", "hits"})

    def __init__(self, keys: AllianceKeys, now: Now) -> None:
        self.rules = Rules()
        self._keys = keys
        self._key = keys.key.encode()
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Forget every report and rule."""
        self.rules.clear()
        self.kept = AllianceBooks()

    def subject(self, call: Call) -> Subject | None:
        if (call.method, call.path) == ("POST", REPORTS):
            try:
                number = str(call.json().get("number", ""))
            except ValueError:
                return Subject("report")
            return Subject("report", frozenset({number}))
        if (call.method, call.path) == ("GET", HITS):
            return Subject("hits", frozenset(call.query.values()))
        return None

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        broken = faults.get(Effect.STATUS)
        try:
            self._check(call)
            if broken is not None and not broken.after:
                raise RefusedError(broken.status or 500, "SYSTEM", "try again")
            if (refuse := faults.get(Effect.REFUSE)) is not None:
                raise RefusedError(refuse.status or 400, refuse.code or "REFUSED", "refused")
            reply = self._report(call) if subject.operation == "report" else self._hits(call)
            if broken is not None:
                raise RefusedError(broken.status or 500, "SYSTEM", "try again")
        except RefusedError as refused:
            reply = json_reply(refused.status, {"code": refused.code, "message": refused.message})
        key = b"not " + self._key if Effect.WRONG_SIGNATURE in faults else self._key
        return shared_key.signed("alliance", key, call, reply)

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "GET /keys": lambda _: asdict(self._keys),
            "POST /reports": self._other_member,
        }
        return commands[name](order) if name in commands else None

    def books(self) -> Json:
        return {"totals": {"reports": len(self.kept.reports)}, "reports": self.kept.view()}

    def _check(self, call: Call) -> None:
        if call.headers.get("alliance-member") != self._keys.member:
            raise RefusedError(401, "MEMBER_UNKNOWN", "no such member")
        shared_key.check("alliance", self._key, call, self._now)

    def _report(self, call: Call) -> Reply:
        try:
            given = call.json()
        except ValueError:
            raise RefusedError(400, "REPORT_UNREADABLE", "not a report") from None
        report = report_of(self._keys.member, given)
        self.kept.take(report)
        return json_reply(200, {"number": report.number, "state": "RECORDED"})

    def _hits(self, call: Call) -> Reply:
        kind, digest = call.query.get("kind", ""), call.query.get("digest", "")
        if kind not in list(Kind) or not DIGEST.fullmatch(digest):
            raise RefusedError(400, "SUBJECT_UNREADABLE", "kind and digest")
        hits = self.kept.hits(Kind(kind), digest)
        return json_reply(200, {"kind": kind, "digest": digest, "hits": hits})

    def _other_member(self, order: Json) -> Json:
        """Another member reports something; `member` names it."""
        report = report_of(str(order["member"]), order)
        self.kept.take(report)
        return asdict(report)
