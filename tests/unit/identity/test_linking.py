"""Several logins of one person: linked by who has them both, never merged, never the last one gone (ID1)."""

from collections.abc import Callable
from typing import Any

import pytest
from unit.identity.conftest import NOON, PHONE, Town

from octane.identity.linking import (
    LastLoginError,
    LoginNotLinkedError,
    LoginTakenError,
    NewLogin,
    ProviderLinkedError,
    link_login,
    unlink_login,
)
from octane.identity.logins import PhoneMissingError, Provider, list_logins, shown
from octane.identity.phones import PhoneProofRequiredError, bind_phone
from octane.identity.revocation import TokenRevokedError
from octane.identity.sessions import Session, SessionRevokedError
from octane.identity.sms_codes import CodePurpose, SmsCodeInvalidError
from octane.identity.step_ups import Operation, StepUpRequiredError, binding, step_up_key
from octane.identity.users import get_user, phone_of, user_id_of, user_key
from octane.identity.wechat_mini import LoginCodeInvalidError
from octane.kernel.caller import Caller
from octane.kernel.errors import OctaneError
from octane.store.writes import Absent, Put

OTHER_PHONE = "13900139000"
LINK = CodePurpose.LINK_LOGIN
Bound = Callable[..., Session]


def link(town: Town, caller: Caller, provider: Provider, name: str = "ann", **more: str) -> None:
    code = more.pop("code", "") or town.code("wx" if provider is Provider.WECHAT else "ali", name)
    link_login(town, caller, NewLogin(provider, code, **more))


def step_up(town: Town, user_id: str, provider: str, step_up_id: str = "P-1") -> str:
    """A step-up that somebody passed."""
    bound = binding(Operation.UNLINK_LOGIN, provider, 0)
    item = {"state": "PASSED", "binding": bound, "expires_at": town.now() + 60_000}
    town.store.commit(Put(step_up_key(user_id, step_up_id), item, when=Absent()))
    return step_up_id


def test_linked_logins_lead_to_one_account(town: Town) -> None:
    # Given
    owner = town.by_wechat()
    caller = town.caller(owner)

    # When
    link(town, caller, Provider.ALIPAY)
    link(town, caller, Provider.PHONE, code=town.sent(LINK), phone=PHONE)

    # Then all three are the person, whose token knows both payers
    for session in (town.by_wechat(), town.by_alipay(), town.by_phone()):
        assert session.user.user_id == owner.user.user_id
        assert (town.caller(session).openid, town.caller(session).alipay_id) == ("ann", "ann")
    assert phone_of(town.store, town.vault, owner.user.user_id) == PHONE
    listed = list_logins(town.store, caller)
    assert shown(listed.user) == {
        Provider.WECHAT: "****ann",
        Provider.ALIPAY: "****ann",
        Provider.PHONE: "138****8000",
    }
    assert [one.provider for one in listed.habits.recent] == ["PHONE", "ALIPAY", "WECHAT", "WECHAT"]
    assert [act.action for act in town.acts(owner.user.user_id)].count("link_login") == 2


def test_linking_twice_changes_nothing(town: Town) -> None:
    caller = town.caller(town.by_wechat())
    link(town, caller, Provider.ALIPAY)
    link(town, caller, Provider.ALIPAY)
    link(town, caller, Provider.WECHAT)
    assert [act.action for act in town.acts(caller.user_id)].count("link_login") == 1


@pytest.mark.parametrize("provider", list(Provider))
def test_a_login_with_an_account_of_its_own_is_not_merged(town: Town, provider: Provider) -> None:
    # Given somebody with one login, and another account that the other login opened
    own = {
        Provider.WECHAT: town.by_alipay,
        Provider.ALIPAY: town.by_wechat,
        Provider.PHONE: town.by_wechat,
    }[provider]()
    {Provider.WECHAT: town.by_wechat, Provider.ALIPAY: town.by_alipay, Provider.PHONE: town.by_phone}[
        provider
    ]()

    # When
    with pytest.raises(LoginTakenError):
        if provider is Provider.PHONE:
            link(town, town.caller(own), provider, code=town.sent(LINK), phone=PHONE)
        else:
            link(town, town.caller(own), provider)

    # Then
    assert len(shown(get_user(town.store, own.user.user_id))) == 1


def test_an_account_from_before_logins_were_kept_is_not_taken_over(town: Town) -> None:
    old = user_id_of("WECHAT", "old")
    town.store.commit(
        Put(user_key(old), {"role": "customer", "openid": "old", "created_at": NOON}, when=Absent())
    )
    with pytest.raises(LoginTakenError):
        link(town, town.caller(town.by_alipay()), Provider.WECHAT, "old")
    assert town.by_wechat("old").user.user_id == old


