"""The month's compliance report (SE3): who read what, which rules changed, freezes, reviews, refused logins,
incidents; counted from the book of acts, every chain proven as it is read."""

import calendar
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from fnmatch import fnmatch
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

import orjson

from octane.audit.acts import SYSTEM, Act, ActOutcome
from octane.audit.journal import ACTS
from octane.evidence.heads import content_key, names_of, read_heads
from octane.evidence.stamping import content_of
from octane.kernel.clock import Instant, in_beijing, rfc3339
from octane.store.blocks import read_day
from octane.store.chain import ChainBrokenError
from octane.store.objects import Objects

FORMAT = "octane-compliance/1"
SHOWN = 200
"""Incidents that are listed one by one."""


class Section(StrEnum):
    DATA_ACCESS = "DATA_ACCESS"
    RULES = "RULES"
    FREEZES = "FREEZES"
    REVIEWS = "REVIEWS"
    LOGINS = "LOGINS"
    RIGHTS = "RIGHTS"
    """What people asked of their own data: consents, exports, erasure."""
    PERMISSIONS = "PERMISSIONS"
    MONEY = "MONEY"
    OTHER = "OTHER"


_SECTIONS = (
    (Section.DATA_ACCESS, ("read_*", "list_*", "fetch_*", "reveal_*", "request_evidence")),
    (Section.RULES, ("publish_*", "roll_back_*", "*_rules", "change_risk_list", "move_risk_grade")),
    (Section.FREEZES, ("freeze_*", "lift_freeze", "unfreeze_*")),
    (Section.REVIEWS, ("*_review", "review_*")),
    (Section.LOGINS, ("log_in", "log_out", "refresh_session", "*_login", "send_sms_code", "bind_phone")),
    (Section.RIGHTS, ("*_consent", "request_export", "*_erasure", "erase_account")),
    (
        Section.PERMISSIONS,
        ("*_member", "*_enterprise", "act_for", "set_*", "prove_*", "*_step_up", "fall_back"),
    ),
    (
        Section.MONEY,
        ("place_*", "pay_*", "cancel_*", "grant_*", "*_withdrawal", "*_difference", "top_up_*"),
    ),
)
"""The first pattern that fits an action says where it is counted."""
_INCIDENTS = frozenset({Section.LOGINS, Section.PERMISSIONS, Section.DATA_ACCESS, Section.MONEY})


class Row(NamedTuple):
    section: Section
    action: str
    role: str
    done: int
    refused: int


class Incident(NamedTuple):
    at: str
    what: str
    """The action, or what was found wrong with the books themselves."""
    why: str
    subject: str


class Stamps(NamedTuple):
    heads: int
    stamped: int
    longest_gap_minutes: int
    """Between two heads."""


class Compliance(NamedTuple):
    month: str
    """YYYY-MM, Beijing."""
    acts: int
    people: int
    """Who acted, without the system."""
    rows: list[Row]
    refusals: dict[str, int]
    """Refused acts by their reason."""
    incidents: list[Incident]
    incident_count: int
    stamps: Stamps
    broken: list[str]
    """Chains that did not hold."""


def section_of(action: str) -> Section:
    for section, patterns in _SECTIONS:
        if any(fnmatch(action, pattern) for pattern in patterns):
            return section
    return Section.OTHER


def month_before(now: Instant) -> str:
    """The month that is over."""
    moment = in_beijing(now)
    return f"{moment.year - (moment.month == 1):04d}-{(moment.month - 2) % 12 + 1:02d}"


def report_of(archive: Objects, month: str) -> Compliance:
    """Count a month (YYYY-MM). A chain that does not hold is said, and counted up to its break."""
    counts: Counter[tuple[Section, str, str, ActOutcome]] = Counter()
    refusals: Counter[str] = Counter()
    people: set[str] = set()
    incidents: list[Incident] = []
    incident_count, broken = 0, list[str]()
    for act in _acts(archive, month, broken):
        section = section_of(act.action)
        counts[section, act.action, act.role or _nobody(act), act.outcome] += 1
        people.add(act.actor)
        if act.outcome is ActOutcome.REFUSED:
            refusals[act.reason.split(":", 1)[0]] += 1
        if _is_incident(section, act):
            incident_count += 1
            if len(incidents) < SHOWN:
                incidents.append(Incident(rfc3339(act.at), act.action, act.reason, act.subject))
    stamps, faults = _stamps(archive, month)
    broken += faults
    return Compliance(
        month=month,
        acts=counts.total(),
        people=len(people - {SYSTEM, ""}),
        rows=sorted(_rows(counts)),
        refusals=dict(sorted(refusals.items())),
        incidents=sorted(incidents),
        incident_count=incident_count,
        stamps=stamps,
        broken=sorted(set(broken)),
    )


def _acts(archive: Objects, month: str, broken: list[str]) -> Iterator[Act]:
    year, number = map(int, month.split("-"))
    for day in range(1, calendar.monthrange(year, number)[1] + 1):
        try:
            yield from read_day(ACTS, archive, f"{month}-{day:02d}")
        except ChainBrokenError as error:
            broken.append(f"audit: {error}")


def _nobody(act: Act) -> str:
    """The role of who has none: the system, or somebody who is not logged in."""
    return SYSTEM if act.actor == SYSTEM else "nobody"


def _is_incident(section: Section, act: Act) -> bool:
    """What somebody should look at: the system froze an account, or refused what a person should not try."""
    if section is Section.FREEZES:
        return act.actor == SYSTEM
    return act.outcome is ActOutcome.REFUSED and section in _INCIDENTS


def _rows(counts: Counter[tuple[Section, str, str, ActOutcome]]) -> Iterator[Row]:
    for section, action, role in {key[:3] for key in counts}:
        done, refused = (counts[section, action, role, outcome] for outcome in ActOutcome)
        yield Row(section, action, role, done, refused)


def _stamps(archive: Objects, month: str) -> tuple[Stamps, list[str]]:
    names = names_of(archive, month)
    heads = [read_heads(content_of(archive, content_key(name))) for name in names]
    gaps = [later.at - earlier.at for earlier, later in pairwise(heads)]
    faults = [f"{each.book}: {each.fault}" for head in heads for each in head.standings if each.fault]
    return Stamps(len(names), sum(names.values()), max(gaps, default=0) // 60_000), faults


def write_report(report: Compliance) -> bytes:
    record = {
        **report._asdict(),
        "format": FORMAT,
        "rows": [row._asdict() for row in report.rows],
        "incidents": [incident._asdict() for incident in report.incidents],
        "stamps": report.stamps._asdict(),
    }
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2) + b"\n"


def keep_report(archive: Objects, report: Compliance, printed: bytes) -> str:
    """Put a report into the archive; return its folder. The same month counted again lies in the same folder
    if it says the same, else beside the first."""
    content = write_report(report)
    folder = f"compliance/month={report.month}/{sha256(content).hexdigest()[:12]}/"
    archive.put_new(f"{folder}report.json", content)
    archive.put_new(f"{folder}report.pdf", printed)
    return folder


def totals(rows: Iterable[Row]) -> dict[Section, tuple[int, int]]:
    """Done and refused, by section."""
    found = dict.fromkeys(Section, (0, 0))
    for row in rows:
        done, refused = found[row.section]
        found[row.section] = (done + row.done, refused + row.refused)
    return found
