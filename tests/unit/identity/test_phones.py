"""The bound phone: replaced by who reads the old one, sealed, a login only by a code (ID1, ID4)."""

from collections.abc import Callable

import pytest
from unit.identity.conftest import NOON, PHONE, Town

from octane.identity.phones import PhoneIsLoginError, PhoneProofRequiredError, bind_phone
from octane.identity.sessions import Session
from octane.identity.sms_codes import CodePurpose, SmsCodeInvalidError
from octane.identity.users import phone_of, user_key
from octane.store.writes import Exists, Put

OTHER_PHONE = "13900139000"
Bound = Callable[..., Session]


def test_another_phone_takes_a_code_to_the_old_one(town: Town, bound: Bound) -> None:
    # Given
    caller = town.caller(bound())
    change = CodePurpose.CHANGE_PHONE

    # When / Then a thief with the token and a phone of their own
    for sms_code in ("", "000000", town.sent(change, OTHER_PHONE)):
        with pytest.raises((PhoneProofRequiredError, SmsCodeInvalidError)):
            bind_phone(town, caller, town.code("phone", OTHER_PHONE), sms_code)
    assert phone_of(town.store, town.vault, caller.user_id) == PHONE

    # When the owner
    user = bind_phone(town, caller, town.code("phone", OTHER_PHONE), town.sent(change))

    # Then
    assert user.phone_masked == "139****9000"
    assert phone_of(town.store, town.vault, caller.user_id) == OTHER_PHONE


def test_the_same_phone_is_bound_again_without_a_code(town: Town, bound: Bound) -> None:
    """And a record that holds it plain is sealed by that."""
    # Given
    user_id = bound().user.user_id
    plain = {"role": "customer", "openid": "ann", "created_at": NOON, "phone": PHONE}
    town.store.commit(Put(user_key(user_id), plain, when=Exists()))
    caller = town.caller(town.by_wechat())

    # When
    bind_phone(town, caller, town.code("phone", PHONE))

    # Then
    item = town.store.get(user_key(user_id))
    assert item is not None
    assert "phone" not in item
    assert phone_of(town.store, town.vault, user_id) == PHONE


def test_a_phone_that_is_a_login_is_not_replaced(town: Town) -> None:
    session = town.by_phone()
    code = town.sent(CodePurpose.CHANGE_PHONE)
    with pytest.raises(PhoneIsLoginError):
        bind_phone(town, town.caller(session), town.code("phone", OTHER_PHONE), code)
