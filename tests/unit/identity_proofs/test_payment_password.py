"""The payment password: which is taken, how it is kept, what a thief gets out of guessing."""

from contextlib import suppress

import pytest
from unit.identity_proofs.desk import NAME, NUMBER, OTHER_PIN, PIN, Desk, together

from octane.identity.payment_password import (
    LOCK_MS,
    MEMORY_KIB,
    MOST_TRIES,
    PASSES,
    PinInvalidError,
    PinLockedError,
    PinMissingError,
    PinWeakError,
    PinWrongError,
    check_password,
    must_be_strong,
    set_password,
)
from octane.identity.proof_rules import Method
from octane.identity.proofs import prove
from octane.identity.real_names import password_key, set_real_name
from octane.identity.step_ups import Operation, StepUpRequiredError
from octane.kernel.caller import Caller
from octane.store.items import Table


def allowed(desk: Desk, caller: Caller, key: str = "key-1") -> str:
    """A step-up that is passed by what the person has so far."""
    step_up = desk.start(caller, Operation.SET_PAYMENT_PASSWORD, key=key)
    desk.give_code(caller, step_up)
    return step_up.step_up_id


def with_password(desk: Desk, caller: Caller, pin: str = PIN) -> Caller:
    set_password(desk, caller, pin, allowed(desk, caller, "first"))
    return caller


def test_a_password_is_set_and_recognised(desk: Desk, ann: Caller) -> None:
    with_password(desk, ann)
    check_password(desk, ann.user_id, PIN)
    with pytest.raises(PinWrongError):
        check_password(desk, ann.user_id, OTHER_PIN)


def test_it_is_kept_as_argon2id_under_the_pepper(desk: Desk, ann: Caller) -> None:
    # Given
    with_password(desk, ann)
    kept = desk.store.get(password_key(ann.user_id))
    assert kept is not None

    # When / Then
    assert str(kept["hash"]).startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$")
    assert PIN not in str(desk.engine.items(Table.IDENTITY))
    object.__setattr__(desk.signer, "pepper", b"q" * 32)
    with pytest.raises(PinWrongError):
        check_password(desk, ann.user_id, PIN)


def test_two_people_with_one_password_keep_different_hashes(desk: Desk, ann: Caller) -> None:
    bob = with_password(desk, desk.person(phone="13900139000"))
    with_password(desk, ann)
    hashes = {str(item["hash"]) for item in desk.engine.items(Table.IDENTITY) if "hash" in item}
    assert len(hashes) == 2
    check_password(desk, bob.user_id, PIN)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "１２３４５６", "12 456", "-12345"])
def test_six_digits_and_nothing_else(pin: str) -> None:
    with pytest.raises(PinInvalidError):
        must_be_strong(pin)


@pytest.mark.parametrize(
    "pin",
    ["000000", "123456", "654321", "890123", "121212", "123123", "123321", "112233", "778899", "515115"],
)
def test_what_is_guessed_first_is_refused(pin: str) -> None:
    with pytest.raises(PinWeakError):
        must_be_strong(pin)


@pytest.mark.parametrize("pin", ["194912", "491231", "110105", "231002"])
def test_pieces_of_the_identity_number_are_refused(desk: Desk, ann: Caller, pin: str) -> None:
    must_be_strong(pin)
    set_real_name(desk, ann, NAME, NUMBER, "")
    with pytest.raises(PinWeakError):
        set_password(desk, ann, pin, allowed(desk, ann))


def test_nearly_all_passwords_are_free() -> None:
    refused = 0
    for number in range(0, 1_000_000, 97):
        with suppress(PinWeakError):
            must_be_strong(f"{number:06d}")
            continue
        refused += 1
    assert 0 < refused < 103, "less than one in a hundred"


def test_no_password_is_no_wrong_one(desk: Desk, ann: Caller) -> None:
    with pytest.raises(PinMissingError):
        check_password(desk, ann.user_id, PIN)


def test_five_wrong_tries_lock_it_even_for_the_right_one(desk: Desk, ann: Caller) -> None:
    # Given
    with_password(desk, ann)
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(PinWrongError):
            check_password(desk, ann.user_id, OTHER_PIN)
    with pytest.raises(PinLockedError):
        check_password(desk, ann.user_id, OTHER_PIN)

    # When / Then
    with pytest.raises(PinLockedError):
        check_password(desk, ann.user_id, PIN)
    desk.clock.at += LOCK_MS - 1
    with pytest.raises(PinLockedError):
        check_password(desk, ann.user_id, PIN)
    desk.clock.at += 1
    check_password(desk, ann.user_id, PIN)


def test_the_right_one_forgives_the_wrong_ones_before_it(desk: Desk, ann: Caller) -> None:
    with_password(desk, ann)
    for _ in range(2):
        for _ in range(MOST_TRIES - 1):
            with pytest.raises(PinWrongError):
                check_password(desk, ann.user_id, OTHER_PIN)
        check_password(desk, ann.user_id, PIN)


def test_tries_in_parallel_are_no_more_than_tries_in_a_row(desk: Desk, ann: Caller) -> None:
    with_password(desk, ann)
    guesses = [f"{number:06d}" for number in range(271_000, 271_012)]
    answers = together(*[lambda pin=pin: check_password(desk, ann.user_id, pin) for pin in guesses])
    assert sum(isinstance(answer, PinWrongError) for answer in answers) == MOST_TRIES - 1
    assert sum(isinstance(answer, PinLockedError) for answer in answers) == len(guesses) - MOST_TRIES + 1


def test_it_is_not_set_without_a_step_up(desk: Desk, ann: Caller) -> None:
    for step_up_id in ("", "P" * 26, allowed(desk, desk.person(phone="13900139000"))):
        with pytest.raises(StepUpRequiredError):
            set_password(desk, ann, PIN, step_up_id)


def test_the_same_request_again_is_answered_alike_and_guesses_nothing(desk: Desk, ann: Caller) -> None:
    # Given
    step_up_id = allowed(desk, ann)
    set_password(desk, ann, PIN, step_up_id)

    # When / Then
    set_password(desk, ann, PIN, step_up_id)
    with pytest.raises(PinWrongError):
        set_password(desk, ann, OTHER_PIN, step_up_id)
    check_password(desk, ann.user_id, PIN)


def test_a_change_needs_the_old_one(desk: Desk, ann: Caller) -> None:
    # Given
    with_password(desk, ann)

    # When only the phone is shown
    step_up_id = allowed(desk, ann, "change")
    with pytest.raises(StepUpRequiredError):
        set_password(desk, ann, OTHER_PIN, step_up_id)

    # Then the old password opens it
    prove(desk, ann, step_up_id, Method.PASSWORD, PIN)
    set_password(desk, ann, OTHER_PIN, step_up_id)
    check_password(desk, ann.user_id, OTHER_PIN)


def test_every_change_leaves_an_act(desk: Desk, ann: Caller) -> None:
    with_password(desk, ann)
    acts = [item["action"] for item in desk.engine.items(Table.AUDIT)]
    assert sorted(map(str, acts)) == ["prove_step_up", "set_payment_password"]
