"""WeChat's subscribe messages: our client against the simulated server API (OP1)."""

from datetime import UTC, datetime
from random import SystemRandom

import pytest
from unit.outside.carrier import BASE, START, Carrier, Clock, Said, Unplugged

from octane.identity.wechat_mini import WechatMini, WechatMiniConfig
from octane.notify.messages import MessageRefused, MessageUnknown, Refusal, Sent, Template
from octane.notify.wechat_messages import FORMS, WechatMessages
from simulators.keys import new_keys
from simulators.wechat.company import WeChat

KEYS = new_keys(datetime.fromtimestamp(START // 1_000, UTC))
IDS = {Template.PRICE_CHANGED: "T1", Template.INSTALMENT_DUE: "T2"}
WORDS = {
    Template.PRICE_CHANGED: {"province": "北京", "changes": "92# 7.80 (+0.25)", "at": "2026-11-22 12:00"},
    Template.INSTALMENT_DUE: {
        "bill": "电费", "amount": "12.30元", "due": "2026-11-22", "part": "第2期，共6期",
    },
}  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wechat(clock: Clock) -> WeChat:
    return WeChat(KEYS, clock, SystemRandom())


@pytest.fixture
def wire(wechat: WeChat) -> Carrier:
    return Carrier(wechat)


def messages_on(wire, clock: Clock, ids=IDS) -> WechatMessages:
    return WechatMessages(WechatMini(WechatMiniConfig(KEYS.appid, KEYS.app_secret, BASE), wire, clock), ids)


def send(messages: WechatMessages, template: Template = Template.PRICE_CHANGED, openid: str = "o1"):
    return messages.send(openid, template, WORDS[template])


def inbox(wechat: WeChat, openid: str = "o1") -> list[dict]:
    found = wechat.command("GET /messages", {"openid": openid})
    assert found is not None
    return found["messages"]


@pytest.mark.parametrize("template", Template)
def test_each_template_arrives(wire, wechat, clock, template):
    assert send(messages_on(wire, clock), template) == Sent()
    (message,) = inbox(wechat)
    assert message["template_id"] == IDS[template]
    assert set(message["words"].values()) == set(WORDS[template].values())
    assert inbox(wechat, "o2") == []


def test_the_token_is_kept_and_renewed(wire, wechat, clock):
    messages = messages_on(wire, clock)
    for _ in range(3):
        send(messages)
    assert [call.path for call in wire.calls].count("/cgi-bin/stable_token") == 1
    wire.misbehave("message", "refuse", code="40001")
    assert send(messages) == Sent()
    assert [call.path for call in wire.calls].count("/cgi-bin/stable_token") == 2
    assert len(inbox(wechat)) == 4


def test_permissions_are_used_up(wire, wechat, clock):
    wechat.command("POST /messages/allow", {"openid": "o1", "times": 1})
    messages = messages_on(wire, clock)
    assert send(messages) == Sent()
    assert send(messages) == MessageRefused(Refusal.NOT_WANTED, "43101")
    wechat.command("POST /messages/allow", {"openid": "o1", "times": None})
    assert send(messages) == Sent()


def test_a_template_that_is_gone(wire, wechat, clock):
    wechat.command("POST /messages/templates/withdraw", {"template_id": "T1"})
    assert send(messages_on(wire, clock)) == MessageRefused(Refusal.MESSAGE_WRONG, "40037")


def test_a_template_that_we_do_not_have_costs_no_call(wire, clock):
    assert send(messages_on(wire, clock, {})) == MessageRefused(Refusal.MESSAGE_WRONG, "NO_TEMPLATE")
    assert wire.calls == []


def test_nobody_is_no_receiver(wire, clock):
    assert send(messages_on(wire, clock), openid="") == MessageRefused(Refusal.NO_SUCH_PERSON, "40003")


def test_a_long_word_is_cut_and_an_empty_one_refused(wire, wechat, clock):
    messages = messages_on(wire, clock)
    words = {**WORDS[Template.PRICE_CHANGED], "province": "长" * 30}
    assert messages.send("o1", Template.PRICE_CHANGED, words) == Sent()
    assert inbox(wechat)[0]["words"]["thing1"] == "长" * 20
    refused = messages.send("o1", Template.PRICE_CHANGED, {**words, "changes": ""})
    assert refused == MessageRefused(Refusal.MESSAGE_WRONG, "47003")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("43101", MessageRefused(Refusal.NOT_WANTED, "43101")),
        ("47003", MessageRefused(Refusal.MESSAGE_WRONG, "47003")),
        ("40037", MessageRefused(Refusal.MESSAGE_WRONG, "40037")),
        ("45009", MessageRefused(Refusal.LATER, "45009")),
        ("-1", MessageUnknown("ERRCODE_-1")),
        ("99999", MessageUnknown("ERRCODE_99999")),
    ],
)
def test_what_wechat_says(wire, clock, code, outcome):
    wire.misbehave("message", "refuse", code=code)
    assert send(messages_on(wire, clock)) == outcome


def test_an_answer_that_is_lost_is_unknown_and_it_was_sent(wire, wechat, clock):
    wire.misbehave("message", "drop_after")
    assert send(messages_on(wire, clock)) == MessageUnknown("NoAnswerError cut")
    assert len(inbox(wechat)) == 1


@pytest.mark.parametrize("effect", ["drop_before", "status"])
def test_a_call_without_an_answer_is_unknown(wire, clock, effect):
    wire.misbehave("message", effect, status=502)
    assert isinstance(send(messages_on(wire, clock)), MessageUnknown)


@pytest.mark.parametrize("effect", ["drop_before", "drop_after", "status", "refuse"])
def test_without_a_token_nothing_left(wire, clock, effect):
    wire.misbehave("stable_token", effect, status=502)
    assert send(messages_on(wire, clock)) == MessageRefused(Refusal.LATER, "no access token")


def test_without_a_wire_nothing_left(clock):
    assert send(messages_on(Unplugged(), clock)) == MessageRefused(Refusal.LATER, "no access token")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"errcode":"0"}', b'{"errcode":null}'])
def test_what_is_no_answer_is_unknown(clock, body):
    class Half(Said):
        def send(self, method, url, headers, content, timeout_s):
            if "stable_token" in url:
                return Said(b'{"access_token":"t","expires_in":7200}').send(method, url, headers, content, 1)
            return super().send(method, url, headers, content, timeout_s)

    assert isinstance(send(messages_on(Half(body), clock)), MessageUnknown)


def test_every_template_has_a_form():
    assert set(FORMS) == set(Template)
