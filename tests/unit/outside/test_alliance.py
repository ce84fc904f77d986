"""Reports to the anti-fraud alliance: the client against the simulated one."""

import json
from dataclasses import replace

import pytest
from unit.outside.carrier import BASE, START, Carrier, Clock, Said, Unplugged

from octane.kernel.clock import Instant
from octane.kernel.ids import derive_id
from octane.risk.alliance import AllianceConfig, Hit, HttpAlliance
from octane.risk.ports import Report, Reported, Subject, SubjectKind
from simulators.alliance.company import Alliance, new_alliance_keys
from simulators.protocol import Reply

KEYS = new_alliance_keys()
CARD = Subject(SubjectKind.CARD, derive_id("D", "card"))
DEVICE = Subject(SubjectKind.DEVICE, derive_id("D", "device"))
REPORT = Report("R1", Instant(START), ("CARD_FAN_IN", "NEW_DEVICE"), (CARD, DEVICE), 50_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Alliance:
    return Alliance(KEYS, clock)


@pytest.fixture
def wire(company: Alliance) -> Carrier:
    return Carrier(company)


def alliance_on(wire, clock: Clock, key: str = KEYS.key, member: str = KEYS.member) -> HttpAlliance:
    return HttpAlliance(AllianceConfig(member, key, BASE), wire, clock)


@pytest.fixture
def alliance(wire: Carrier, clock: Clock) -> HttpAlliance:
    return alliance_on(wire, clock)


def test_a_report_is_kept_once_however_often_it_is_sent(alliance, company):
    assert {alliance.report(REPORT) for _ in range(3)} == {Reported.REPORTED}
    [kept] = company.books()["reports"]
    assert kept["number"] == "R1"
    assert kept["subjects"] == (("CARD", CARD.digest), ("DEVICE", DEVICE.digest))
    assert kept["amount_fen"] == 50_000


def test_another_report_under_the_same_id_is_refused(alliance, company):
    alliance.report(REPORT)
    assert alliance.report(REPORT._replace(amount_fen=1)) is Reported.REFUSED
    assert company.books()["reports"][0]["amount_fen"] == 50_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"report_id": ""},
        {"report_id": "a b"},
        {"reasons": ()},
        {"reasons": ("card fan-in",)},
        {"subjects": ()},
        {"subjects": (Subject(SubjectKind.CARD, "1000111100001234567"),)},
        {"amount_fen": -1},
        {"at": Instant(-1)},
    ],
    ids=range(8),
)
def test_what_is_no_report_is_refused_for_good(alliance, company, wrong):
    assert alliance.report(REPORT._replace(**wrong)) is Reported.REFUSED
    assert company.books()["reports"] == []


@pytest.mark.parametrize(
    ("effect", "more", "kept"),
    [
        ("drop_before", {}, 0),
        ("drop_after", {}, 1),
        ("status", {"status": 503}, 0),
        ("status", {"status": 500, "after": True}, 1),
        ("status", {"status": 429}, 0),
        ("wrong_signature", {}, 1),
    ],
)
def test_a_report_in_doubt_is_sent_again(alliance, company, wire, effect, more, kept):
    # When the answer is none, or not theirs
    wire.misbehave("report", effect, **more)
    assert alliance.report(REPORT) is Reported.UNKNOWN
    assert len(company.books()["reports"]) == kept
    # Then the same report again ends it
    assert alliance.report(REPORT) is Reported.REPORTED
    assert len(company.books()["reports"]) == 1


def test_what_members_say_of_a_subject(alliance, company):
    # Given our report, and others'
    alliance.report(REPORT)
    for member, at in (("M2", START + 5), ("M3", START + 9)):
        subjects = [{"kind": "CARD", "digest": CARD.digest}]
        told = {"number": "X1", "happened_at": at, "reasons": ["CARD_FAN_IN"], "amount_fen": 0}
        company.command("POST /reports", {"member": member, "subjects": subjects, **told})
    # Then a subject's hits are counted by reason, and another's are not there
    assert alliance.hits(CARD) == (
        Hit("CARD_FAN_IN", 3, Instant(START + 9)),
        Hit("NEW_DEVICE", 1, Instant(START)),
    )
    assert alliance.hits(Subject(SubjectKind.USER, CARD.digest)) == ()


@pytest.mark.parametrize("effect", ["drop_before", "status", "wrong_signature"])
def test_hits_in_doubt_are_none(alliance, wire, effect):
    wire.misbehave("hits", effect)
    assert alliance.hits(CARD) is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"hits":1}', b'{"hits":[1]}', b'{"hits":[{"reason":"X","members":"1","last_at":1}]}'],
    ids=range(5),
)
def test_hits_that_are_none(alliance, monkeypatch, body):
    monkeypatch.setattr("simulators.alliance.company.json_reply", lambda *_: Reply(200, body))
    assert alliance.hits(CARD) is None


@pytest.mark.parametrize(
    "told", [{"number": "R2", "state": "RECORDED"}, {"number": "R1", "state": "HELD"}, {}]
)
def test_an_answer_about_something_else_is_none(alliance, monkeypatch, told):
    answered = json.dumps(told).encode()
    monkeypatch.setattr("simulators.alliance.company.json_reply", lambda *_: Reply(200, answered))
    assert alliance.report(REPORT) is Reported.UNKNOWN


@pytest.mark.parametrize(
    ("key", "member"), [("0" * 64, KEYS.member), (KEYS.key, "M0")], ids=["key", "member"]
)
def test_a_stranger_is_not_heard(wire, clock, company, key, member):
    assert alliance_on(wire, clock, key, member).report(REPORT) is Reported.UNKNOWN
    assert company.books()["reports"] == []


def test_one_thing_wrong_in_the_signed_call(alliance, wire, company, clock):
    # Given a call as it is signed
    alliance.report(REPORT)
    good = wire.calls[-1]
    company.reset()
    later = str(clock.at // 1_000 + 1)
    altered = [
        replace(good, body=good.body.replace(b"50000", b"50001")),
        replace(good, headers={**good.headers, "alliance-timestamp": later}),
        replace(good, headers={**good.headers, "alliance-signature": "0" * 64}),
        replace(good, target=good.target + "?a=1"),
    ]
    # When one thing of it is another, or it comes late
    statuses = [wire.carry(call).status for call in altered]
    clock.at += 301_000
    statuses.append(wire.carry(good).status)
    # Then it is not believed
    assert statuses == [401] * 5
    assert company.books()["reports"] == []


def test_without_a_wire(clock):
    alliance = alliance_on(Unplugged(), clock)
    assert alliance.report(REPORT) is Reported.UNKNOWN
    assert alliance.hits(CARD) is None


def test_an_unsigned_answer_is_none(clock):
    told = json.dumps({"number": "R1", "state": "RECORDED"}).encode()
    assert alliance_on(Said(told), clock).report(REPORT) is Reported.UNKNOWN


def test_the_key_is_shown_nowhere(alliance):
    assert KEYS.key not in repr(AllianceConfig(KEYS.member, KEYS.key, BASE)) + repr(vars(alliance))
