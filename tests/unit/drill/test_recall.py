"""The drill with the real matching: it finds everything, and says so when something is not found."""

from datetime import date

import pytest

from drill.engine import engine
from drill.judge import Outcome, play
from drill.plan import World
from drill.planting import Named
from drill.play import answer_of, is_good
from drill.trades import Size
from octane.channels.alipay import bill_file as alipay
from octane.kernel.statement import BillUnreadableError, ParsedBill
from octane.reconciliation import cut, lines, matching, shards
from octane.reconciliation.model import Source
from octane.wire.bill_files import Opener

SMALL = Size(payments=4)


@pytest.fixture(autouse=True)
def one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening an instance for each step takes most of the time."""
    for module in (lines, matching, shards):
        monkeypatch.setattr(module, "engine", engine)


def played(*days: tuple[Named, ...], shards: int = 1) -> Outcome:
    return play(World("recall", (*days, ()), SMALL, shards))


SEVERAL: tuple[tuple[Named, ...], ...] = (
    (
        (Source.WECHAT, "one_fen_more"),
        (Source.WECHAT, "sum_lies"),
        (Source.ALIPAY, "shifted_over_midnight"),
        (Source.UNIONPAY, "nothing_left"),
        (Source.JUHE, "other_party"),
    ),
    (
        (Source.JUHE, "dropped_at_midnight"),
        (Source.ALIPAY, "cut_in_a_row"),
        (Source.WECHAT, "booked_elsewhere"),
        (Source.UNIONPAY, "doubled_row"),
    ),
)


@pytest.mark.parametrize("count", [1, 3])
def test_several_discrepancies_are_found_whatever_the_shards(count: int) -> None:
    outcome = played(*SEVERAL, shards=count)
    assert outcome.notes == ()
    assert (outcome.found, outcome.planted.total()) == (9, 9)
    assert (outcome.misclassified, outcome.proofs_broken) == (0, 0)


def test_what_the_matching_does_not_see_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a matching that does not compare who paid
    monkeypatch.setitem(matching.COMPARED, "party", "false")
    # When days are played
    outcome = played(*SEVERAL)
    # Then the one that only that tells is not found, and named
    assert (outcome.found, outcome.misclassified) == (8, 1)
    [note] = outcome.notes
    assert "other_party" in note
    assert "not found" in note


def test_what_the_matching_sees_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cut.FEE_PPM, Source.WECHAT, 6_100)
    outcome = played(())
    assert (outcome.found, outcome.planted.total()) == (0, 0)
    assert outcome.misclassified > 0
    assert all("found and not true" in note for note in outcome.notes)


def test_a_file_that_should_be_refused_and_is_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a parser that takes what it cannot read for a day without movement
    honest = alipay.parse_details

    def lenient(opener: Opener, day: date, seller_id: str) -> ParsedBill:
        try:
            return honest(opener, day, seller_id)
        except BillUnreadableError:
            return ParsedBill((), iter(()))

    monkeypatch.setattr(alipay, "parse_details", lenient)
    # When a bill comes without them
    outcome = played(((Source.ALIPAY, "no_titles"),))
    # Then it counts as not found, although nothing else is wrong
    assert (outcome.found, outcome.planted.total(), outcome.misclassified) == (0, 1, 0)
    [note] = outcome.notes
    assert note.endswith("ALIPAY no_titles: READ")


def test_the_answer_says_what_was_found() -> None:
    good = played(((Source.JUHE, "one_fen_less"),))
    assert is_good(answer_of([good]))
    assert answer_of([good]) == {
        "days": 2,
        "planted": 1,
        "kinds": 1,
        "kinds_by_source": 1,
        "recall": 1.0,
        "misclassified": 0,
        "proof_lines_hold": True,
    }
    for bad in (good._replace(found=0), good._replace(misclassified=1), good._replace(proofs_broken=1)):
        assert not is_good(answer_of([bad]))
