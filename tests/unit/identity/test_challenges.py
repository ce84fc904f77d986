"""Unusual logins: challenged, refused, and nobody without a phone locked out (ID5)."""

from collections.abc import Callable

import pytest
from unit.identity.conftest import HOME, Town

from octane.identity.attempts import LoginChallengedError, LoginRefusedError
from octane.identity.logins import list_logins
from octane.identity.sessions import Session
from octane.identity.sms_codes import CodePurpose, SmsCodeInvalidError
from octane.kernel.caller import Client
from octane.privacy.consent import set_consent
from octane.privacy.purposes import Purpose
from octane.store.items import Table

AWAY = HOME._replace(device="another-device")
Bound = Callable[..., Session]


def test_a_new_device_is_challenged_and_a_code_to_the_phone_goes_on(town: Town, bound: Bound) -> None:
    # Given
    user_id = bound().user.user_id
    code = town.code("wx", "ann")

    # When / Then WeChat's code is used once, and the same call is asked for more, twice
    for _ in range(2):
        town.move(seconds=1)
        with pytest.raises(LoginChallengedError):
            town.by_wechat(client=AWAY, code=code, key="the-same-key")

    # When
    sent = town.sent(CodePurpose.LOGIN_CHALLENGE)
    with pytest.raises(SmsCodeInvalidError):
        town.by_wechat(client=AWAY, code=code, key="the-same-key", sms_code="000000")
    town.move(seconds=1)
    session = town.by_wechat(client=AWAY, code=code, key="the-same-key", sms_code=sent)

    # Then, and the device is a known one from now on
    assert session.user.user_id == user_id
    assert town.by_wechat(client=AWAY).user.user_id == user_id
    reasons = [act.reason for act in town.acts(user_id) if act.action == "log_in"]
    assert reasons == [
        "WECHAT",
        "WECHAT LOGIN_CHALLENGED NEW_DEVICE",
        "WECHAT LOGIN_CHALLENGED NEW_DEVICE",
        "WECHAT SMS_CODE_INVALID",
        "WECHAT NEW_DEVICE",
        "WECHAT",
    ]


def test_a_challenge_is_answered_by_the_bound_phone_and_its_own_purpose(town: Town, bound: Bound) -> None:
    # Given
    bound()
    code = town.code("wx", "ann")
    with pytest.raises(LoginChallengedError):
        town.by_wechat(client=AWAY, code=code, key="the-same-key")

    # When / Then a code for a login, and a code to another phone
    for sent in (town.sent(CodePurpose.LOGIN), town.sent(CodePurpose.LOGIN_CHALLENGE, "13900139000")):
        with pytest.raises(SmsCodeInvalidError):
            town.by_wechat(client=AWAY, code=code, key="the-same-key", sms_code=sent)


def test_nobody_without_a_phone_is_locked_out(town: Town) -> None:
    # Given somebody whose phone is unknown, and somebody whose phone is abroad
    town.by_wechat("ann")
    signs = [act.reason for act in town.acts(town.by_wechat("ann", client=AWAY).user.user_id)]

    # Then it is in the audit
    assert signs == ["WECHAT", "WECHAT NEW_DEVICE"]


def test_a_phone_abroad_gets_no_codes_and_locks_nobody_out(town: Town, bound: Bound) -> None:
    bound("eve", "+85291234567")
    assert town.by_wechat("eve", client=AWAY).user.phone_masked == "+85****4567"


def test_the_code_to_the_phone_is_challenge_enough(town: Town) -> None:
    user_id = town.by_phone().user.user_id
    assert town.by_phone(client=AWAY).user.user_id == user_id


def consent(town: Town, session: Session) -> None:
    set_consent(town, town.caller(session), Purpose.LOCATION, is_given=True, text_version=1)


def test_far_away_at_night_on_a_new_device_is_refused(town: Town, bound: Bound) -> None:
    # Given somebody of Shanghai who logs in at noon, and agreed to say from where
    session = bound()
    caller = town.caller(session)
    consent(town, session)
    for _ in range(20):
        town.move(seconds=24 * 3_600)
        town.by_wechat()

    # When, twelve hours later, 19,000 km away
    town.move(seconds=12 * 3_600)
    thief = Client("5.6.7.8", "another-device", "-34.6,-58.4")
    with pytest.raises(LoginRefusedError):
        town.by_wechat(client=thief)

    # Then it is told, and the owner sees it
    last = town.acts(session.user.user_id)[-1]
    assert last.reason == "WECHAT LOGIN_REFUSED NEW_DEVICE FAR_AWAY ODD_HOUR NEW_IP"
    recent = list_logins(town.store, caller).habits.recent
    assert (recent[0].outcome, recent[0].ip) == ("LOGIN_REFUSED", "5.6.*.*")
    assert len(recent) == 10


def test_no_position_is_kept_without_consent(town: Town, bound: Bound) -> None:
    session = bound()
    town.by_wechat()
    assert "31.2" not in str(town.engine.items(Table.IDENTITY))
    consent(town, session)
    town.by_wechat()
    assert "31.2,121.5" in str(town.engine.items(Table.IDENTITY))
