"""Who is told of fraud outside: the anti-fraud alliance (RK2).

Its answer decides nothing here; a report that was not confirmed is sent again under the same id.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.kernel.clock import Instant


class SubjectKind(StrEnum):
    """What a report speaks of."""

    USER = "USER"
    DEVICE = "DEVICE"
    IP = "IP"
    CARD = "CARD"


class Subject(NamedTuple):
    kind: SubjectKind
    digest: str
    """26 characters [A-Z2-7]: ours, so that no number and no address leaves the house."""


class Report(NamedTuple):
    """One blocked order. The alliance keeps one report for each id, however often it comes."""

    report_id: str
    at: Instant
    reasons: tuple[str, ...]
    """Codes of the rules that hit."""
    subjects: tuple[Subject, ...]
    amount_fen: int
    """What the order was for."""


class Reported(StrEnum):
    REPORTED = "REPORTED"
    REFUSED = "REFUSED"
    """Definite: it will not take this report; sending it again is useless, a person must look."""
    UNKNOWN = "UNKNOWN"
    """No answer, or one that can't be believed: send it again."""


class Alliance(Protocol):
    def report(self, report: Report) -> Reported:
        """Send one report, once. Raises nothing for a network that fails: that is `UNKNOWN`."""
        ...
