"""A bounded run of the simulation, and that it replays, shrinks and ends as it says."""

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from octane.channels.port import ChannelName
from octane.reconciliation.model import COLLECTED
from simulation import reconcile_stories
from simulation.books import DONE
from simulation.cast import Cast
from simulation.explore import Violation, play_all, shrink, singles, worlds
from simulation.faults import Schedule, parse_schedule, random_world
from simulation.mutants import MUTANTS
from simulation.planting import planted
from simulation.play import play
from simulation.scheduler import Endless, Scheduler
from simulation.stories import STORIES, enter
from simulation.witness import Witness

ROOT = Path(__file__).resolve().parents[2]
EVERY = 14
"""Which part of the single faults the bounded run plays: `make sim` plays all."""

FOUND = {
    "two_phones/1/": "staff refund an order whose first payment was returned: the wrong payment was refunded",
    "two_pages/2/pay_order.A1#1:4=refuse": "a refusal ended an attempt that another page was opening as well",
}
"""Schedules that once broke an invariant, and what was wrong in the product."""


UNHEARD = {story.__name__ for story in reconcile_stories.ALL}
"""Their stories are of days that do not close by themselves."""


@pytest.mark.parametrize("story", STORIES)
def test_every_story_survives_single_faults(story: str) -> None:
    tally = play_all(list(islice(singles((3,), (story,)), 0, None, EVERY)))
    assert tally.violations == []
    assert tally.unstruck == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("story", [story for story in STORIES if story not in UNHEARD])
def test_the_day_of_a_story_closes_without_a_difference(story: str, seed: int) -> None:
    """Whatever befell its calls: what we have booked is what the counterparties' bills say."""
    casts: list[Cast] = []

    def tell(cast: Cast, _witness: Witness) -> None:
        casts.append(cast)
        cast.closing.ask_for(*COLLECTED)
        enter(cast, story, ())

    outcome = play(Schedule(story, seed, drawn=seed, chance=0.02), tell=tell)
    assert (outcome.invariant, outcome.detail) == ("", "")
    assert {source for _, source in casts[0].closing.closed} == set(COLLECTED)
    assert not casts[0].closing.differences


@pytest.mark.parametrize(
    ("story", "channel"),
    [
        ("refused", ChannelName.WECHAT),
        ("alipay_refused", ChannelName.ALIPAY),
        ("unionpay_refused", ChannelName.UNIONPAY),
    ],
)
def test_every_channel_takes_money_and_gives_it_back(story: str, channel: ChannelName) -> None:
    """So that the stories are about something."""
    casts: list[Cast] = []

    def tell(cast: Cast, _witness: Witness) -> None:
        casts.append(cast)
        enter(cast, story, ())

    assert play(Schedule(story, 1), tell=tell).invariant == ""
    assert DONE in [back.state for back in casts[0].world.books[channel].backs()]


@pytest.mark.parametrize("part", range(4))
def test_random_worlds_come_to_rest(part: int) -> None:
    tally = play_all(list(islice(worlds(100_000 + 50 * part), 50)))
    assert tally.violations == []


@pytest.mark.parametrize("schedule", FOUND)
def test_what_was_found_stays_mended(schedule: str) -> None:
    assert play(parse_schedule(schedule)).invariant == ""


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_again() -> None:
    # Given another order of every set and dict of text in each run
    runs = [
        subprocess.run(
            [sys.executable, "-m", "simulation", "--seed", "23"],
            env={**os.environ, "PYTHONPATH": path(), "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.count(b"\n") > 50


def path() -> str:
    return os.pathsep.join(str(ROOT / part) for part in ("layers/octane/python", "infra", "tests"))


def test_a_world_replays_from_its_seed_and_from_its_named_faults() -> None:
    schedule = Schedule("world", 5, drawn=6, chance=0.02)
    drawn = play(schedule, tracing=True)
    assert len(drawn.happened) > 1
    assert play(schedule, tracing=True).lines == drawn.lines
    assert play(parse_schedule(str(drawn.exact)), tracing=True).lines == drawn.lines


@pytest.mark.parametrize(
    "schedule",
    [
        random_world(12),
        Schedule("happy", 3),
        parse_schedule("world[A+C]/9/pay_order.A1#1:3=late,dispatch.C1#1:0=again"),
    ],
)
def test_a_schedule_reads_back_as_written(schedule: Schedule) -> None:
    assert parse_schedule(str(schedule)) == schedule


def test_a_violation_shrinks_to_what_matters() -> None:
    # Given a planted bug, found in a crowd among three faults of which one matters
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "relay_forgets")
    faults = "dispatch.A1#1:1=lost,place_order.A1#1:1=throttle,A#1:1=double"
    with planted(mutant):
        outcome = play(parse_schedule(f"happy/1/{faults}"))
        found = Violation(outcome.exact, outcome.invariant, outcome.detail)
        least = shrink(found)
    assert found.invariant == "every outbox step is delivered"
    assert str(least.schedule) == "happy/1/dispatch.A1#1:1=lost"


def test_a_process_is_stopped_at_its_time_limit_and_others_go_on() -> None:
    scheduler, seen = Scheduler("seed", 0, 100), list[str]()

    def work(name: str, naps: int) -> None:
        for _ in range(naps):
            scheduler.sleep(10)
            seen.append(f"{name} {scheduler.now}")

    scheduler.start(
        "short", lambda: work("short", 9), delay=0, life=25, on_killed=lambda: seen.append("killed")
    )
    scheduler.start("long", lambda: work("long", 3), delay=1, life=None)
    scheduler.run(1_000)
    assert seen == ["short 10", "long 11", "short 20", "long 21", "killed", "long 31"]
    assert not scheduler.alive


def test_a_world_without_an_end_is_noticed() -> None:
    scheduler = Scheduler("seed", 0, 50)

    def work() -> None:
        while True:
            scheduler.sleep(1)

    scheduler.start("endless", work, delay=0, life=None)
    with pytest.raises(Endless):
        scheduler.run(1_000_000)
