"""Step-ups: which proofs, in which order, for exactly what (ID4)."""

import pytest
from unit.identity_proofs.desk import NAME, NUMBER, PIN, Desk
from unit.identity_proofs.steps import AMOUNT, ORDER, large, passed, use, with_password

from octane.identity.payment_password import PinMissingError
from octane.identity.ports import FaceOutcome
from octane.identity.proof_records import (
    LIFE_MS,
    StepUpOverError,
    StepUpState,
    Via,
    find_step_up,
)
from octane.identity.proof_rules import RULES, Method, SubjectError
from octane.identity.proofs import FaceFailedError, ProofMissingError, ProofOrderError
from octane.identity.real_names import RealNameRequiredError, find_real_name, set_real_name
from octane.identity.sms_codes import SmsCodeInvalidError
from octane.identity.step_ups import Operation, StepUpRequiredError
from octane.identity.users import PhoneRequiredError
from octane.kernel.caller import Caller
from octane.kernel.errors import KeyReusedError, TooManyError
from octane.privacy.consent import set_consent
from octane.privacy.purposes import Purpose


def test_a_code_then_a_face(desk: Desk, ann: Caller) -> None:
    # Given
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    assert step_up.due == (Method.SMS, Method.FACE)

    # When
    half = desk.give_code(ann, step_up).step_up
    assert (half.state, half.due) == (StepUpState.OPEN, (Method.FACE,))
    ticket = desk.give(ann, step_up, Method.FACE).ticket
    assert ticket is not None
    whole = desk.give(ann, step_up, Method.FACE).step_up

    # Then
    assert (whole.state, whole.via, whole.due) == (StepUpState.PASSED, Via.FACE, ())
    known = find_real_name(desk.store, ann.user_id)
    assert known is not None
    assert known.is_verified
    use(desk, ann, step_up)


