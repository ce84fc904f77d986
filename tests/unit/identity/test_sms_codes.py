"""Codes by SMS: limits that hold under parallel calls, one answer for everything that is wrong (ID1, ID4)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from unit.identity.conftest import PHONE, Town

from octane.identity.attempts import LogIn
from octane.identity.log_in import log_in
from octane.identity.logins import Provider
from octane.identity.ports import Sent
from octane.identity.sms_codes import (
    CodePurpose,
    PhoneInvalidError,
    SmsCodeInvalidError,
    SmsLimitError,
    SmsRefusedError,
    SmsTooOftenError,
    check_code,
    index_of,
    issue_code,
    normalised,
    try_code,
)
from octane.kernel.errors import OctaneError
from octane.store.engine import AnswerLost
from octane.store.items import Table
from octane.store.store import CommitUnknownError

LOGIN = CodePurpose.LOGIN


def ask(town: Town, phone: str = PHONE, ip: str = "1.2.3.4", device: str = "") -> None:
    issue_code(town, phone, LOGIN, ip, device)


def wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06d}"


@pytest.mark.parametrize(
    "phone", ["13800138000", "+8613800138000", "008613800138000", "138 0013 8000", "+86 138-0013-8000"]
)
def test_a_phone_has_one_form(phone: str) -> None:
    assert normalised(phone) == PHONE


@pytest.mark.parametrize(
    "phone",
    ["", "1380013800", "138001380001", "23800138000", "12800138000", "+85291234567", "１３８00138000", "x"],
)
def test_what_is_no_mobile_of_the_mainland(phone: str) -> None:
    with pytest.raises(PhoneInvalidError):
        normalised(phone)


def test_a_code_works_once_for_its_phone_and_purpose(town: Town) -> None:
    # Given
    code = town.sent(LOGIN)
    assert len(code) == 6

    # When / Then not for another purpose, not for another phone
    with pytest.raises(SmsCodeInvalidError):
        check_code(town, PHONE, CodePurpose.LINK_LOGIN, code)
    with pytest.raises(SmsCodeInvalidError):
        check_code(town, "13900139000", LOGIN, code)

    # Then once
    check_code(town, "+86 138 0013 8000", LOGIN, code)
    with pytest.raises(SmsCodeInvalidError):
        check_code(town, PHONE, LOGIN, code)


def test_a_code_lives_five_minutes(town: Town) -> None:
    code = town.sent(LOGIN)
    town.move(seconds=299.9)
    try_code(town, index_of(town.vault, PHONE), LOGIN, code)
    town.move(seconds=0.1)
    with pytest.raises(SmsCodeInvalidError):
        check_code(town, PHONE, LOGIN, code)


def test_a_new_code_ends_the_old_one(town: Town) -> None:
    old, new = town.sent(LOGIN), town.sent(LOGIN)
    assert old != new
    with pytest.raises(SmsCodeInvalidError):
        check_code(town, PHONE, LOGIN, old)
    check_code(town, PHONE, LOGIN, new)


def test_the_fifth_try_may_be_right_the_sixth_not(town: Town) -> None:
    for tries, good in ((4, True), (5, False)):
        code = town.sent(LOGIN)
        for number in range(tries):
            with pytest.raises(SmsCodeInvalidError):
                check_code(town, PHONE, LOGIN, wrong(code, number + 1))
        if good:
            check_code(town, PHONE, LOGIN, code)
        else:
            with pytest.raises(SmsCodeInvalidError):
                check_code(town, PHONE, LOGIN, code)


def test_brute_force_in_parallel_gets_five_comparisons(
    town: Town, racing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a witness at the comparison
    code = town.sent(LOGIN)
    compared: list[str] = []
    mac = type(town.signer).mac
    monkeypatch.setattr(
        type(town.signer), "mac", lambda self, kind, body: (compared.append(body), mac(self, kind, body))[1]
    )

    # When 64 logins at once try 64 codes
    def guess(number: int) -> Callable[[], object]:
        key = f"guess-{number:05d}"
        request = LogIn(Provider.PHONE, wrong(code, number + 1), key, phone=PHONE)
        return lambda: log_in(town, request)

    answers = racing(*(guess(number) for number in range(64)))

    # Then five were compared, none is told apart from another
    assert len(compared) == 5
    assert {str(answer) for answer in answers} == {SmsCodeInvalidError.summary}


def test_the_right_code_among_parallel_ones_counts_once(town: Town, racing: Any) -> None:
    code = town.sent(LOGIN)
    answers = racing(*(lambda: check_code(town, PHONE, LOGIN, code) for _ in range(8)))
    assert [answer for answer in answers if answer is None] == [None]


def test_one_code_a_minute(town: Town) -> None:
    ask(town)
    town.move(seconds=59.9)
    with pytest.raises(SmsTooOftenError) as refusal:
        ask(town)
    assert refusal.value.retry_after == 60
    town.move(seconds=0.1)
    ask(town)
    assert len(town.sms.inbox[PHONE]) == 2


def test_one_code_a_minute_however_many_ask(town: Town, racing: Any) -> None:
    answers = racing(*(lambda: ask(town) for _ in range(16)))
    assert len(town.sms.inbox[PHONE]) == 1
    assert sum(isinstance(answer, SmsTooOftenError) for answer in answers) == 15


def test_at_most_ten_codes_in_any_day_for_a_phone(town: Town) -> None:
    # Given somebody who asks all day, from everywhere
    sent, end = 0, town.now() + 24 * 3_600_000
    while town.now() <= end:
        with suppress(SmsLimitError):
            ask(town, ip=f"1.1.{sent}.1")
            sent += 1
        town.move(seconds=600)

    # Then
    assert sent == len(town.sms.inbox[PHONE]) == 10


def test_whoever_is_refused_is_told_until_when(town: Town) -> None:
    for _ in range(5):
        town.move(seconds=60)
        ask(town)
    town.move(seconds=60)
    with pytest.raises(SmsLimitError) as refusal:
        ask(town)
    town.move(seconds=refusal.value.retry_after)
    ask(town)


def phone(number: int) -> str:
    return f"139{number:08d}"


@pytest.mark.parametrize(
    ("whose", "most"), [({"ip": "1.1.1.1"}, 60), ({"ip": "", "device": "a-device-1"}, 5)]
)
def test_an_address_and_a_device_have_their_share(town: Town, whose: dict[str, str], most: int) -> None:
    # Given somebody who goes through the phones of others
    sent = 0
    with pytest.raises(SmsLimitError) as refusal:
        for number in range(most + 1):
            ask(town, phone(number), **whose)
            sent += 1

    # Then the phone gets no message, and the answer says when it may
    assert sent == most
    assert phone(most) not in town.sms.inbox
    town.move(seconds=refusal.value.retry_after)
    ask(town, phone(most), **whose)


def test_a_refused_request_uses_nothing_up(town: Town) -> None:
    """Else whoever hammers would lock the owner of the phone out for the day."""
    ask(town)
    for _ in range(30):
        with pytest.raises(SmsTooOftenError):
            ask(town)
    for _ in range(4):
        town.move(seconds=60)
        ask(town)
    assert len(town.sms.inbox[PHONE]) == 5


def test_a_phone_with_an_account_is_answered_like_any(town: Town) -> None:
    # Given one phone with an account, one without
    town.by_phone()
    known, unknown = PHONE, "13900139000"
    told: dict[str, list[object]] = {known: [], unknown: []}

    # When each is asked about in every way
    for number, answers in told.items():
        for purpose in CodePurpose:
            town.move(seconds=60)
            with town.counted() as usage:
                answers.append(issue_code(town, number, purpose, "8.8.8.8", ""))
            answers.append(usage.calls)
            for code in ("000000", wrong(town.sms.last(number))):
                with pytest.raises(OctaneError) as refusal:
                    check_code(town, number, purpose, code)
                answers.append((type(refusal.value), refusal.value.message))

    # Then
    assert told[known] == told[unknown]


def test_an_unknown_fate_is_a_sent_message(town: Town) -> None:
    town.sms.fate = Sent.UNKNOWN
    ask(town)
    check_code(town, PHONE, LOGIN, town.sms.last())


def test_a_number_that_gets_no_messages(town: Town) -> None:
    town.sms.fate = Sent.REFUSED
    with pytest.raises(SmsRefusedError):
        ask(town)


def test_one_aws_call_to_send_and_two_to_check(town: Town) -> None:
    town.sent()
    town.move(seconds=60)
    with town.counted() as sending:
        ask(town, device="a-device-1")
    with town.counted() as checking:
        check_code(town, PHONE, LOGIN, town.sms.last())
    assert (sending.calls, sending.write_units) == (1, 8)
    assert (checking.calls, checking.write_units) == (2, 2)


def test_a_lost_answer_of_a_try_costs_a_try_and_opens_nothing(town: Town, monkeypatch: Any) -> None:
    # Given
    code = town.sent()
    write = town.engine.write

    def lost(update: Any) -> None:
        write(update)
        raise AnswerLost

    # When
    with monkeypatch.context() as patched:
        patched.setattr(town.engine, "write", lost)
        with pytest.raises(CommitUnknownError):
            check_code(town, PHONE, LOGIN, code)

    # Then
    [item] = [item for item in town.engine.items(Table.IDENTITY) if item["sk"] == "#CODE"]
    assert (item["tries"], "used_at" in item) == (1, False)
    check_code(town, PHONE, LOGIN, code)
