"""The trial balance by booking day: yesterday's closing and today's entries, to the fen (LG4)."""

from datetime import date
from random import Random

import pytest
from unit.funds.house import ANN, DAY, House, at, next_day, opened

from octane.funds.trial import (
    TrialGapError,
    TrialRow,
    TrialUnreadableError,
    close_trial_day,
    read_trial_json,
    trial_failures,
    trial_json,
    trial_key,
)
from octane.funds.withdrawals import request_withdrawal
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.ledger.entries import Entry, Leg, transfer
from octane.ledger.trial_balance import is_balanced

TOMORROW = next_day(DAY)


def entry(debit: str, credit: str, fen: int, day: date = DAY, name: str = "T1") -> Entry:
    legs = transfer(Fen(fen), debit=debit, credit=credit)
    return Entry(name, "moved", "1", legs, Instant(at(DAY)), Instant(at(day, 23, 59)))


def test_a_day_follows_the_one_before() -> None:
    # Given
    first = close_trial_day(None, [entry("CHANNEL_RECEIVABLE:WECHAT", "CUSTOMER_ADVANCE", 10_000)], DAY)

    # When
    moved = [entry("CUSTOMER_ADVANCE", "ISSUER_PAYABLE:SINOPEC", 9_000, TOMORROW)]
    second = close_trial_day(first, moved, TOMORROW)

    # Then
    assert second.rows == (
        TrialRow("CHANNEL_RECEIVABLE:WECHAT", 10_000, 0, 0),
        TrialRow("CUSTOMER_ADVANCE", -10_000, 9_000, 0),
        TrialRow("ISSUER_PAYABLE:SINOPEC", 0, 0, 9_000),
    )
    assert [row.closing for row in second.rows] == [10_000, -1_000, -9_000]
    assert (second.entries, trial_failures(second)) == (1, ())
    assert is_balanced(second.balances())


def test_customers_wallets_are_one_account() -> None:
    entries = [entry("CHANNEL_RECEIVABLE:WECHAT", f"WALLET:U{number}", 5) for number in range(3)]
    trial = close_trial_day(None, [*entries, entry("WALLET:U1", "WALLET:U2", 4)], DAY)
    assert trial.rows[-1] == TrialRow("WALLET", 0, 4, 19)


def test_days_do_not_skip_and_entries_stay_on_theirs() -> None:
    first = close_trial_day(None, [], DAY)
    for before, entries, day in (
        (first, [], next_day(DAY, 2)),
        (first, [], DAY),
        (first, [entry("A", "B", 1, DAY)], TOMORROW),
        (None, [entry("A", "B", 1, TOMORROW)], DAY),
    ):
        with pytest.raises(TrialGapError):
            close_trial_day(before, entries, day)


@pytest.mark.parametrize(
    ("debit", "credit", "words"),
    [
        ("CUSTOMER_ADVANCE", "X", "CUSTOMER_ADVANCE is a debt of ours and stands 0.05 yuan in our favour."),
        ("WALLET:U1", "X", "WALLET is a debt"),
        ("REFUND_PAYABLE", "X", "REFUND_PAYABLE is a debt"),
        ("UNEXPECTED_RECEIPTS", "X", "UNEXPECTED_RECEIPTS is a debt"),
        ("ISSUER_PAYABLE:SINOPEC", "X", "the issuers together stand 0.05 yuan in our favour."),
        ("X", "CUSTODY_BANK:HOT", "CUSTODY_BANK:HOT stands at -0.05 yuan."),
        ("X", "WITHDRAWALS", "WITHDRAWALS stands at -0.05 yuan."),
    ],
)
def test_what_cannot_be_is_said(debit: str, credit: str, words: str) -> None:
    (failure,) = trial_failures(close_trial_day(None, [entry(debit, credit, 5)], DAY))
    assert words in failure
    assert trial_failures(close_trial_day(None, [entry(credit, debit, 5)], DAY)) == ()


def test_what_may_be_either_way_is_not_said() -> None:
    for account in ("CHANNEL_RECEIVABLE:WECHAT", "SUSPENSE:BANK", "FUNDS_IN_TRANSIT", "CHANNEL_FEE"):
        assert trial_failures(close_trial_day(None, [entry(account, "X", 5)], DAY)) == ()
        assert trial_failures(close_trial_day(None, [entry("X", account, 5)], DAY)) == ()


def test_a_balance_that_somebody_edited_does_not_sum() -> None:
    trial = close_trial_day(None, [entry("CHANNEL_FEE", "CUSTOMER_ADVANCE", 5)], DAY)
    edited = trial._replace(rows=(trial.rows[0]._replace(opening=1), *trial.rows[1:]))
    assert trial_failures(edited) == (f"{DAY}: the closing balances sum to 0.01 yuan, not to zero.",)
    unbalanced = trial._replace(rows=(trial.rows[0]._replace(debit=6), *trial.rows[1:]))
    assert len(trial_failures(unbalanced)) == 2


def test_whatever_the_days_the_closing_is_the_sum_of_all_entries() -> None:
    # Given a month of random entries
    random = Random(7)  # noqa: S311
    accounts = ["A", "B", "WALLET:U1", "WALLET:U2", "CUSTODY_BANK:HOT"]
    days = [next_day(DAY, number) for number in range(30)]
    entries = {
        day: [
            entry(*random.sample(accounts, 2), random.randint(1, 10**12), day)
            for _ in range(random.randint(0, 9))
        ]
        for day in days
    }

    # When each day is closed from the bytes of the one before
    trial = close_trial_day(None, entries[days[0]], days[0])
    for day in days[1:]:
        trial = close_trial_day(read_trial_json(trial_json(trial)), entries[day], day)

    # Then
    legs: list[Leg] = [leg for booked in entries.values() for one in booked for leg in one.legs]
    for row in trial.rows:
        assert row.closing == sum(leg.fen for leg in legs if leg.account.startswith(row.account))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"day":"2026-07-01","entries":1,"rows":[["A",0,1.0,0]]}',
        b'{"day":"2026-07-01","entries":1,"rows":[["A",0,true,0]]}',
        b'{"day":"2026-07-01","entries":1,"rows":[["A",0,1]]}',
        b'{"day":"2026-07-01","entries":1,"rows":[],"more":1}',
        b'{"day":"2026-07-1","entries":1,"rows":[]}',
        b'{"day": "2026-07-01","entries":1,"rows":[]}',
    ],
)
def test_json_that_we_did_not_write(content: bytes) -> None:
    with pytest.raises(TrialUnreadableError):
        read_trial_json(content)


def test_where_it_is_kept() -> None:
    assert trial_key(DAY, 3) == "days/day=2026-07-01/v=3/trial.json"


def test_the_banks_accounts_close_with_its_statements() -> None:
    # Given a day that was checked on the next one
    house: House = opened(hot=10_000)
    request_withdrawal(house, ANN, 500, "rent", "key-00000001")
    house.settles("WECHAT", DAY, 300)
    house.clock.at = at(TOMORROW, 9)
    house.check(DAY)

    # When
    by_day = {
        day: [one for one in house.entries() if one.booked_at // 86_400_000 == at(day, 9) // 86_400_000]
        for day in (next_day(DAY, -1), DAY, TOMORROW)
    }
    trial = None
    for day, entries in by_day.items():
        trial = close_trial_day(trial, entries, day)

    # Then
    assert trial is not None
    hot = next(row for row in trial.rows if row.account == "CUSTODY_BANK:HOT")
    assert hot.closing == house.statements(DAY)[0].closing == 10_300
