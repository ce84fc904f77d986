"""The generator's truth, against plainly written rules: every kind, everywhere it can be planted."""

from collections import Counter
from random import SystemRandom

import pytest
from unit.drill.naive import NaiveBooks, our_lines

from drill.days import Day, Days
from drill.findings import Finding
from drill.ours import OUR_PLANTS
from drill.plan import every_order, worlds
from drill.sources import ACCOUNTS
from drill.trades import Size
from drill.wires import Wires
from octane.kernel.statement import BillUnreadableError, LineKind, StatementLine
from octane.ledger.entries import payer_mark
from octane.reconciliation.model import MatchClass, Source
from simulators.bills.file_plants import FILE_PLANTS
from simulators.bills.office import Bill
from simulators.bills.plant import PROOF
from simulators.bills.row_plants import ROW_PLANTS

SMALL = Size(payments=6)
FOUND_NOTHING = {
    *("row_dated_the_day_before", "rows_in_another_order", "booked_without_party", "booked_without_proof"),
    *("columns_in_another_order", "extra_column", "other_line_ends", "no_byte_order_mark", "not_packed"),
}
"""What has to be read, and nothing wrong found with it."""


def read(wires: Wires, source: Source, day: Day, bill: Bill) -> list[StatementLine]:
    """A bill's lines; raises `BillUnreadableError`, with PROOF where its summary says otherwise."""
    parsed = wires.sources[source].parse(wires.fetch(source, day.day, bill).content, day.day)
    lines = [line._replace(party=payer_mark(line.party)) for line in parsed.lines]
    for stated in parsed.stated:
        mine = [line for line in lines if stated.kind in (None, line.kind)]
        sums = {
            "count": len(mine),
            "amount": sum(line.amount for line in mine),
            "fee": sum(line.fee for line in mine),
        }
        if any(getattr(stated, name) not in (None, value) for name, value in sums.items()):
            raise BillUnreadableError(PROOF)
    return lines


def refused(wires: Wires, source: Source, day: Day, bill: Bill) -> str:
    try:
        read(wires, source, day, bill)
    except BillUnreadableError as error:
        return error.code
    return ""


def found_on(wires: Wires, day: Day, books: dict[Source, NaiveBooks]) -> Counter[Finding]:
    """What the plain rules find on a day, after its wrong files were refused as they have to be."""
    found: Counter[Finding] = Counter()
    for source, filed in day.bills.items():
        if filed.wrong is not None:
            assert refused(wires, source, day, filed.wrong) == filed.refused, (source, day.planted)
        theirs = read(wires, source, day, filed.right)
        ours = our_lines(day.entries, source, day.day, ACCOUNTS[source].merchant)
        found += books[source].close(day.day, ours, theirs)
    return found


def test_the_truth_of_many_days_is_what_the_plain_rules_find(wires: Wires) -> None:
    planted: set[tuple[Source, str]] = set()
    for world in worlds(150, "truth", SMALL):
        days, left = Days(world.seed, world.size), ()
        books = {source: NaiveBooks(source) for source in ACCOUNTS}
        for orders in world.orders:
            day = days.next((*left, *orders))
            left = day.left
            assert found_on(wires, day, books) == day.expected, day.planted
            planted |= {(each.source, each.kind) for each in day.planted}
    assert len(planted) > 250


@pytest.mark.parametrize(("source", "kind"), every_order())
def test_each_kind_can_be_planted_alone_and_means_something(source: Source, kind: str) -> None:
    day = Days("alone", SMALL).next([(source, kind)])
    [planted] = day.planted
    assert (planted.source, planted.kind) == (source, kind)
    assert bool(planted.findings or planted.refused) is (kind not in FOUND_NOTHING)
    assert {each.match_class for each in planted.findings} <= set(MatchClass)
    assert {each.kind for each in planted.findings} <= set(LineKind)


def test_kinds_have_one_name_each() -> None:
    kinds = {*ROW_PLANTS, *FILE_PLANTS, *OUR_PLANTS}
    assert len(kinds) == len(ROW_PLANTS) + len(FILE_PLANTS) + len(OUR_PLANTS) >= 40
    assert kinds >= FOUND_NOTHING


def test_a_seed_gives_the_same_days_again() -> None:
    orders = [[(Source.WECHAT, "one_fen_more"), (Source.JUHE, "sum_lies")], [(Source.ALIPAY, "doubled_row")]]

    def played(seed: str) -> list[Day]:
        days = Days(seed, SMALL)
        return [days.next(each) for each in orders]

    assert played("a") == played("a") != played("b")


def test_what_is_in_transit_is_found_or_missed_on_the_next_day() -> None:
    days = Days("transit", SMALL)
    today = days.next([(Source.ALIPAY, "shifted_over_midnight"), (Source.WECHAT, "dropped_at_midnight")])
    tomorrow = days.next([])
    shifted, dropped = today.planted
    assert [each.match_class for each in shifted.findings] == ["IN_TRANSIT"]
    assert [each.match_class for each in dropped.findings] == ["IN_TRANSIT", "MISSING_THERE"]
    assert tomorrow.expected[dropped.findings[1]] == 1
    assert not any(each.number == shifted.findings[0].number for each in tomorrow.expected)


def test_a_quiet_day_has_nothing_but_what_midnight_parts() -> None:
    day = Days(f"quiet {SystemRandom().random()}", SMALL).next([])
    assert {each.match_class for each in day.expected} <= {"IN_TRANSIT"}
    assert all(filed.wrong is None for filed in day.bills.values())
