"""Facial verification: the client of WeChat's server API against the simulated one."""

from datetime import UTC, datetime
from random import SystemRandom

import pytest
from unit.outside.carrier import BASE, START, Carrier, Clock, Said, Unplugged

from octane.identity.ports import FaceOutcome, FaceTicket
from octane.identity.wechat_face import WechatFaces, cert_hash
from octane.identity.wechat_mini import WechatMini, WechatMiniConfig
from simulators.keys import new_keys
from simulators.wechat import faces as theirs
from simulators.wechat.company import WeChat

KEYS = new_keys(datetime.fromtimestamp(START // 1_000, UTC))
NUMBER, NAME, IDENTITY, OPENID = "V1", "张三", "310101199801011234", "openid-1"
WHO = (NAME, IDENTITY, OPENID)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wechat(clock: Clock) -> WeChat:
    return WeChat(KEYS, clock, SystemRandom())


@pytest.fixture
def wire(wechat: WeChat) -> Carrier:
    return Carrier(wechat)


def faces_on(wire, clock: Clock) -> WechatFaces:
    return WechatFaces(WechatMini(WechatMiniConfig(KEYS.appid, KEYS.app_secret, BASE), wire, clock))


@pytest.fixture
def faces(wire: Carrier, clock: Clock) -> WechatFaces:
    return faces_on(wire, clock)


@pytest.fixture
def ticket(faces: WechatFaces) -> FaceTicket:
    begun = faces.begin(NUMBER, *WHO)
    assert begun is not None
    return begun


def test_the_digest_of_a_person_is_the_published_one():
    published = "3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b"
    assert cert_hash(NAME, IDENTITY) == theirs.cert_hash("IDENTITY_CARD", NAME, IDENTITY) == published


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("pass", FaceOutcome.PASSED),
        ("fail", FaceOutcome.FAILED),
        ("abandon", FaceOutcome.FAILED),
        ("begin", FaceOutcome.PENDING),
    ],
)
def test_what_the_customer_does_before_the_camera(faces, wechat, ticket, how, outcome):
    # Given a verification that was begun
    assert ticket.expires_in == 3_600
    assert faces.outcome(NUMBER, ticket.verify_id, *WHO) is FaceOutcome.PENDING
    # When the customer has stood before the camera
    wechat.command("POST /faces/end", {"verify_id": ticket.verify_id, "result": how})
    # Then WeChat says what became of it, as often as it is asked
    assert {faces.outcome(NUMBER, ticket.verify_id, *WHO) for _ in range(2)} == {outcome}


@pytest.mark.parametrize(
    "asked",
    [
        ("V2", NAME, IDENTITY, OPENID),
        (NUMBER, "李四", IDENTITY, OPENID),
        (NUMBER, NAME, "310101199801011235", OPENID),
        (NUMBER, NAME, IDENTITY, "openid-2"),
    ],
    ids=("number", "name", "identity", "openid"),
)
def test_a_passed_face_is_nobody_elses(faces, wechat, ticket, asked):
    wechat.command("POST /faces/end", {"verify_id": ticket.verify_id})
    number, *who = asked
    assert faces.outcome(number, ticket.verify_id, *who) is FaceOutcome.FAILED
    assert faces.outcome(number, "x" * 64, *who) is FaceOutcome.FAILED


def test_a_session_ends_with_its_hour(faces, clock, ticket):
    clock.at += 3_600_000
    assert faces.outcome(NUMBER, ticket.verify_id, *WHO) is FaceOutcome.FAILED


def test_a_person_whom_the_authority_does_not_know_may_take_another_way(faces, wechat, ticket):
    wechat.command("POST /faces/unknown", {"cert_no": IDENTITY})
    wechat.command("POST /faces/end", {"verify_id": ticket.verify_id, "result": "pass"})
    assert faces.outcome(NUMBER, ticket.verify_id, *WHO) is FaceOutcome.UNAVAILABLE


@pytest.mark.parametrize(
    ("effect", "more"),
    [("drop_before", {}), ("drop_after", {}), ("status", {"status": 503}), ("refuse", {"code": "-1"})],
)
def test_a_busy_wechat_says_nothing_about_the_person(faces, wechat, wire, ticket, effect, more):
    # Given a person who passed
    wechat.command("POST /faces/end", {"verify_id": ticket.verify_id})
    # When WeChat has trouble
    wire.misbehave("begin_face", effect, **more)
    wire.misbehave("query_face", effect, **more)
    # Then neither call tells anything
    assert faces.begin(NUMBER, *WHO) is None
    assert faces.outcome(NUMBER, ticket.verify_id, *WHO) is FaceOutcome.UNAVAILABLE
    # And afterwards the truth is told
    assert faces.outcome(NUMBER, ticket.verify_id, *WHO) is FaceOutcome.PASSED


def test_a_withdrawn_token_is_replaced(faces, wechat, wire):
    assert faces.begin(NUMBER, *WHO) is not None
    wire.misbehave("query_face", "refuse", code="40001")
    assert faces.outcome(NUMBER, "x" * 64, *WHO) is FaceOutcome.FAILED
    assert [call.path.rsplit("/", 1)[1] for call in wire.calls][-3:] == [
        "queryverifyinfo",
        "stable_token",
        "queryverifyinfo",
    ]


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("10000", FaceOutcome.PASSED),
        ("10300", FaceOutcome.PENDING),
        ("10045", FaceOutcome.UNAVAILABLE),
        ("10004", FaceOutcome.FAILED),
        ("90001", FaceOutcome.FAILED),
        ("90008", FaceOutcome.FAILED),
        ("77777", FaceOutcome.FAILED),
        ('"10000"', FaceOutcome.UNAVAILABLE),
        ("null", FaceOutcome.UNAVAILABLE),
        ("10000.0", FaceOutcome.UNAVAILABLE),
    ],
)
def test_only_one_answer_is_a_yes(clock, result, outcome):
    wire = Said(f'{{"access_token":"t","expires_in":7200,"errcode":0,"verify_ret":{result}}}'.encode())
    assert faces_on(wire, clock).outcome(NUMBER, "v", *WHO) is outcome


@pytest.mark.parametrize(
    "ticket", ['"verify_id":""', '"verify_id":7', '"verify_id":"v","expires_in":0', '"x":1']
)
def test_a_ticket_that_is_none(clock, ticket):
    wire = Said(f'{{"access_token":"t","expires_in":7200,{ticket}}}'.encode())
    assert faces_on(wire, clock).begin(NUMBER, *WHO) is None


def test_without_a_wire(clock):
    faces = faces_on(Unplugged(), clock)
    assert faces.begin(NUMBER, *WHO) is None
    assert faces.outcome(NUMBER, "v", *WHO) is FaceOutcome.UNAVAILABLE


def test_a_session_is_ended_once(wechat, ticket):
    order = {"verify_id": ticket.verify_id, "result": "fail"}
    wechat.command("POST /faces/end", order)
    with pytest.raises(Exception, match="over"):
        wechat.command("POST /faces/end", {**order, "result": "pass"})
    assert wechat.books()["faces"][0]["verify_ret"] == 10004
