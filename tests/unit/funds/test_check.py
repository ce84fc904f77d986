"""The bank's statements against the ledger: all that is expected is booked, all else is a person's (LG4)."""

from dataclasses import replace

import pytest
from unit.funds.house import ANN, COLD, DAY, HOT, House, at, next_day, opened

from octane.funds.check import StatementsIncompleteError, check_funds
from octane.funds.model import DifferenceKind as Kind
from octane.funds.model import ExpectedSettlement, channel_settlement, issuer_settlement
from octane.funds.withdrawals import request_withdrawal

YESTERDAY = next_day(DAY, -1)
WECHAT = channel_settlement("WECHAT", YESTERDAY, 1_000_000, 6_000)
JUHE = issuer_settlement("JUHE", YESTERDAY, {"SINOPEC": 500_000, "PETROCHINA": 40_000})


def kinds(house: House, *expected: ExpectedSettlement) -> list[tuple[str, int, int]]:
    """Of the day: what a person must look at, with what was expected and what came."""
    report = house.check(DAY, *expected)
    assert report.holds, report.failures
    return [(one.kind, one.expected, one.found) for one in report.differences]


def test_a_channel_settles_net_of_its_fee() -> None:
    # Given
    house = opened(hot=100)
    house.settles("WECHAT", YESTERDAY, 994_000)

    # When
    assert kinds(house, WECHAT) == []

    # Then
    nets = house.nets()
    assert nets["CUSTODY_BANK:HOT"] == 994_100
    assert (nets["CHANNEL_FEE"], nets["CHANNEL_RECEIVABLE:WECHAT"]) == (6_000, -1_000_000)
    house.must_be_sound()


def test_an_issuer_takes_what_we_owe_it() -> None:
    house = opened(hot=600_000)
    house.settles("JUHE", YESTERDAY, -540_000)
    assert kinds(house, JUHE) == []
    nets = house.nets()
    assert (nets["ISSUER_PAYABLE:SINOPEC"], nets["ISSUER_PAYABLE:PETROCHINA"]) == (500_000, 40_000)
    assert nets["CUSTODY_BANK:HOT"] == 60_000
    house.must_be_sound()


def test_a_channel_that_gave_back_more_than_it_took_is_paid_by_us() -> None:
    house = opened()
    house.settles("ALIPAY", YESTERDAY, -3_000)
    assert kinds(house, channel_settlement("ALIPAY", YESTERDAY, -3_000, 0)) == []
    assert house.nets()["CHANNEL_RECEIVABLE:ALIPAY"] == 3_000


def test_a_settlement_of_nothing_is_booked_without_a_line() -> None:
    # Given a day on which the fee was all there was
    house = opened()
    one = channel_settlement("UNIONPAY", YESTERDAY, 40, 40)
    nothing = channel_settlement("ALIPAY", YESTERDAY, 0, 0)

    # When it is checked twice
    assert kinds(house, one, nothing) == kinds(house, one, nothing) == []

    # Then
    assert house.nets()["CHANNEL_FEE"] == 40
    assert len(house.entries()) == 2


@pytest.mark.parametrize(
    ("fen", "expected", "kind", "wanted"),
    [
        (993_999, [WECHAT], Kind.AMOUNT, 994_000),
        (994_001, [WECHAT], Kind.AMOUNT, 994_000),
        (-994_000, [WECHAT], Kind.AMOUNT, 994_000),
        (1_000_000, [WECHAT], Kind.AMOUNT, 994_000),
        (994_000, [], Kind.UNEXPECTED, 0),
        (994_000, [JUHE._replace(party="ALIPAY")], Kind.UNEXPECTED, 0),
        (994_000, [WECHAT._replace(day=DAY.isoformat())], Kind.UNEXPECTED, 0),
    ],
)
def test_what_is_not_expected_so_is_in_suspense(
    fen: int, expected: list[ExpectedSettlement], kind: Kind, wanted: int
) -> None:
    # Given
    house = opened(hot=1_000_000)
    house.settles("WECHAT", YESTERDAY, fen)

    # When
    found = kinds(house, *expected)

    # Then
    assert found[0] == (kind, wanted, fen)
    assert house.nets()["SUSPENSE:BANK"] == -1_000_000 - fen
    assert "CHANNEL_RECEIVABLE:WECHAT" not in house.nets()
    house.must_be_sound()


