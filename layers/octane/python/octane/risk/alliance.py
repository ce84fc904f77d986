"""The anti-fraud alliance over HTTP, in an interface of ours: infra/docs/alliance.md (RK2)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

from octane.kernel.clock import Clock, Instant
from octane.risk.ports import Report, Reported, Subject
from octane.wire.http import Response, Transport
from octane.wire.signed_calls import SignedCalls

REPORTS, HITS = "/alliance/v1/reports", "/alliance/v1/hits"
DEFINITE = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
"""The report itself is refused. Anything else (401, 404, 429, 5xx) may be our set-up or their day."""


class Hit(NamedTuple):
    """What members say of a subject, for one reason."""

    reason: str
    members: int
    last_at: Instant


@dataclass(frozen=True, slots=True)
class AllianceConfig:
    member: str
    key: str = field(repr=False)
    base_url: str
    timeout_s: float = 5.0


class HttpAlliance:
    """Implements `octane.risk.ports.Alliance`."""

    def __init__(self, config: AllianceConfig, transport: Transport, clock: Clock) -> None:
        self._calls = SignedCalls(
            "alliance",
            config.key,
            config.base_url,
            config.timeout_s,
            transport,
            clock,
            {"alliance-member": config.member},
        )

    def report(self, report: Report) -> Reported:
        """POST a report. It is kept once under its id, so sending it again is safe."""
        fields = {
            "number": report.report_id,
            "happened_at": report.at,
            "reasons": list(report.reasons),
            "subjects": [{"kind": kind.value, "digest": digest} for kind, digest in report.subjects],
            "amount_fen": report.amount_fen,
        }
        answer = self._calls.call("POST", REPORTS, json.dumps(fields).encode())
        if isinstance(answer, str):
            return Reported.UNKNOWN
        if answer.status in DEFINITE:
            return Reported.REFUSED
        told = _object(answer)
        kept = (told.get("number"), told.get("state")) == (report.report_id, "RECORDED")
        return Reported.REPORTED if answer.status == HTTPStatus.OK and kept else Reported.UNKNOWN

    def hits(self, subject: Subject) -> tuple[Hit, ...] | None:
        """GET what members say of a subject; None: no answer that can be believed."""
        query = urlencode({"kind": subject.kind.value, "digest": subject.digest})
        answer = self._calls.call("GET", f"{HITS}?{query}")
        if isinstance(answer, str) or answer.status != HTTPStatus.OK:
            return None
        found = _object(answer).get("hits")
        try:
            return tuple(_hit(hit) for hit in found) if isinstance(found, list) else None
        except (KeyError, TypeError, ValueError):
            return None


def _hit(told: Mapping[str, object]) -> Hit:
    """Read one hit; raise `KeyError`, `TypeError` or `ValueError`."""
    reason, members, last_at = told["reason"], told["members"], told["last_at"]
    if not isinstance(reason, str) or type(members) is not int or type(last_at) is not int:
        raise ValueError
    return Hit(reason, members, Instant(last_at))


def _object(answer: Response) -> Mapping[str, object]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
