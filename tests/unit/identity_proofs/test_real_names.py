"""Names and identity numbers: which are taken, how they are kept, when they stand."""

from datetime import date

import pytest
from unit.identity_proofs.desk import NAME, NUMBER, PIN, Desk

from octane.identity.payment_password import set_password
from octane.identity.proof_rules import Method
from octane.identity.real_names import (
    IdentityNumberInvalidError,
    RealNameVerifiedError,
    check_identity_number,
    find_real_name,
    masked_name,
    opened,
    real_name_key,
    set_real_name,
    verified,
)
from octane.identity.step_ups import Operation, StepUpRequiredError
from octane.kernel.caller import Caller
from octane.store.items import Table
from octane.store.writes import ChangedMeanwhileError
from octane.wire.aead import SealBrokenError

OTHER_NUMBER = "110101199003070038"
TODAY = date(2026, 7, 1)


def numbered(first_17: str) -> str:
    """With its check digit, by the standard's own sum: positions from the right, powers of two mod 11."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first_17))
    return first_17 + "10X98765432"[total % 11]


@pytest.mark.parametrize("number", [NUMBER, "440524188001010014", numbered("11010119900307003")])
def test_a_right_number_is_taken(number: str) -> None:
    check_identity_number(number, TODAY)


def test_every_wrong_digit_is_found() -> None:
    for place in range(18):
        for digit in "0123456789X":
            wrong = NUMBER[:place] + digit + NUMBER[place + 1 :]
            if wrong != NUMBER:
                with pytest.raises(IdentityNumberInvalidError):
                    check_identity_number(wrong, TODAY)


@pytest.mark.parametrize(
    "first_17",
    ["11010519490231002", "11010519491331002", "11010520260702002", "01010519491231002", "11010500001231002"],
)
def test_a_birthday_that_is_none_is_found(first_17: str) -> None:
    with pytest.raises(IdentityNumberInvalidError):
        check_identity_number(numbered(first_17), TODAY)


@pytest.mark.parametrize("text", ["", "1" * 18, NUMBER.lower(), NUMBER + "0", "１" * 18, NUMBER[:-1]])
def test_what_has_another_form_is_refused(text: str) -> None:
    with pytest.raises(IdentityNumberInvalidError):
        check_identity_number(text, TODAY)


def test_nothing_is_kept_or_told_in_the_clear(desk: Desk, ann: Caller) -> None:
    # When
    known = set_real_name(desk, ann, NAME, NUMBER, "")

    # Then
    assert (known.name_masked, known.number_masked, known.is_verified) == ("*三", "****002X", False)
    everything = str([desk.engine.items(table) for table in Table])
    assert NAME not in everything
    assert NUMBER not in everything
    assert opened(desk, ann.user_id, known) == (NAME, NUMBER)


def test_a_name_may_be_corrected_until_a_face_has_verified_it(desk: Desk, ann: Caller) -> None:
    # Given
    set_real_name(desk, ann, NAME, NUMBER, "")
    second = set_real_name(desk, ann, "李四", OTHER_NUMBER, "")
    assert second.version == 2

    # When
    desk.store.commit(verified(ann.user_id, 2, desk.clock.now()))

    # Then
    assert set_real_name(desk, ann, "李四", OTHER_NUMBER, "").is_verified
    with pytest.raises(RealNameVerifiedError):
        set_real_name(desk, ann, NAME, NUMBER, "")


def test_the_face_of_an_older_name_verifies_nothing(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    set_real_name(desk, ann, "李四", OTHER_NUMBER, "")
    with pytest.raises(ChangedMeanwhileError):
        desk.store.commit(verified(ann.user_id, 1, desk.clock.now()))


def test_the_same_words_again_change_nothing(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    mark = desk.engine.mark()
    set_real_name(desk, ann, NAME, NUMBER, "")
    assert desk.engine.mark() == mark


def test_whoever_has_a_password_shows_it_first(desk: Desk, ann: Caller) -> None:
    # Given
    step_up = desk.start(ann, Operation.SET_PAYMENT_PASSWORD)
    desk.give_code(ann, step_up)
    set_password(desk, ann, PIN, step_up.step_up_id)
    with pytest.raises(StepUpRequiredError):
        set_real_name(desk, ann, NAME, NUMBER, "")

    # When
    proven = desk.start(ann, Operation.SET_REAL_NAME, key="name")
    desk.give_code(ann, proven)
    desk.give(ann, proven, Method.PASSWORD, PIN)

    # Then
    set_real_name(desk, ann, NAME, NUMBER, proven.step_up_id)
    assert find_real_name(desk.store, ann.user_id) is not None


def test_a_sealed_name_opens_for_nobody_else(desk: Desk, ann: Caller) -> None:
    known = set_real_name(desk, ann, NAME, NUMBER, "")
    with pytest.raises(SealBrokenError):
        opened(desk, desk.person().user_id, known)


def test_masks() -> None:
    assert [masked_name(name) for name in ("三", "张三", "欧阳锋")] == ["三", "*三", "**锋"]
    assert real_name_key("U1").sk == "#REAL_NAME"
