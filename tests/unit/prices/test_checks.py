"""Whether a price is believed: bounds, jumps, sightings (ST2)."""

import pytest
from unit.prices.house import BJ, NOON, reading

from octane.kernel.clock import MINUTE, Instant
from octane.prices.checks import judge
from octane.prices.model import Grade, Price, ProvincePrices, Reading, Suspect

G92, G95 = Grade.G92, Grade.G95
KNOWN = ProvincePrices(BJ, {G92: Price(1_000, Instant(NOON))}, {}, version=4, revision=9)


def at(minutes: int) -> Instant:
    return Instant(NOON + minutes * MINUTE)


@pytest.mark.parametrize("fen", [850, 999, 1_000, 1_001, 1_150])
def test_a_step_of_fifteen_percent_is_believed_at_once(fen):
    judged = judge(KNOWN, reading(b92=fen), at(10))
    assert judged.after.prices == {G92: Price(fen, at(10))}
    assert judged.changed is (fen != 1_000)
    assert judged.after.version == 4 + (fen != 1_000)
    assert judged.after.revision == 10


@pytest.mark.parametrize("fen", [849, 1_151, 2_000, 300])
def test_a_jump_is_held_back_until_three_pulls_told_it(fen):
    judged = judge(KNOWN, reading(b92=fen), at(10))
    assert judged.after.prices == KNOWN.prices
    assert judged.after.version == 4
    assert judged.suspected == (G92,)
    second = judge(judged.after, reading(b92=fen), at(20))
    assert second.after.prices == KNOWN.prices
    assert second.suspected == ()
    third = judge(second.after, reading(b92=fen), at(30))
    assert third.after.prices == {G92: Price(fen, at(30))}
    assert third.after.suspects == {}
    assert third.after.version == 5


def test_another_jump_starts_anew_and_a_usual_price_ends_it():
    first = judge(KNOWN, reading(b92=1_500), at(10)).after
    second = judge(first, reading(b92=1_501), at(20)).after
    assert second.suspects == {G92: Suspect(1_501, 1, at(20))}
    assert judge(second, reading(b92=1_010), at(30)).after.suspects == {}


def test_a_schedule_that_fires_twice_is_one_sighting():
    after = KNOWN
    for _ in range(5):
        after = judge(after, reading(b92=1_500), at(10)).after
    assert after.suspects[G92].seen == 1


def test_a_hole_leaves_price_age_and_suspect():
    held = judge(KNOWN, reading(b92=1_500), at(10)).after
    judged = judge(held, Reading({G95: 1_100}, {}), at(20))
    assert judged.after.prices == {**KNOWN.prices, G95: Price(1_100, at(20))}
    assert judged.after.suspects == held.suspects
    assert judged.changed


@pytest.mark.parametrize("fen", [0, 299, 2_001, 10**30])
def test_out_of_bounds_is_never_believed(fen):
    after = KNOWN
    for minutes in (10, 20, 30, 40):
        judged = judge(after, Reading({G92: fen, G95: fen}, {}), at(minutes))
        after = judged.after
        assert set(judged.refused) == {G92, G95}
    assert after.prices == KNOWN.prices
    assert after.suspects == {}


def test_what_is_odd_is_told_and_changes_nothing():
    judged = judge(KNOWN, Reading({}, {G92: "7.555"}), at(10))
    assert judged.refused == (G92,)
    assert judged.after.prices == KNOWN.prices
