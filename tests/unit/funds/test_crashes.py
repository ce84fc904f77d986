"""Whatever dies, and wherever: run again, the day ends as if nothing had happened (LG4)."""

from typing import Any

import pytest
from unit.funds.house import opened
from unit.funds.story import DAY, EXPECTED, FAILURES, YESTERDAY, Books, a_day, books, trapped

from octane.funds.model import FundsReport


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Books, FundsReport, int]:
    house, trap = trapped(0, "")
    report = a_day(house)
    house.must_be_sound()
    assert report.holds
    assert [one.kind for one in report.differences] == ["AMOUNT", "UNEXPECTED", "ABSENT"]
    assert sorted(w.state for w in house.withdrawals()) == ["PAID", "PAID", "REFUSED"]
    return books(house), report, trap.calls


@pytest.mark.parametrize("how", FAILURES)
def test_at_any_call(how: str, undisturbed: tuple[Books, FundsReport, int]) -> None:
    wanted, report, calls = undisturbed
    assert calls > 60
    for number in range(1, calls + 1):
        # Given a day in which this call goes wrong
        house, trap = trapped(number, how)

        # When it is gone through, failed steps once more
        found = a_day(house)

        # Then the books are as if it had not
        assert trap.calls >= number
        house.must_be_sound()
        assert (books(house), found) == (wanted, report), f"call {number} {how}"


def test_two_checks_at_once_book_each_line_once() -> None:
    # Given a second run that overtakes the first between its reading and its writing of each line
    house = opened(hot=20_000_000)
    house.settles("WECHAT", YESTERDAY, 994_000)
    house.settles("JUHE", YESTERDAY, -5)
    transact, overtaken = house.engine.transact, []

    def overtake(writes: Any, token: str) -> None:
        house.engine.transact = transact  # type: ignore[method-assign]
        overtaken.append(house.check(DAY, *EXPECTED))
        transact(writes, token)

    house.engine.transact = overtake  # type: ignore[method-assign]

    # When
    report = house.check(DAY, *EXPECTED)

    # Then
    assert report == overtaken[0]
    assert len([e for e in house.entries() if e.subject == "BANK#HOT"]) == 3
    house.must_be_sound()
