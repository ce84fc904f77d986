"""Bills of the billers: whose line an entry is, what a difference moves, whom a repair asks (RC1–RC3)."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from unit.reconciliation.desk import DAY, NOON, Desk, view

from octane.billers.names import Biller
from octane.funds.model import biller_settlement
from octane.funds.trial import close_trial_day, trial_failures
from octane.kernel.money import Fen
from octane.kernel.statement import LineKind, StatementLine
from octane.ledger import journal, topup
from octane.ledger.accounts import biller_payable, issuer_payable, suspense
from octane.ledger.entries import Entry, Leg
from octane.orders.repair import Repair
from octane.reconciliation import resolve
from octane.reconciliation.close import _settlement
from octane.reconciliation.cut import cut_lines
from octane.reconciliation.differences import Difference
from octane.reconciliation.funds_step import check_funds_step
from octane.reconciliation.model import BILLERS, COLLECTED, MatchClass, Source, day_window
from octane.reconciliation.run import PROOF, DayInvalidError, Run, open_day
from world.objects import MemoryObjects

TODAY = date.fromisoformat(DAY)


def paid(payable: str, order_id: str = "O1", amount: int = 2_000) -> Entry:
    return topup.recharge_succeeded(order_id, payable, Fen(amount), NOON, "query:W1", "*5678")


def lines_of(source: Source, *entries: Entry) -> list[StatementLine]:
    return list(cut_lines(entries, source, day_window(source, TODAY)))


@pytest.mark.parametrize("source", BILLERS)
def test_a_paid_bill_is_a_line_of_its_biller_alone(source: Source) -> None:
    # Given a bill's payment, a contradicted one, and a card that was recharged
    late = topup.recharge_contradicted(paid(biller_payable(source), "O3", 7))
    entries = (paid(biller_payable(source)), late, paid(issuer_payable("SINOPEC"), "O2", 5_000))
    # When each source's day is cut
    [line, contradicted] = lines_of(source, *entries)
    # Then the biller's has what it was paid, the aggregator's the card, and nobody else's anything
    assert (line.kind, line.number, line.reference, line.amount, line.fee, line.party) == (
        *(LineKind.RECHARGE, "O1R01", "W1", 2_000, 0, "*5678"),
    )
    assert (contradicted.number, contradicted.amount) == ("O3R01", 7)
    assert [each.number for each in lines_of(Source.JUHE, *entries)] == ["O2R01"]
    others = [other for other in COLLECTED if other not in (source, Source.JUHE)]
    assert [lines_of(other, *entries) for other in others] == [[] for _ in others]


@pytest.mark.parametrize("source", BILLERS)
def test_what_the_bill_has_and_we_have_not_is_set_apart_at_the_billers_account(
    monkeypatch: pytest.MonkeyPatch, source: Source
) -> None:
    # Given a biller's line that we lack, and a biller that says nothing when it is asked
    asked: list[Any] = []

    def repair(_deps: object, counterparty: object, line: StatementLine, **_: object) -> Repair:
        asked.append((counterparty, line.number))
        return Repair.SILENT

    monkeypatch.setattr(resolve, "repair_line", repair)
    desk = Desk()
    theirs = view(5_000, fee=0, merchant="", party="*5678")
    found = Difference(source, DAY, MatchClass.MISSING_HERE, LineKind.RECHARGE, "O9R01", None, theirs)
    # When the run acts on it
    resolve.resolve_differences(desk, source, DAY, 1, [found])
    # Then that biller was asked, and its account stands as its bill has it
    assert asked == [(Biller(source.value), "O9R01")]
    assert desk.balance(biller_payable(source)) == -5_000
    assert desk.balance(suspense(source)) == 5_000


def test_a_day_is_opened_for_those_that_are_set_up() -> None:
    # Given a house without gas
    collected = tuple(source for source in COLLECTED if source is not Source.GAS)
    desk = Desk()
    opened = open_day(desk.store, TODAY + timedelta(days=1), {}, collected)["sources"]
    assert [each["source"] for each in opened] == [source.value for source in collected]
    # When it is named all the same, Then the day is not opened
    with pytest.raises(DayInvalidError):
        open_day(desk.store, TODAY + timedelta(days=1), {"sources": ["GAS"]}, collected)


def test_a_biller_is_settled_what_its_bill_was_paid() -> None:
    step = {
        "source": "WATER",
        "moved": {"RECHARGE": 9_000},
        "theirs": [{"fee": 0}],
        "sums": {biller_payable("WATER"): 7_000},
    }
    told = _settlement(step)
    assert told == {"gross": 0, "fee": 0, "recharged": {"WATER": 9_000}}
    expected = biller_settlement("WATER", TODAY, told["recharged"]["WATER"])
    assert (expected.party, expected.amount, expected.legs) == (
        *("WATER", -9_000, (Leg(biller_payable("WATER"), 9_000),)),
    )
    assert biller_settlement("WATER", TODAY, 0).legs == ()


def test_a_biller_is_never_paid_more_than_it_is_owed() -> None:
    more = Entry(
        "B1", "settlement_netted", "1", (Leg(biller_payable("WATER"), 100), Leg("X", -100)), NOON, NOON
    )
    trial = close_trial_day(None, [more], TODAY)
    assert [failure for failure in trial_failures(trial) if "BILLER_PAYABLE:WATER" in failure]


@pytest.mark.parametrize(
    ("sources", "partial", "before", "failures"),
    [
        ((*BILLERS,), False, False, 0),
        (tuple(source for source in BILLERS if source is not Source.WATER), False, True, 1),
        ((), False, False, 1),
        ((Source.GAS,), True, True, 0),
        ((Source.GAS,), True, False, 1),
    ],
    ids=["all", "all but it", "none", "by name, it was closed before", "by name, it never was"],
)
def test_a_biller_that_was_paid_and_is_no_source_fails_the_day(
    sources: tuple[Source, ...], failures: int, *, partial: bool, before: bool
) -> None:
    """Its key is gone by the time that the day is closed: what it was paid is matched with nothing."""
    # Given
    archive = MemoryObjects()
    work, clock = MemoryObjects(), SimpleNamespace(now=lambda: NOON)
    house: Any = SimpleNamespace(archive=archive, work=work, bank=None, clock=clock)
    if before:
        work.put(Run(DAY, 1, Source.WATER).key("days", PROOF), b"{}")
    journal.append(
        archive,
        [
            topup.payment_received("O1", "P01", {"X": Fen(2_000)}, NOON, NOON, "p"),
            paid(biller_payable(Source.WATER)),
        ],
    )
    asked = {"day": DAY, **({"sources": list(sources)} if partial else {})}
    run = open_day(Desk().store, TODAY, asked)["run"]
    # When
    found = check_funds_step(house, {"run": run, "sources": [{"source": each.value} for each in sources]})
    # Then
    said = found["funds"]["failures"]
    assert [each for each in said if each.startswith("WATER: BILLER_PAYABLE:WATER moved")] == said
    assert len(said) == failures