def test_what_settles_twice_is_in_suspense_the_second_time() -> None:
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("WECHAT", YESTERDAY, 994_000)
    assert kinds(house, WECHAT) == [(Kind.DUPLICATE, 0, 994_000)]
    assert house.nets()["CHANNEL_RECEIVABLE:WECHAT"] == -1_000_000


def test_a_settlement_on_the_cold_account_is_nobodys() -> None:
    house = opened()
    house.company.custody.move(COLD, 994_000, "SETTLEMENT", settled_day=WECHAT.day, counterparty="WECHAT")
    assert kinds(house, WECHAT)[0] == (Kind.UNEXPECTED, 0, 994_000)


def test_an_account_that_opens_with_money_says_so() -> None:
    # Given a bank with whom we have had an account for long
    house = House()
    house.company.custody.move(HOT, 70_000, "OTHER", at(YESTERDAY, 8))
    house.company.custody.move(HOT, 5, "INTEREST", at(DAY, 8))

    # When
    found = kinds(house)

    # Then
    assert found == [(Kind.OPENING, 0, 70_000), (Kind.UNEXPECTED, 0, 5)]
    assert house.nets() == {"CUSTODY_BANK:HOT": 70_005, "SUSPENSE:BANK": -70_005}
    assert kinds(house) == found


def test_a_settlement_that_does_not_come_is_reported_until_it_does() -> None:
    # Given
    house = opened()
    today = channel_settlement("WECHAT", DAY, 10, 0)

    # When / Then: yesterday's is missing, today's is not due
    missing = house.check(DAY, WECHAT, today).differences
    assert [(one.kind, one.about, one.expected) for one in missing] == [
        (Kind.ABSENT, f"WECHAT {YESTERDAY}", 994_000)
    ]

    # And it comes a day late, and today's in time
    house.clock.at = at(next_day(DAY), 9)
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("WECHAT", DAY, 10)
    assert house.check(next_day(DAY), WECHAT, today).differences == ()

    # And the day before, checked again, says what it said
    assert house.check(DAY, WECHAT, today).differences == missing
    house.must_be_sound()


def test_a_day_checked_again_books_nothing_and_says_the_same() -> None:
    # Given a day with everything
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("JUHE", YESTERDAY, -539_999)
    house.moves(HOT, -12, remark="fee, unknown")
    house.moves(COLD, 7)
    first = house.check(DAY, WECHAT, JUHE)
    booked = house.entries()

    # When it is checked again, when the books expect something else, and after the next day
    house.clock.at = at(next_day(DAY), 9)
    house.moves(HOT, 1)
    second = house.check(DAY, WECHAT, JUHE)
    third = house.check(DAY, issuer_settlement("JUHE", YESTERDAY, {"SINOPEC": 539_999}), WECHAT)
    assert house.check(next_day(DAY)).holds
    fourth = house.check(DAY, WECHAT, JUHE)

    # Then
    assert first == second == fourth
    assert [one.kind for one in third.differences] == [
        Kind.AMOUNT,
        Kind.UNEXPECTED,
        Kind.UNEXPECTED,
        Kind.ABSENT,
    ]
    assert [entry for entry in house.entries() if entry in booked] == booked
    assert len(house.entries()) == len(booked) + 1
    house.must_be_sound()


def test_the_report_has_each_accounts_two_figures() -> None:
    house = opened(hot=100, cold=900)
    report = house.check(DAY)
    assert [(one.account, one.stated, one.booked) for one in report.accounts] == [
        (HOT, 100, 100),
        (COLD, 900, 900),
    ]


