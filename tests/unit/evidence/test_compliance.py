"""The month's report counts every act once, says what did not hold, and is printed (SE3)."""

import json

import pytest
from unit.evidence.house import ANN, AUDITOR, House

from octane.audit.acts import ActOutcome, record, system_act
from octane.evidence.compliance import (
    Incident,
    Row,
    Section,
    keep_report,
    month_before,
    report_of,
    section_of,
    write_report,
)
from octane.evidence.compliance_pdf import compliance_pages, compliance_pdf
from octane.evidence.stamping import stamp_heads
from octane.kernel.caller import Role
from octane.kernel.clock import Instant, parse_rfc3339, rfc3339
from octane.store.chain import day_of

REFUSED = ActOutcome.REFUSED


@pytest.fixture
def house() -> House:
    """In the middle of a month, so that no act falls into another one."""
    house = House()
    house.clock.at = parse_rfc3339("2026-10-15T12:00:00+08:00")
    return house


def lived(house: House) -> str:
    """A month with something in most sections; returns it."""
    house.place("key-1")
    house.act("read_order", "T1", AUDITOR)
    house.act("read_order", "T2", AUDITOR)
    house.act("publish_routing_rules", "RULES#ROUTING", AUDITOR._replace(role=Role.OPERATOR))
    house.act("log_in", ANN.user_id, outcome=REFUSED, reason="CODE_WRONG")
    house.act("log_in", ANN.user_id, outcome=REFUSED, reason="CODE_WRONG")
    house.act("log_in", ANN.user_id)
    now = house.clock.now()
    house.store.commit(record(system_act("freeze_account", ANN.user_id, "1", now, reason="VELOCITY")))
    house.act("freeze_account", "U9", AUDITOR._replace(role=Role.RISK), reason="by hand")
    house.act("dance", "U9")
    house.carry()
    return day_of(house.clock.now())[:7]


def test_every_act_is_counted_once(house: House) -> None:
    report = report_of(house.archive, lived(house))
    assert report.rows == [
        Row(Section.DATA_ACCESS, "read_order", "auditor", 2, 0),
        Row(Section.FREEZES, "freeze_account", "risk", 1, 0),
        Row(Section.FREEZES, "freeze_account", "system", 1, 0),
        Row(Section.LOGINS, "log_in", "customer", 1, 2),
        Row(Section.MONEY, "pay_order", "customer", 1, 0),
        Row(Section.MONEY, "place_order", "customer", 1, 0),
        Row(Section.OTHER, "dance", "customer", 1, 0),
        Row(Section.RULES, "publish_routing_rules", "operator", 1, 0),
    ]
    assert (report.acts, report.people) == (11, 2)
    assert report.refusals == {"CODE_WRONG": 2}


def test_incidents_are_refusals_and_what_the_system_froze(house: House) -> None:
    month = lived(house)
    report = report_of(house.archive, month)
    at = rfc3339(house.clock.now())
    assert report.incident_count == 3
    assert report.incidents == [
        Incident(at, "freeze_account", "VELOCITY", ANN.user_id),
        Incident(at, "log_in", "CODE_WRONG", ANN.user_id),
        Incident(at, "log_in", "CODE_WRONG", ANN.user_id),
    ]


def test_the_stamps_are_counted_and_the_longest_silence(house: House) -> None:
    month = lived(house)
    for minutes in (60, 60, 200):
        stamp_heads(house)
        house.wait(seconds=60 * minutes)
    house.timestamp_authority.silent = True
    stamp_heads(house)
    assert report_of(house.archive, month).stamps == (4, 3, 200)


def test_a_chain_that_does_not_hold_is_said(house: House) -> None:
    month = lived(house)
    key = next(iter(key for key in house.archive.content if key.startswith("audit/")))
    house.archive.content[key] = house.archive.content[key].replace(
        b'"outcome":"DONE"', b'"outcome":"REFUSED"'
    )
    report = report_of(house.archive, month)
    assert len(report.broken) == 1
    assert "not what was written here" in report.broken[0]


def test_another_month_is_not_counted(house: House) -> None:
    lived(house)
    assert report_of(house.archive, "2026-09").acts == 0
    assert report_of(house.archive, "2026-09").rows == []


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ("2026-11-03T02:00:00+08:00", "2026-10"),
        ("2026-01-03T02:00:00+08:00", "2025-12"),
        ("2026-12-31T23:59:59+08:00", "2026-11"),
        ("2026-12-31T16:00:00Z", "2026-12"),
    ],
)
def test_the_month_that_is_over(now: str, month: str) -> None:
    assert month_before(Instant(parse_rfc3339(now))) == month


def test_the_same_month_is_kept_once_and_another_count_beside_it(house: House) -> None:
    month = lived(house)
    report = report_of(house.archive, month)
    assert keep_report(house.archive, report, b"pdf") == keep_report(house.archive, report, b"pdf")
    kept = {key for key in house.archive.content if key.startswith("compliance/")}
    assert len(kept) == 2
    more = report._replace(acts=report.acts + 1)
    assert keep_report(house.archive, more, b"pdf") not in {key.rsplit("/", 1)[0] + "/" for key in kept}


def test_it_is_written_as_json(house: House) -> None:
    written = json.loads(write_report(report_of(house.archive, lived(house))))
    assert written["format"] == "octane-compliance/1"
    assert {"section": "OTHER", "action": "dance", "role": "customer", "done": 1, "refused": 0} in written[
        "rows"
    ]


def test_it_is_printed_the_same_each_time(house: House) -> None:
    report = report_of(house.archive, lived(house))
    assert compliance_pdf(report) == compliance_pdf(report)
    assert compliance_pdf(report).startswith(b"%PDF")
    assert len(compliance_pages(report_of(house.archive, "2020-01"), 30)) == 1


def test_a_bad_month_is_printed_too(house: House) -> None:
    report = report_of(house.archive, lived(house))
    incident = Incident("2026-10-15T04:00:00.000Z", "log_in", "A_LONG_REASON_" * 9, "U" * 26)
    bad = report._replace(
        incidents=[incident] * 200, incident_count=5_000, broken=["audit: a chain that is broken " * 9]
    )
    assert len(compliance_pages(bad, 30)) > 3


@pytest.mark.parametrize(
    ("action", "section"),
    [
        ("read_acts", Section.DATA_ACCESS),
        ("fetch_evidence", Section.DATA_ACCESS),
        ("request_evidence", Section.DATA_ACCESS),
        ("publish_risk_rules", Section.RULES),
        ("roll_back_rules", Section.RULES),
        ("lift_freeze", Section.FREEZES),
        ("claim_review", Section.REVIEWS),
        ("refresh_session", Section.LOGINS),
        ("request_erasure", Section.RIGHTS),
        ("withdraw_consent", Section.RIGHTS),
        ("set_member", Section.PERMISSIONS),
        ("grant_refund", Section.MONEY),
        ("refuse_withdrawal", Section.MONEY),
        ("something_new", Section.OTHER),
    ],
)
def test_where_an_action_is_counted(action: str, section: Section) -> None:
    assert section_of(action) is section