def test_two_who_link_the_same_login_at_once(town: Town, racing: Any) -> None:
    # Given
    callers = [town.caller(town.by_wechat(name)) for name in ("ann", "bob", "eve", "dan")]

    # When each brings a code of the same Alipay account, and its owner logs in besides
    answers = racing(
        *(lambda caller=caller: link(town, caller, Provider.ALIPAY, "shared") for caller in callers),
        lambda: town.by_alipay("shared"),
    )

    # Then it is one account's
    winners = [answer for answer in answers if not isinstance(answer, OctaneError)]
    assert len(winners) <= 2  # the link, and the owner's login into that account; or the owner's own account
    owner = town.by_alipay("shared").user.user_id
    linked = [c.user_id for c in callers if get_user(town.store, c.user_id).alipay_id]
    assert linked in ([owner], [])


def test_one_login_of_each_provider(town: Town) -> None:
    caller = town.caller(town.by_wechat())
    with pytest.raises(ProviderLinkedError):
        link(town, caller, Provider.WECHAT, "second")
    link(town, caller, Provider.PHONE, code=town.sent(LINK), phone=PHONE)
    with pytest.raises(ProviderLinkedError):
        link(
            town,
            caller,
            Provider.PHONE,
            code=town.sent(LINK, OTHER_PHONE),
            phone=OTHER_PHONE,
            sms_code=town.sent(LINK),
        )


def test_a_stolen_access_token_links_nothing(town: Town, bound: Bound) -> None:
    """Whoever has the token and their own Alipay still lacks the phone."""
    # Given
    caller = town.caller(bound())

    # When / Then
    for attack in (
        {"provider": Provider.ALIPAY, "name": "thief"},
        {"provider": Provider.ALIPAY, "name": "thief", "sms_code": "000000"},
        {"provider": Provider.PHONE, "code": town.sent(LINK, OTHER_PHONE), "phone": OTHER_PHONE},
    ):
        with pytest.raises((PhoneProofRequiredError, SmsCodeInvalidError)):
            link(town, caller, **attack)
    assert list(shown(get_user(town.store, caller.user_id))) == [Provider.WECHAT]

    # Then the owner, who has it, does
    link(town, caller, Provider.ALIPAY, sms_code=town.sent(LINK))
    assert get_user(town.store, caller.user_id).alipay_id == "ann"


def test_the_bound_phone_becomes_a_login_by_one_code(town: Town, bound: Bound) -> None:
    """WeChat's word makes a phone a bound one, a code makes it a login."""
    # Given
    session = bound()
    stranger = town.by_phone(OTHER_PHONE).user.user_id
    assert stranger != session.user.user_id

    # When
    link(town, town.caller(session), Provider.PHONE, code=town.sent(LINK), phone=PHONE)

    # Then
    assert town.by_phone().user.user_id == session.user.user_id


def test_a_bound_phone_is_no_login(town: Town, bound: Bound) -> None:
    assert town.by_phone().user.user_id != bound().user.user_id


def test_a_login_by_phone_names_one(town: Town) -> None:
    with pytest.raises(PhoneMissingError):
        link(town, town.caller(town.by_wechat()), Provider.PHONE, code="123456")


def test_a_code_that_the_provider_does_not_know(town: Town) -> None:
    with pytest.raises(LoginCodeInvalidError):
        link(town, town.caller(town.by_wechat()), Provider.ALIPAY, code="wx-ann-1")


def test_unlinking_ends_what_the_login_opened(town: Town) -> None:
    # Given
    owner, caller = town.by_wechat(), town.caller(town.by_wechat())
    link(town, caller, Provider.ALIPAY)
    by_alipay = town.by_alipay()
    town.move(seconds=1)

    # When
    unlink_login(town, caller, Provider.ALIPAY, step_up(town, caller.user_id, "ALIPAY"))

    # Then its sessions are over, the others are not
    with pytest.raises(TokenRevokedError):
        town.later_process().authorize(by_alipay)
    with pytest.raises(SessionRevokedError):
        town.refresh(by_alipay.refresh_token)
    refreshed = town.refresh(owner.refresh_token)
    assert town.caller(refreshed).alipay_id == ""
    assert [act.action for act in town.acts(caller.user_id)][-1] == "unlink_login"

    # Then it leads to an account of its own from now on, the same one each time
    first, second = town.by_alipay().user.user_id, town.by_alipay().user.user_id
    assert first == second != caller.user_id