def test_a_statement_that_does_not_follow_the_one_before_is_not_booked() -> None:
    # Given
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    hot, cold = house.statements(DAY)
    shifted = hot._replace(opening=hot.opening + 1, closing=hot.closing + 1)

    # When
    report = check_funds(house, DAY, [shifted, cold], [WECHAT])

    # Then
    assert not report.holds
    assert "opens with 100000.01 yuan" in report.failures[0]
    assert "closed with 100000.00" in report.failures[0]
    assert "CHANNEL_RECEIVABLE:WECHAT" not in house.nets()
    assert "FundsCheckFailed" in house.signals.seen


def test_a_missing_line_at_the_seam_of_two_days_is_seen() -> None:
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    hot, cold = house.statements(DAY)
    (line,) = hot.lines
    report = check_funds(house, DAY, [hot._replace(lines=(line._replace(serial=3),)), cold], [WECHAT])
    assert "the first line is 3, the last one before is 1" in report.failures[0]


def test_a_day_that_was_left_out_is_asked_for() -> None:
    house = opened()
    later = next_day(DAY)
    house.clock.at = at(later, 9)
    report = house.check(later)
    assert "the last one checked is 2026-06-30" in report.failures[0]
    assert len(report.failures) == 2
    assert report.accounts == ()


def test_a_statement_that_says_something_else_than_before_is_not_booked_again() -> None:
    # Given a day that is booked
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("JUHE", YESTERDAY, -10)
    assert house.check(DAY, WECHAT).holds
    before = house.entries()

    # When the bank gives another file for it, sound in itself
    lines = house.company.custody.accounts["HOT"]
    lines[1] = replace(lines[1], fen=994_001, balance=lines[1].balance + 1)
    lines[2] = replace(lines[2], balance=lines[2].balance + 1)
    report = house.check(DAY, WECHAT)

    # Then
    assert next((one.kind, one.expected, one.found) for one in report.differences) == (
        Kind.CHANGED,
        994_000,
        994_001,
    )
    assert "the ledger has 109939.90 yuan, the bank 109939.91: 0.01 apart" in report.failures[0]
    assert house.entries() == before


def test_a_line_that_the_bank_takes_back_after_the_check_is_seen() -> None:
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("JUHE", YESTERDAY, -10)
    assert house.check(DAY, WECHAT).holds
    house.company.custody.accounts["HOT"].pop()
    report = house.check(DAY, WECHAT)
    assert report.failures == (
        "HOT 2026-07-01: this day was checked before with a statement that closed otherwise.",
    )


def test_a_ledger_that_lost_an_entry_fails_with_both_figures() -> None:
    # Given a line that somebody took out of the ledger, so that it was never booked
    house = opened()
    house.settles("WECHAT", YESTERDAY, 994_000)
    hot, cold = house.statements(DAY)

    # When
    report = check_funds(house, DAY, [hot._replace(lines=()), cold], [])

    # Then
    assert report.failures == (
        "HOT 2026-07-01: the ledger has 100000.00 yuan, the bank 109940.00: 9940.00 apart.",
    )


def test_a_bank_that_takes_more_than_is_free_is_told_to_a_person() -> None:
    # Given nearly all of it held for a withdrawal
    house = opened(hot=1_000)
    request_withdrawal(house, ANN, 900, "rent", "key-00000001")
    house.settles("JUHE", YESTERDAY, -540)

    # When
    found = kinds(house, issuer_settlement("JUHE", YESTERDAY, {"SINOPEC": 540}))

    # Then
    assert found == [(Kind.OVERDRAWN, 0, -440)]
    assert house.balance(HOT) == (-440, 900)
    house.must_be_sound()


def test_both_accounts_statements_of_the_day_are_needed() -> None:
    house = opened()
    hot, cold = house.statements(DAY)
    for statements in ([hot], [hot, hot], [hot, cold._replace(day=YESTERDAY)], []):
        with pytest.raises(StatementsIncompleteError):
            check_funds(house, DAY, statements, [])
