"""Login by WeChat, Alipay and phone: one account for one login, replays, refusals, the audit (ID1, ID5)."""

from typing import Any

import pytest
from unit.identity.conftest import HOME, NOON, PHONE, Town

from octane.audit.acts import ActOutcome
from octane.identity.attempts import LogIn
from octane.identity.linking import NewLogin, link_login
from octane.identity.log_in import log_in
from octane.identity.logins import Login, PhoneMissingError, Provider
from octane.identity.sessions import Session, SessionRevokedError, log_out
from octane.identity.sms_codes import CodePurpose, PhoneInvalidError, SmsCodeInvalidError, index_of
from octane.identity.users import AccountFrozenError, get_user, user_id_of, user_key
from octane.identity.wechat_mini import LoginCodeInvalidError
from octane.kernel.caller import Caller, Role
from octane.kernel.errors import KeyReusedError, TooManyError, UnauthenticatedError
from octane.kernel.ids import derive_id
from octane.store.items import Table
from octane.store.writes import Absent, Exists, Put, Update


def test_each_provider_opens_one_account_of_its_own(town: Town) -> None:
    # Given / When each logs in twice
    accounts = [
        {log_in_().user.user_id for _ in range(2)}
        for log_in_ in (town.by_wechat, town.by_alipay, town.by_phone)
    ]

    # Then
    assert [len(each) for each in accounts] == [1, 1, 1]
    assert len(set.union(*accounts)) == 3


def test_the_token_names_the_payer_within_alipay(town: Town) -> None:
    caller = town.caller(town.by_alipay("bob"))
    assert (caller.alipay_id, caller.openid) == ("bob", "")


def test_an_account_from_before_logins_were_kept(town: Town) -> None:
    # Given an account that only its own record tells of
    user_id = user_id_of("WECHAT", "old")
    item = {"role": "operator", "openid": "old", "created_at": NOON - 1, "phone": PHONE}
    town.store.commit(Put(user_key(user_id), item, when=Absent()))

    # When
    session = town.by_wechat("old")

    # Then it is theirs, phone and all, and the login is kept from now on
    assert (session.user.user_id, session.user.role) == (user_id, Role.OPERATOR)
    assert session.user.phone_masked == "138****8000"
    login = town.store.get(Login(Provider.WECHAT, "old").key)
    assert login is not None
    assert login["user_id"] == user_id


def test_the_phone_is_nowhere_in_plain(town: Town) -> None:
    # Given / When somebody logs in by phone, wrongly too
    town.by_phone()
    with pytest.raises(SmsCodeInvalidError):
        town.by_phone(code="000000")

    # Then no table holds number or code
    code = town.sms.last()
    for table in Table:
        for item in town.engine.items(table):
            assert PHONE not in str(item)
            assert code not in [str(value) for value in item.values()]


def test_a_lost_answer_is_given_again(town: Town) -> None:
    # Given
    code, sent = town.code("wx", "ann"), town.sent()
    first = town.by_wechat(code=code, key="the-same-key")
    by_phone = town.by_phone(code=sent, key="another-key")

    # When / Then both codes are used up, and the same request still gets the same session
    assert town.by_wechat(code=code, key="the-same-key").refresh_token == first.refresh_token
    assert town.by_phone(code=sent, key="another-key").refresh_token == by_phone.refresh_token

    # Then not after ten minutes
    town.move(seconds=601)
    with pytest.raises(UnauthenticatedError):
        town.by_wechat(code=code, key="the-same-key")


def test_a_code_is_replayed_under_its_own_key_only(town: Town) -> None:
    # Given
    code, sent = town.code("wx", "ann"), town.sent()
    town.by_wechat(code=code, key="the-same-key")
    town.by_phone(code=sent, key="another-key")

    # When / Then
    with pytest.raises(LoginCodeInvalidError):
        town.by_wechat(code=code, key="not-that-key")
    with pytest.raises(SmsCodeInvalidError):
        town.by_phone(code=sent, key="not-that-key")


def test_receipts_cannot_be_guessed_where_codes_cannot(town: Town) -> None:
    """Who knows phone and key tries codes at the receipt: each is a try, and five are all."""
    # Given
    sent = town.sent()
    town.by_phone(code=sent, key="known-to-all")
    for number in range(4):
        with pytest.raises(SmsCodeInvalidError):
            town.by_phone(code=f"{(int(sent) + number + 1) % 1_000_000:06d}", key="known-to-all")

    # When / Then the right one comes too late
    with pytest.raises(SmsCodeInvalidError):
        town.by_phone(code=sent, key="known-to-all")


def test_a_replay_of_an_ended_session_opens_nothing(town: Town) -> None:
    code = town.code("wx", "ann")
    session = town.by_wechat(code=code, key="the-same-key")
    log_out(town, town.caller(session))
    with pytest.raises(SessionRevokedError):
        town.by_wechat(code=code, key="the-same-key")


def test_the_key_of_somebody_else_gives_a_session_of_ones_own(town: Town) -> None:
    """Session fixation: the attacker's key in the victim's hands, and the other way round."""
    # Given
    victim = town.by_wechat("victim", key="the-same-key")

    # When
    attacker = town.by_wechat("attacker", key="the-same-key")

    # Then
    sessions = [town.caller(each).session_id for each in (victim, attacker)]
    assert sessions[0] != sessions[1]
    assert town.refresh(victim.refresh_token).user.user_id == victim.user.user_id


def test_a_key_makes_one_session(town: Town) -> None:
    town.by_wechat(key="the-same-key")
    with pytest.raises(KeyReusedError):
        town.by_wechat(key="the-same-key")


