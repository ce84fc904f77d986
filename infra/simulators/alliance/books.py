"""What the members of the alliance have reported. A subject is known by its digest only."""

import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from simulators.protocol import Json, RefusedError

NUMBER = re.compile(r"[0-9A-Za-z_-]{1,64}")
DIGEST = re.compile(r"[A-Z2-7]{26}")
REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
MOST = 20
"""Reasons, and subjects, of one report."""


class Kind(StrEnum):
    USER = "USER"
    DEVICE = "DEVICE"
    IP = "IP"
    CARD = "CARD"


@dataclass(frozen=True, slots=True)
class Report:
    member: str
    number: str
    """The member's own; each is taken once."""
    happened_at: int
    """Epoch ms, by the member's clock."""
    reasons: tuple[str, ...]
    subjects: tuple[tuple[Kind, str], ...]
    amount_fen: int


class AllianceBooks:
    def __init__(self) -> None:
        self.reports: dict[tuple[str, str], Report] = {}

    def take(self, report: Report) -> None:
        """Keep a report once; raise 409 NUMBER_REUSED for another one under its number."""
        if self.reports.setdefault((report.member, report.number), report) != report:
            raise RefusedError(409, "NUMBER_REUSED", "another report has this number")

    def hits(self, kind: Kind, digest: str) -> list[Json]:
        """What is known of a subject: for each reason how many members say so, and when last."""
        found = [report for report in self.reports.values() if (kind, digest) in report.subjects]
        said = {
            reason: [one for one in found if reason in one.reasons] for one in found for reason in one.reasons
        }
        return [
            {
                "reason": reason,
                "members": len({report.member for report in reports}),
                "last_at": max(report.happened_at for report in reports),
            }
            for reason, reports in sorted(said.items())
        ]

    def view(self) -> list[Json]:
        return [asdict(report) for report in self.reports.values()]


def report_of(member: str, given: Json) -> Report:
    """Read a report; raise 400 REPORT_UNREADABLE."""
    try:
        number, happened_at, fen = given["number"], given["happened_at"], given["amount_fen"]
        reasons = tuple(reason for reason in given["reasons"] if REASON.fullmatch(reason))
        subjects = tuple(
            (Kind(one["kind"]), one["digest"]) for one in given["subjects"] if DIGEST.fullmatch(one["digest"])
        )
        complete = (len(reasons), len(subjects)) == (len(given["reasons"]), len(given["subjects"]))
    except (KeyError, ValueError, TypeError):
        raise _unreadable() from None
    if not isinstance(number, str) or not NUMBER.fullmatch(number) or not complete:
        raise _unreadable()
    if not 0 < len(reasons) <= MOST or not 0 < len(subjects) <= MOST:
        raise _unreadable()
    if any(type(whole) is not int or whole < 0 for whole in (happened_at, fen)):
        raise _unreadable()
    return Report(member, number, happened_at, reasons, subjects, fen)


def _unreadable() -> RefusedError:
    return RefusedError(400, "REPORT_UNREADABLE", "not a report")
