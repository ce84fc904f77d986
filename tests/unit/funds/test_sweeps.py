"""Hot holds tomorrow's forecast, cold the rest, and every sweep is proven by two statements (LG6)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.funds.house import ANN, COLD, DAY, HOT, House, at, next_day, opened, person

from octane.funds.forecast import (
    LEAST_SWEEP,
    PlannedSweep,
    cold_ppm,
    forecast_outflow,
    plan_sweep,
)
from octane.funds.instructions import fail, move_funds
from octane.funds.model import DifferenceKind as Kind
from octane.funds.model import channel_settlement, issuer_settlement
from octane.funds.overview import get_funds
from octane.funds.sweeps import sweep_funds, sweep_number
from octane.funds.withdrawals import request_withdrawal
from octane.kernel.caller import Role
from octane.kernel.errors import ForbiddenError
from octane.kernel.money import Fen
from octane.ledger.balances import InsufficientBalanceError

WEDNESDAY = DAY


def history(*days: tuple[int, int]) -> dict[date, int]:
    """(how many days before, fen)."""
    return {next_day(WEDNESDAY, -back): fen for back, fen in days}


@pytest.mark.parametrize(
    ("known", "forecast"),
    [
        ([], None),
        ([(29, 500)], None),
        ([(1, 100)], 110),
        ([(1, 100), (2, 101)], 111),  # 100.5 and a tenth: 110.55
        ([(7, 1_000), (1, 100)], 1_100),
        ([(7, 1_000), (14, 2_000), (21, 3_000), (28, 4_000), (35, 9_999)], 2_750),
        ([(8, 9_999), (14, 10)], 11),
        ([(1, 0)], 0),
        ([(back, 100) for back in range(1, 29)], 110),
    ],
)
def test_the_forecast(known: list[tuple[int, int]], forecast: int | None) -> None:
    assert forecast_outflow(history(*known), WEDNESDAY) == forecast


@given(st.dictionaries(st.integers(1, 40), st.integers(0, 10**13), min_size=1))
def test_a_forecast_is_exact_and_within_what_it_is_made_of(days: dict[int, int]) -> None:
    known = history(*days.items())
    forecast = forecast_outflow(known, WEDNESDAY)
    counted = [fen for back, fen in days.items() if back <= 7 or (back % 7 == 0 and back <= 28)]
    if forecast is None:
        assert counted == []
    else:
        assert isinstance(forecast, int)
        assert min(counted) * 11 <= forecast * 10
        assert forecast * 10 <= max(counted) * 11 + 10


BIG = 10 * LEAST_SWEEP


@pytest.mark.parametrize(
    ("target", "hot", "cold", "coming", "planned"),
    [
        (0, BIG, 0, 0, PlannedSweep(HOT, COLD, Fen(BIG))),
        (BIG, BIG, BIG, 0, None),
        (BIG, BIG + LEAST_SWEEP - 1, BIG, 0, None),
        (BIG, BIG + LEAST_SWEEP, BIG, 0, PlannedSweep(HOT, COLD, LEAST_SWEEP)),
        (BIG, BIG - LEAST_SWEEP, BIG, 0, PlannedSweep(COLD, HOT, LEAST_SWEEP)),
        (BIG, 0, 3, 0, None),
        (BIG, 0, LEAST_SWEEP, 0, PlannedSweep(COLD, HOT, LEAST_SWEEP)),
        (BIG, 0, 9 * BIG, BIG, None),
        (BIG, -BIG, 9 * BIG, 0, PlannedSweep(COLD, HOT, Fen(2 * BIG))),
        (0, LEAST_SWEEP, 0, BIG, PlannedSweep(HOT, COLD, LEAST_SWEEP)),
    ],
)
def test_a_plan(target: int, hot: int, cold: int, coming: int, planned: PlannedSweep | None) -> None:
    assert plan_sweep(Fen(target), hot, cold, coming) == planned


def after_a_day(hot: int, cold: int, outflow: int = 2_000_000) -> House:
    """A house that has paid so much to the issuer on the day, and has checked it: the day before it paid
    nothing, so it expects half of it and a tenth more."""
    house = opened(hot + outflow, cold)
    yesterday = next_day(DAY, -1)
    house.settles("JUHE", yesterday, -outflow)
    expected = issuer_settlement("JUHE", yesterday, {"SINOPEC": outflow})
    assert house.check(DAY, expected).differences == ()
    return house


def test_what_is_too_much_goes_cold_and_two_statements_prove_it() -> None:
    # Given 20 days' worth of money, all of it hot
    house = after_a_day(hot=20_000_000, cold=0)

    # When
    sweep = sweep_funds(house, DAY)
    assert sweep is not None
    assert (sweep.debit, sweep.amount) == (HOT, 20_000_000 - 1_100_000)
    house.must_be_sound()
    move_funds(house)
    house.must_be_sound()
    report = house.check(DAY)

    # Then
    assert report.differences == ()
    assert (house.balance(HOT), house.balance(COLD)) == ((1_100_000, 0), (18_900_000, 0))
    assert "FUNDS_IN_TRANSIT" not in house.nets()
    (instruction,) = house.instructions()
    assert (instruction.state, instruction.debited, instruction.credited) == ("CONFIRMED", 3, 1)
    assert cold_ppm(1_100_000, 18_900_000) == 945_000
    house.must_be_sound()


def test_what_is_missing_comes_from_the_cold_account() -> None:
    house = after_a_day(hot=100_000, cold=5_000_000)
    sweep = sweep_funds(house, DAY)
    assert sweep is not None
    assert (sweep.debit, sweep.amount, house.balance(COLD)) == (COLD, 1_000_000, (4_000_000, 1_000_000))
    move_funds(house)
    assert house.check(DAY).differences == ()
    assert (house.balance(HOT), house.balance(COLD)) == ((1_100_000, 0), (4_000_000, 0))
    house.must_be_sound()


def test_one_sweep_a_day() -> None:
    house = after_a_day(hot=20_000_000, cold=0)
    first = sweep_funds(house, DAY)
    again = sweep_funds(house, DAY)
    assert first == again
    move_funds(house)
    house.check(DAY)
    after = sweep_funds(house, DAY)
    assert after is not None and first is not None
    assert (after.number, after.state) == (first.number, "CONFIRMED")
    assert len(house.instructions()) == 1
    assert sweep_number(DAY, HOT) != sweep_number(DAY, COLD)


def test_what_a_withdrawal_holds_is_never_swept() -> None:
    house = after_a_day(hot=20_000_000, cold=0)
    request_withdrawal(house, ANN, 19_500_000, "dividend", "key-00000001")
    assert sweep_funds(house, DAY) is None
    house.must_be_sound()


def test_a_withdrawal_that_comes_between_makes_the_sweep_fail_not_the_hold() -> None:
    # Given a withdrawal between the reading of the balance and the sweep's hold
    house = after_a_day(hot=20_000_000, cold=0)
    get = house.engine.batch_get

    def overtaken(keys: list) -> list:  # type: ignore[type-arg]
        found = get(keys)
        house.engine.batch_get = get  # type: ignore[method-assign]
        request_withdrawal(house, ANN, 19_500_000, "dividend", "key-00000001")
        return found

    house.engine.batch_get = overtaken  # type: ignore[assignment, method-assign]

    # When / Then
    with pytest.raises(InsufficientBalanceError):
        sweep_funds(house, DAY)
    assert house.balance(HOT) == (500_000, 19_500_000)
    house.must_be_sound()


def test_what_is_on_the_way_is_not_sent_for_again() -> None:
    # Given a sweep to the hot account that the bank leaves lying
    house = after_a_day(hot=100_000, cold=9_000_000)
    assert sweep_funds(house, DAY) is not None
    tomorrow = next_day(DAY)
    house.clock.at = at(tomorrow, 9)

    # When the next day needs as much
    house.settles("JUHE", DAY, -50_000)
    report = house.check(tomorrow, issuer_settlement("JUHE", DAY, {"SINOPEC": 50_000}))

    # Then
    assert [one.kind for one in report.differences] == [Kind.UNCONFIRMED]
    assert sweep_funds(house, tomorrow) is None
    house.must_be_sound()


def test_a_sweep_that_the_bank_refuses_gives_its_money_free() -> None:
    house = after_a_day(hot=20_000_000, cold=0)
    sweep = sweep_funds(house, DAY)
    assert sweep is not None
    fail(house, sweep, "CLOSED_TODAY")
    assert house.balance(HOT) == (20_000_000, 0)
    assert house.instructions()[0].state == "FAILED"
    house.must_be_sound()


def test_a_leg_on_another_day_leaves_the_money_in_transit() -> None:
    # Given a sweep whose money leaves before midnight and arrives after it
    house = after_a_day(hot=20_000_000, cold=0)
    sweep = sweep_funds(house, DAY)
    assert sweep is not None
    tomorrow = next_day(DAY)
    house.company.custody.move("HOT", -sweep.amount, "TRANSFER", at(DAY, 23, 59), instruction=sweep.number)
    house.clock.at = at(tomorrow, 9)
    house.company.custody.move("COLD", sweep.amount, "TRANSFER", at(tomorrow, 0, 1), instruction=sweep.number)

    # When
    assert house.check(DAY).differences == ()

    # Then
    assert house.nets()["FUNDS_IN_TRANSIT"] == sweep.amount
    assert get_funds(house, ANN).in_transit == sweep.amount
    house.must_be_sound()

    # And what a statement knows is not sent any more
    move_funds(house)
    assert house.wire.calls == []

    # And it arrives
    assert house.check(tomorrow).differences == ()
    assert "FUNDS_IN_TRANSIT" not in house.nets()
    house.must_be_sound()


def test_nothing_is_swept_by_a_day_that_is_not_proven() -> None:
    house = after_a_day(hot=20_000_000, cold=0)
    assert sweep_funds(house, next_day(DAY)) is None
    assert sweep_funds(opened(hot=20_000_000), DAY) is None


def test_over_weeks_about_95_percent_are_cold() -> None:
    # Given twenty days' worth of money, all hot, and days that bring and take a million, more or less
    house = opened(hot=20_000_000)
    shares = []
    for number in range(42):
        day, settled = next_day(DAY, number), next_day(DAY, number - 1)
        busy = 1_000_000 + 40_000 * (day.weekday() - 3)
        house.settles("WECHAT", settled, 1_000_000, at(day, 10))
        house.settles("JUHE", settled, -busy, at(day, 11))

        # When each is checked on the next morning
        house.clock.at = at(next_day(day), 9)
        report = house.check(
            day,
            issuer_settlement("JUHE", settled, {"SINOPEC": busy}),
            channel_settlement("WECHAT", settled, 1_000_000, 0),
        )
        sweep_funds(house, day)
        move_funds(house)
        house.company.settle()

        # Then every line is known, and hot never runs dry
        assert (report.failures, report.differences) == ((), ())
        assert house.balance(HOT)[0] >= 0
        shares.append(get_funds(house, ANN).cold_ppm)
        house.must_be_sound()
    assert all(935_000 <= share <= 955_000 for share in shares[7:]), f"{shares}"


def test_the_overview() -> None:
    # Given
    house = after_a_day(hot=20_000_000, cold=60)
    request_withdrawal(house, ANN, 40, "coffee", "key-00000001")
    sweep_funds(house, DAY)

    # When
    funds = get_funds(house, ANN)

    # Then
    hot, cold = funds.accounts
    assert (hot.balance, cold.balance) == ((1_100_000, 18_900_000), (60, 0))
    assert (hot.closed.closing if hot.closed else 0, funds.forecast, funds.forecast_for) == (
        20_000_000,
        1_100_000,
        next_day(DAY),
    )
    assert (funds.in_transit, len(funds.instructions)) == (0, 1)
    with pytest.raises(ForbiddenError):
        get_funds(house, person("mallory", Role.OPERATOR))


def test_the_overview_of_nothing() -> None:
    funds = get_funds(House(), ANN)
    assert (funds.forecast, funds.forecast_for, funds.cold_ppm, funds.instructions) == (None, None, 0, ())