def test_the_face_does_not_come_first(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    for method in (Method.FACE, Method.PASSWORD):
        with pytest.raises(ProofOrderError):
            desk.give(ann, step_up, method, "1")
    assert desk.faces.begun == []


def test_without_a_name_there_is_no_face(desk: Desk, ann: Caller) -> None:
    step_up = large(desk, ann)
    desk.give_code(ann, step_up)
    with pytest.raises(RealNameRequiredError):
        desk.give(ann, step_up, Method.FACE)


def test_without_a_phone_there_is_no_code(desk: Desk) -> None:
    with pytest.raises(PhoneRequiredError):
        large(desk, desk.person(phone=""))


@pytest.mark.parametrize("fault", ["begin", "outcome", "no openid", "no consent"])
def test_no_verifier_and_the_password_with_a_second_code_stands_for_it(desk: Desk, fault: str) -> None:
    # Given
    ann = desk.person(openid="" if fault == "no openid" else "openid-ann")
    set_real_name(desk, ann, NAME, NUMBER, "")
    with_password(desk, ann)
    step_up = large(desk, ann)
    desk.give_code(ann, step_up)
    desk.faces.is_open = fault != "begin"
    desk.faces.answers = FaceOutcome.UNAVAILABLE
    if fault == "no consent":
        set_consent(desk, ann, Purpose.FACE, False, 1)

    # When
    desk.give(ann, step_up, Method.FACE)
    if fault == "outcome":
        desk.give(ann, step_up, Method.FACE)
    known = find_step_up(desk.store, ann.user_id, step_up.step_up_id)
    assert (known.via, known.due) == (Via.FALLBACK, (Method.PASSWORD, Method.SMS))
    with pytest.raises(ProofOrderError):
        desk.give(ann, step_up, Method.FACE)
    desk.give(ann, step_up, Method.PASSWORD, PIN)
    first_code = desk.sms.inbox[-1][1]
    with pytest.raises(SmsCodeInvalidError):
        desk.give(ann, step_up, Method.SMS, first_code)
    whole = desk.give_code(ann, step_up).step_up

    # Then the way is told, and no face has verified the name
    assert (whole.state, whole.via) == (StepUpState.PASSED, Via.FALLBACK)
    name = find_real_name(desk.store, ann.user_id)
    assert name is not None
    assert not name.is_verified
    use(desk, ann, step_up)


def test_the_fallback_needs_a_password(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    desk.give_code(ann, step_up)
    desk.faces.is_open = False
    desk.give(ann, step_up, Method.FACE)
    with pytest.raises(PinMissingError):
        desk.give(ann, step_up, Method.PASSWORD, PIN)


def test_another_face_is_refused_and_may_be_tried_again(desk: Desk, ann: Caller) -> None:
    # Given
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    desk.give_code(ann, step_up)
    desk.give(ann, step_up, Method.FACE)
    desk.faces.answers = FaceOutcome.FAILED
    with pytest.raises(FaceFailedError):
        desk.give(ann, step_up, Method.FACE)

    # When
    desk.faces.answers = FaceOutcome.PASSED
    ticket = desk.give(ann, step_up, Method.FACE).ticket

    # Then
    assert ticket is not None
    assert len(desk.faces.begun) == 2
    assert desk.give(ann, step_up, Method.FACE).step_up.state is StepUpState.PASSED


def test_a_face_that_is_not_done_yet_keeps_its_ticket(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    desk.give_code(ann, step_up)
    first = desk.give(ann, step_up, Method.FACE).ticket
    desk.faces.answers = FaceOutcome.PENDING
    again = desk.give(ann, step_up, Method.FACE).ticket
    assert first is not None
    assert again is not None
    assert again.verify_id == first.verify_id


def test_a_name_that_changed_needs_a_new_face(desk: Desk, ann: Caller) -> None:
    # Given a ticket for one name
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    desk.give_code(ann, step_up)
    desk.give(ann, step_up, Method.FACE)

    # When another name is put in its place
    set_real_name(desk, ann, "李四", "110101199003070038", "")

    # Then the old ticket proves nothing
    ticket = desk.give(ann, step_up, Method.FACE).ticket
    assert ticket is not None
    assert [name for _, name, _ in desk.faces.begun] == [NAME, "李四"]


def test_the_same_key_is_the_same_step_up(desk: Desk, ann: Caller) -> None:
    first = large(desk, ann)
    assert large(desk, ann) == first
    with pytest.raises(KeyReusedError):
        desk.start(ann, Operation.LARGE_TOP_UP, ORDER, AMOUNT + 1, "large-1")


@pytest.mark.parametrize(
    ("operation", "subject", "amount"),
    [
        (Operation.LARGE_TOP_UP, "", AMOUNT),
        (Operation.LARGE_TOP_UP, "no id", AMOUNT),
        (Operation.LARGE_TOP_UP, ORDER, 0),
        (Operation.LARGE_TOP_UP, ORDER, -1),
        (Operation.WITHDRAW, ORDER, AMOUNT),
        (Operation.WITHDRAW, "", 0),
        (Operation.SET_PAYMENT_PASSWORD, "", 1),
        (Operation.SET_PAYMENT_PASSWORD, ORDER, 0),
        (Operation.UNLINK_LOGIN, "", 0),
        (Operation.PAY_FROM_WALLET, "", AMOUNT),
    ],
)
def test_a_step_up_for_nothing_is_none(
    desk: Desk, ann: Caller, operation: Operation, subject: str, amount: int
) -> None:
    with pytest.raises(SubjectError):
        desk.start(ann, operation, subject, amount)


def test_every_operation_has_its_proofs() -> None:
    assert RULES.keys() == set(Operation)
    assert all(rule.methods for rule in RULES.values())


def test_a_proof_that_was_given_is_answered_alike(desk: Desk, ann: Caller) -> None:
    set_real_name(desk, ann, NAME, NUMBER, "")
    step_up = large(desk, ann)
    half = desk.give_code(ann, step_up)
    assert desk.give(ann, step_up, Method.SMS, desk.sms.inbox[-1][1]) == half
    whole = passed(desk, ann)
    assert desk.give(ann, whole, Method.SMS, desk.sms.inbox[-1][1]).step_up.state is StepUpState.PASSED


def test_it_lives_five_minutes(desk: Desk, ann: Caller) -> None:
    step_up = large(desk, ann)
    desk.clock.at += LIFE_MS + 1
    with pytest.raises(StepUpOverError):
        desk.give(ann, step_up, Method.SMS)
    late = passed(desk, ann)
    desk.clock.at += LIFE_MS
    with pytest.raises(StepUpRequiredError):
        use(desk, ann, late)


def test_a_value_is_needed(desk: Desk, ann: Caller) -> None:
    step_up = desk.start(ann, Operation.PAY_FROM_WALLET, ORDER, AMOUNT)
    with pytest.raises(ProofMissingError):
        desk.give(ann, step_up, Method.PASSWORD)


def test_nobody_starts_step_ups_without_end(desk: Desk, ann: Caller) -> None:
    for number in range(10):
        desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT, f"key-{number}")
    with pytest.raises(TooManyError):
        desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT, "key-10")
    assert desk.start(ann, Operation.PLACE_ORDER, "", AMOUNT, "key-9").due == (Method.SMS,)