@pytest.mark.parametrize("provider", [Provider.WECHAT, Provider.ALIPAY])
def test_a_code_of_another_app_is_refused_and_told(town: Town, provider: Provider) -> None:
    # Given a code that another provider made
    kind = {Provider.WECHAT: "ali", Provider.ALIPAY: "wx"}[provider]

    # When
    with pytest.raises(LoginCodeInvalidError):
        log_in(town, LogIn(provider, town.code(kind, "ann"), "some-key-1", client=HOME))

    # Then the attempts of one address are found together
    [act] = town.acts(derive_id("I", HOME.ip))
    assert (act.action, act.outcome) == ("log_in", ActOutcome.REFUSED)
    assert act.reason == f"{provider.value} LOGIN_CODE_INVALID"
    assert (act.ip, act.device) == (HOME.ip, HOME.device)


def test_every_login_is_an_act(town: Town) -> None:
    session = town.by_wechat()
    [act] = town.acts(session.user.user_id)
    assert (act.action, act.outcome, act.reason) == ("log_in", ActOutcome.DONE, "WECHAT")
    assert (act.ip, act.device, act.session_id) == (HOME.ip, HOME.device, town.caller(session).session_id)


def test_a_wrong_code_is_an_act_of_the_phones_login(town: Town) -> None:
    with pytest.raises(SmsCodeInvalidError):
        town.by_phone(code="123456")
    [act] = town.acts(Login(Provider.PHONE, index_of(town.vault, PHONE)).login_id)
    assert (act.outcome, act.reason) == (ActOutcome.REFUSED, "PHONE SMS_CODE_INVALID")


def test_a_login_by_phone_names_one(town: Town) -> None:
    with pytest.raises(PhoneMissingError):
        log_in(town, LogIn(Provider.PHONE, "123456", "some-key-1"))
    with pytest.raises(PhoneInvalidError):
        log_in(town, LogIn(Provider.PHONE, "123456", "some-key-1", phone="+85291234567"))


def test_a_frozen_account_lets_nobody_in(town: Town) -> None:
    # Given
    code = town.code("wx", "ann")
    session = town.by_wechat(code=code, key="the-same-key")
    user_id = session.user.user_id
    town.store.commit(Update(user_key(user_id), when=Exists(), assign={"frozen": True}))

    # When / Then neither a login, nor a replay, nor a refresh
    for attempt in (
        town.by_wechat,
        lambda: town.by_wechat(code=code, key="the-same-key"),
        lambda: town.refresh(session.refresh_token),
    ):
        town.move(seconds=1)
        with pytest.raises(AccountFrozenError):
            attempt()
    assert [act.reason for act in town.acts(user_id)] == ["WECHAT", "WECHAT ACCOUNT_FROZEN"]

    # Then thawed it is as before
    town.store.commit(Update(user_key(user_id), when=Exists(), assign={"frozen": False}))
    assert town.refresh(session.refresh_token).user.user_id == user_id


def test_parallel_first_logins_open_one_account(town: Town, racing: Any) -> None:
    # Given two that see no account, at the same moment
    code = town.sent()
    answers = racing(
        *(lambda key=key: town.by_phone(code=code, key=key) for key in ("key-0000001", "key-0000002"))
    )

    # Then one code makes one session
    done = [answer for answer in answers if isinstance(answer, Session)]
    assert len(done) == 1
    assert {type(answer) for answer in answers if answer not in done} == {SmsCodeInvalidError}


def test_beyond_its_limit_a_device_learns_nothing(town: Town) -> None:
    # Given a device that has tried all codes of four phones
    for number in range(4):
        phone = f"1390000000{number}"
        town.sent(phone=phone)
        for _ in range(5):
            with pytest.raises(SmsCodeInvalidError):
                town.by_phone(phone, code="999999")
    sent = town.sent()
    for _ in range(20):
        with pytest.raises((SmsCodeInvalidError, TooManyError)):
            town.by_phone("13900000000", code="999999")

    # When / Then the right code and a wrong one are told the same
    for code in (sent, "999999"):
        with pytest.raises(TooManyError) as refusal:
            town.by_phone(code=code)
        assert refusal.value.retry_after <= 3

    # Then it goes on where the limit does
    town.move(seconds=3)
    town.by_phone(code=sent)


def test_aws_calls_of_a_login(town: Town) -> None:
    """At most four, beside the provider's: also for a login that was linked to another account."""
    # Given an account with all three logins, and one with the login of its own
    owner = town.by_wechat("owner")
    caller: Caller = town.caller(owner)
    link_login(town, caller, NewLogin(Provider.ALIPAY, town.code("ali", "linked")))
    link_login(town, caller, NewLogin(Provider.PHONE, town.sent(CodePurpose.LINK_LOGIN), PHONE))
    sent, own_phone = town.sent(), "13900139000"
    own = town.sent(phone=own_phone)
    costs = {}

    # When
    for name, log_in_ in {
        "by_wechat": lambda: town.by_wechat("owner"),
        "by_alipay": lambda: town.by_alipay("linked"),
        "by_phone": lambda: town.by_phone(code=sent),
        "own alipay": lambda: town.by_alipay("other"),
        "own phone": lambda: town.by_phone(own_phone, code=own),
    }.items():
        with town.counted() as usage:
            log_in_()
        costs[name] = (usage.calls, usage.read_units, usage.write_units)

    # Then
    assert costs == {
        "by_wechat": (3, 5, 12),
        "by_alipay": (4, 8, 12),
        "by_phone": (4, 7, 17),
        "own alipay": (3, 5, 16),
        "own phone": (3, 4, 21),
    }
    assert get_user(town.store, owner.user.user_id).alipay_id == "linked"