def test_an_unlinked_first_login_does_not_lead_back(town: Town) -> None:
    """The account's id derives from this login: without a trace of the unlinking it would open it again."""
    # Given an account that WeChat opened, linked to Alipay
    caller = town.caller(town.by_wechat())
    link(town, caller, Provider.ALIPAY)

    # When
    unlink_login(town, caller, Provider.WECHAT, step_up(town, caller.user_id, "WECHAT"))

    # Then
    assert town.by_wechat().user.user_id != caller.user_id
    assert town.by_alipay().user.user_id == caller.user_id


def test_an_unlinked_login_of_an_account_from_before(town: Town) -> None:
    # Given a record that no login item names, and its session
    old = user_id_of("WECHAT", "old")
    town.store.commit(
        Put(user_key(old), {"role": "customer", "openid": "old", "created_at": NOON}, when=Absent())
    )
    caller = Caller(old, get_user(town.store, old).role, "S", "old")
    link(town, caller, Provider.ALIPAY)

    # When
    unlink_login(town, caller, Provider.WECHAT, step_up(town, old, "WECHAT"))

    # Then
    assert town.by_wechat("old").user.user_id != old


def test_an_unlinked_login_can_be_linked_again(town: Town) -> None:
    caller = town.caller(town.by_wechat())
    for number in range(2):
        link(town, caller, Provider.ALIPAY)
        unlink_login(town, caller, Provider.ALIPAY, step_up(town, caller.user_id, "ALIPAY", f"P-{number}"))
    link(town, caller, Provider.ALIPAY)
    assert town.by_alipay().user.user_id == caller.user_id


@pytest.mark.parametrize(
    ("operation", "subject", "state"),
    [
        (Operation.UNLINK_LOGIN, "WECHAT", "PASSED"),
        (Operation.WITHDRAW, "ALIPAY", "PASSED"),
        (Operation.UNLINK_LOGIN, "ALIPAY", "OPEN"),
        (Operation.UNLINK_LOGIN, "ALIPAY", "USED"),
    ],
)
def test_unlinking_takes_a_step_up_for_it(town: Town, operation: Operation, subject: str, state: str) -> None:
    # Given
    caller = town.caller(town.by_wechat())
    link(town, caller, Provider.ALIPAY)
    item = {"state": state, "binding": binding(operation, subject, 0), "expires_at": town.now() + 60_000}
    town.store.commit(Put(step_up_key(caller.user_id, "P-1"), item, when=Absent()))

    # When / Then
    for step_up_id in ("P-1", "P-2", ""):
        with pytest.raises(StepUpRequiredError):
            unlink_login(town, caller, Provider.ALIPAY, step_up_id)
    assert town.by_alipay().user.user_id == caller.user_id


def test_the_last_login_stays(town: Town) -> None:
    caller = town.caller(town.by_wechat())
    with pytest.raises(LastLoginError):
        unlink_login(town, caller, Provider.WECHAT, step_up(town, caller.user_id, "WECHAT"))
    with pytest.raises(LoginNotLinkedError):
        unlink_login(town, caller, Provider.ALIPAY, step_up(town, caller.user_id, "ALIPAY", "P-2"))


@pytest.mark.parametrize("run", range(10))
def test_both_logins_cannot_go_at_the_same_moment(town: Town, racing: Any, run: int) -> None:
    # Given
    caller = town.caller(town.by_wechat(f"ann{run}"))
    link(town, caller, Provider.ALIPAY)
    ups = {each: step_up(town, caller.user_id, each, each) for each in ("WECHAT", "ALIPAY")}

    # When
    racing(
        lambda: unlink_login(town, caller, Provider.WECHAT, ups["WECHAT"]),
        lambda: unlink_login(town, caller, Provider.ALIPAY, ups["ALIPAY"]),
    )

    # Then
    assert len(shown(get_user(town.store, caller.user_id))) == 1


def test_aws_calls(town: Town) -> None:
    caller = town.caller(town.by_wechat())
    calls = {}
    for name, act in {
        "bind_phone": lambda: bind_phone(town, caller, town.code("phone", PHONE)),
        "list_logins": lambda: list_logins(town.store, caller),
    }.items():
        with town.counted() as usage:
            act()
        calls[name] = usage.calls
    sent = town.sent(LINK)
    with town.counted() as usage:
        link(town, caller, Provider.ALIPAY, sms_code=sent)
    calls["link_login"] = usage.calls
    up = step_up(town, caller.user_id, "ALIPAY")
    with town.counted() as usage:
        unlink_login(town, caller, Provider.ALIPAY, up)
    calls["unlink_login"] = usage.calls
    assert calls == {"bind_phone": 2, "list_logins": 1, "link_login": 5, "unlink_login": 4}
