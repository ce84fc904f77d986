"""What an attacker gets from step-ups: a used one, another's, another amount, guesses in parallel."""

import pytest
from unit.identity_proofs.desk import NAME, NUMBER, OTHER_PIN, Desk, together
from unit.identity_proofs.steps import AMOUNT, ORDER, OTHER_ORDER, large, passed, use, with_password

from octane.identity.payment_password import PinWrongError
from octane.identity.proof_records import (
    MOST_TRIES,
    StepUpNotFoundError,
    StepUpOverError,
)
from octane.identity.proof_rules import Method
from octane.identity.real_names import set_real_name
from octane.identity.sms_codes import SmsCodeInvalidError
from octane.identity.step_ups import Operation, StepUpRequiredError
from octane.kernel.caller import Caller
from octane.store.items import Table


def test_a_used_one_opens_nothing_more(desk: Desk, ann: Caller) -> None:
    step_up = passed(desk, ann)
    use(desk, ann, step_up)
    with pytest.raises(StepUpRequiredError):
        use(desk, ann, step_up)
    with pytest.raises(StepUpOverError):
        desk.give(ann, desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT, "place-1"), Method.FACE)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": AMOUNT + 1},
        {"amount": AMOUNT - 1},
        {"subject": OTHER_ORDER},
        {"operation": Operation.LARGE_TOP_UP},
        {"operation": Operation.WITHDRAW},
    ],
)
def test_it_opens_nothing_but_what_it_is_for(desk: Desk, ann: Caller, other: dict[str, object]) -> None:
    step_up = passed(desk, ann)
    with pytest.raises(StepUpRequiredError):
        use(desk, ann, step_up, **other)
    use(desk, ann, step_up)


def test_one_that_is_not_passed_opens_nothing(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    for _ in range(2):
        with pytest.raises(StepUpRequiredError):
            use(desk, ann, step_up)
        desk.give_code(ann, step_up)


def test_another_persons_does_not_exist(desk: Desk, ann: Caller) -> None:
    step_up, bob = passed(desk, ann), desk.person(phone="13900139000")
    with pytest.raises(StepUpNotFoundError):
        desk.give(bob, step_up, Method.SMS, "123456")
    with pytest.raises(StepUpRequiredError):
        use(desk, bob, step_up)


def test_uses_at_the_same_time_are_one(desk: Desk, ann: Caller) -> None:
    step_up = passed(desk, ann)
    answers = together(*[lambda: use(desk, ann, step_up)] * 8)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, StepUpRequiredError) for answer in answers) == 7


def test_codes_are_not_guessed_by_calls_in_parallel(desk: Desk, ann: Caller) -> None:
    # Given
    step_up = desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT)
    desk.give(ann, step_up, Method.SMS)
    code = int(desk.sms.inbox[-1][1])

    # When
    guesses = [f"{(code + number) % 1_000_000:06d}" for number in range(1, 33)]
    answers = together(*[lambda guess=guess: desk.give(ann, step_up, Method.SMS, guess) for guess in guesses])

    # Then only five were compared, and the right one comes too late
    assert sum(isinstance(answer, SmsCodeInvalidError) for answer in answers) <= MOST_TRIES
    assert sum(isinstance(answer, StepUpOverError) for answer in answers) >= len(guesses) - MOST_TRIES
    with pytest.raises(StepUpOverError):
        desk.give(ann, step_up, Method.SMS, f"{code:06d}")


def test_passwords_are_not_guessed_by_many_step_ups(desk: Desk, ann: Caller) -> None:
    # Given
    with_password(desk, ann)
    step_ups = [desk.start(ann, Operation.PAY_FROM_WALLET, ORDER, AMOUNT, f"key-{n}") for n in range(9)]

    # When
    answers = together(*[lambda one=one: desk.give(ann, one, Method.PASSWORD, OTHER_PIN) for one in step_ups])

    # Then
    assert sum(isinstance(answer, PinWrongError) for answer in answers) == MOST_TRIES - 1


def test_a_code_of_one_step_up_is_none_of_another(desk: Desk, ann: Caller) -> None:
    one = desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT, "one")
    other = desk.start(ann, Operation.PLACE_ORDER, "", 10 * AMOUNT, "other")
    desk.give(ann, one, Method.SMS)
    with pytest.raises(SmsCodeInvalidError):
        desk.give(ann, other, Method.SMS, desk.sms.inbox[-1][1])


def test_what_was_proven_and_what_was_not_leaves_acts(desk: Desk, ann: Caller) -> None:
    # Given
    step_up = desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT)
    desk.give(ann, step_up, Method.SMS)
    code = desk.sms.inbox[-1][1]
    with pytest.raises(SmsCodeInvalidError):
        desk.give(ann, step_up, Method.SMS, f"{(int(code) + 1) % 1_000_000:06d}")

    # When
    desk.give(ann, step_up, Method.SMS, code)

    # Then
    acts = [(item["action"], item["outcome"], item["reason"]) for item in desk.engine.items(Table.AUDIT)]
    assert sorted(acts) == [
        ("prove_step_up", "DONE", "PLACE_ORDER:SMS"),
        ("prove_step_up", "REFUSED", "SMS_CODE_INVALID"),
    ]
    assert code not in str(desk.engine.items(Table.AUDIT))
