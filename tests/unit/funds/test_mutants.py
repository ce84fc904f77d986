"""The tests of funds see planted bugs: each is found by going through the day, or by a race."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from unit.funds.house import ANN, BOB, DAY, DIANA, HOT, LIMIT, House, at, next_day, opened, person
from unit.funds.story import FAILURES, a_day, books, trapped

from octane.funds.instructions import move_funds
from octane.funds.model import channel_settlement
from octane.funds.withdrawals import (
    approve_withdrawal,
    expire_withdrawals,
    refuse_withdrawal,
    request_withdrawal,
)
from octane.kernel.errors import OctaneError
from simulation.planting import Mutant, mutant, planted
from simulators.misbehaviour import parse_rule

WITHDRAWALS, RECORDS, LINES = "octane.funds.withdrawals", "octane.funds.records", "octane.funds.lines"
INSTRUCTIONS, BALANCES, CHECK = "octane.funds.instructions", "octane.funds.balances", "octane.funds.check"

MUTANTS = (
    mutant(
        "requester_approves",
        "lets the requester approve",
        (f"{WITHDRAWALS}:_must_be_approvable", "if caller.user_id == known.requested_by:", "if False:"),
    ),
    mutant(
        "one_person_twice",
        "counts approvals, not people",
        (f"{WITHDRAWALS}:_must_be_approvable", "approval.by == caller.user_id", "approval.by == ''"),
    ),
    mutant(
        "anybody_second",
        "takes any second approval of a large withdrawal",
        (f"{WITHDRAWALS}:_must_be_approvable", "len(known.approvals) == 1", "len(known.approvals) == 2"),
    ),
    mutant(
        "changed_without_version",
        "changes the withdrawal that it read, without a condition, and names steps by their time",
        (
            f"{RECORDS}:change_withdrawal",
            'Is("version", old.version), Is("state", old.state.value)',
            'Is("digest", old.digest)',
        ),
        (f"{RECORDS}:_step", "Put(step_key(record),", 'Put(step_key(record)._replace(sk=f"STEP#{at}{by}"),'),
    ),
    mutant(
        "request_without_hold",
        "requests without holding the money",
        (
            f"{WITHDRAWALS}:request_withdrawal",
            "*proof, *held",
            "*proof",
        ),
    ),
    mutant(
        "unknown_is_taken",
        "takes silence for the bank's yes",
        (f"{INSTRUCTIONS}:send", "isinstance(answer, Unknown)", "isinstance(answer, Refused)"),
    ),
    mutant(
        "unknown_is_refused",
        "takes silence for the bank's no",
        (
            f"{INSTRUCTIONS}:send",
            """if isinstance(answer, Refused):
            fail(deps, instruction, answer.code)""",
            """if isinstance(answer, Refused | Unknown):
            fail(deps, instruction, 'NO')""",
        ),
    ),
    mutant(
        "expire_keeps_hold",
        "ends a withdrawal and keeps its money held",
        (f"{WITHDRAWALS}:_end", "commit(*writes, *freed, act)", "commit(*writes, act)"),
    ),
    mutant(
        "paid_keeps_hold",
        "confirms an instruction and keeps its money held",
        (f"{INSTRUCTIONS}:confirmed", "writes += settle(instruction, HoldState.POSTED)", "pass"),
    ),
    mutant(
        "entry_apart",
        "moves the balance first and books the line then",
        (
            f"{LINES}:book_line",
            "deps.store.commit(post(entry), *meaning.writes)",
            "deps.store.commit(*meaning.writes); deps.store.commit(post(entry))",
        ),
    ),
    mutant(
        "line_by_meaning",
        "names a line's entry by what it turned out to be",
        (
            f"{LINES}:line_entry",
            'reference = f"{line.serial:09d}"',
            'reference = f"{line.serial:09d}{meaning.proof}"',
        ),
        (f"{LINES}:book_line", "if known is not None:", "if known is not None and False:"),
    ),
    mutant(
        "settled_twice",
        "forgets which days are settled",
        (
            f"{LINES}:_settlement",
            "(once, bank_moved(line.account, line.amount))",
            "(bank_moved(line.account, line.amount),)",
        ),
    ),
    mutant(
        "about_right",
        "takes a settlement that is a fen off, and lets the channel owe us that fen",
        (
            f"{LINES}:_settlement",
            """if wanted.amount != line.amount:""",
            """off = wanted.amount - line.amount
    if abs(off) == 1:
        last = wanted.legs[-1]
        wanted = wanted._replace(legs=(*wanted.legs[:-1], last._replace(fen=last.fen + off)))
    if wanted.amount != line.amount:""",
        ),
    ),
    mutant(
        "any_number_confirms",
        "takes any amount under our number",
        (f"{LINES}:_transfer", "if awaited != line.amount:", "if False:"),
    ),
    mutant(
        "seam_not_compared",
        "does not compare a statement with the one before",
        (f"{CHECK}:check_funds", "broken = continuity_failures(statement, before)", "broken = ()"),
    ),
    mutant(
        "held_is_free",
        "adds what arrives to what is held",
        (f"{BALANCES}:bank_moved", '{"available": amount, "held": 0}', '{"available": 0, "held": amount}'),
    ),
)


def hunt() -> None:
    """Go through what can go wrong; raises `AssertionError` at the first thing that is not right."""
    for act in (governed, raced, silent, expired, off_by_a_fen, wrong_amount, doubled, torn, disturbed):
        act()


def governed() -> None:
    """Everybody tries to approve everything."""
    house = opened(hot=10 * LIMIT)
    everybody = (ANN, BOB, BOB, person("eve"), DIANA)
    for key, amount, people in (
        ("key-small-1", 5, everybody),
        ("key-large-1", LIMIT + 1, everybody),
        ("key-large-2", LIMIT + 1, (DIANA, DIANA)),
    ):
        asked = request_withdrawal(house, ANN, amount, "rent", key).withdrawal_id
        for who in people:
            with suppress(OctaneError):
                approve_withdrawal(house, who, asked)
            house.must_be_sound()


def raced() -> None:
    """Somebody refuses what is approved at the same moment; and many ask for the same money."""
    house = opened(hot=10 * LIMIT)
    asked = request_withdrawal(house, ANN, LIMIT, "rent", "key-small-1").withdrawal_id
    transact = house.engine.transact

    def overtake(writes: object, token: str) -> None:
        house.engine.transact = transact  # type: ignore[method-assign]
        approve_withdrawal(house, DIANA, asked)
        transact(writes, token)  # type: ignore[arg-type]

    house.engine.transact = overtake  # type: ignore[assignment, method-assign]
    with suppress(OctaneError):
        refuse_withdrawal(house, BOB, asked, "no")
    house.must_be_sound()
    assert [one.state for one in house.withdrawals()] == ["APPROVED"]

    def ask(number: int) -> None:
        with suppress(OctaneError):
            request_withdrawal(house, ANN, LIMIT, "rent", f"key-{number:08d}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(20)))
    house.must_be_sound()


def silent() -> None:
    """The bank does not answer, once after and once before it did what it was told."""
    for effect in ("drop_before", "drop_after"):
        house = opened(hot=10_000)
        asked = request_withdrawal(house, ANN, 70, "rent", "key-small-1").withdrawal_id
        approve_withdrawal(house, BOB, asked)
        house.company.rules.add(parse_rule({"operation": "instruct", "effect": effect, "count": 1}))
        move_funds(house)
        move_funds(house)
        house.company.settle()
        assert house.check(DAY).differences == ()
        assert [w.state for w in house.withdrawals()] == ["PAID"]
        house.must_be_sound()


def expired() -> None:
    house = opened(hot=10_000)
    request_withdrawal(house, ANN, 70, "rent", "key-small-1")
    house.clock.at += 25 * 3_600_000
    expire_withdrawals(house)
    house.must_be_sound()


def disturbed() -> None:
    """A whole day, undisturbed and then with a death or a lost answer at each of its calls."""
    house, trap = trapped(0, "")
    report = a_day(house)
    house.must_be_sound()
    for how in ("dies after", "dies before"):
        assert how in FAILURES
        for number in range(1, trap.calls + 1):
            other, _ = trapped(number, how)
            found = a_day(other)
            other.must_be_sound()
            assert (books(other), found) == (books(house), report)


def off_by_a_fen() -> None:
    house = opened()
    house.settles("WECHAT", next_day(DAY, -1), 994_001)
    report = house.check(DAY, channel_settlement("WECHAT", next_day(DAY, -1), 1_000_000, 6_000))
    assert [one.kind for one in report.differences] == ["AMOUNT", "ABSENT"]


def wrong_amount() -> None:
    house = opened(hot=10_000)
    asked = request_withdrawal(house, ANN, 70, "rent", "key-small-1").withdrawal_id
    approve_withdrawal(house, BOB, asked)
    house.company.custody.move(HOT, -71, "TRANSFER", instruction=asked)
    assert [one.kind for one in house.check(DAY).differences] == ["AMOUNT"]
    house.must_be_sound()


def doubled() -> None:
    """A settlement comes twice; and a day is checked again when the books expect something else."""
    house = opened()
    yesterday = next_day(DAY, -1)
    expected = channel_settlement("WECHAT", yesterday, 500, 0)
    house.settles("WECHAT", yesterday, 500)
    house.settles("WECHAT", yesterday, 500)
    house.settles("ALIPAY", yesterday, 40)
    house.check(DAY, expected)
    house.check(DAY, expected, channel_settlement("ALIPAY", yesterday, 40, 0))
    assert house.nets()["CHANNEL_RECEIVABLE:WECHAT"] == -500
    house.must_be_sound()


def torn() -> None:
    """A day is missing."""
    house: House = opened()
    house.clock.at = at(next_day(DAY), 9)
    assert not house.check(next_day(DAY)).holds


def test_the_hunt_finds_nothing_where_nothing_is_planted() -> None:
    hunt()


@pytest.mark.parametrize("bug", MUTANTS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Mutant) -> None:
    with planted(bug), pytest.raises((AssertionError, OctaneError)):
        hunt()
