"""After: reports that arrive at last, grades that move by what happened, thresholds that suggest themselves
(RK2, RK3)."""

import json

import pytest
from unit.risk.conftest import House, person, staff

from octane.kernel.caller import Caller
from octane.kernel.clock import MINUTE, Instant
from octane.orders.risking import RiskBlockedError
from octane.risk.decide import decide
from octane.risk.facts import Listing
from octane.risk.lists import ListName, set_entry
from octane.risk.outcomes import RISE_ORDERS, TELLING, Told, learn_outcomes, told_by
from octane.risk.ports import Reported, SubjectKind
from octane.risk.publishing import get_rules, publish_rules, read_checked
from octane.risk.reports import ALARMING_TRIES, send_reports
from octane.risk.seen import person_key
from octane.risk.suggestions import ENOUGH, counts_key
from octane.risk.table import ORDINARY
from octane.store.items import Table

DAY = 24 * 60 * MINUTE
GOOD, ILL = "recharge_succeeded", "refund_granted"


def blocked(house: House, name: str = "ann") -> Caller:
    caller = house.moves_in(person(name))._replace(device="device-0001", ip="203.0.113.7")
    set_entry(house, staff(), ListName.USER, caller.user_id, Listing.BLOCK, "case 7")
    with pytest.raises(RiskBlockedError):
        house.place(caller, 30_000)
    return caller


def waiting(house: House) -> int:
    return sum(str(item["pk"]).startswith("REPORTS#") for item in house.engine.items(Table.RISK))


def test_a_block_is_reported_by_digests(house: House) -> None:
    caller = blocked(house)
    assert send_reports(house) == 1
    [report] = house.alliance.taken
    assert report.reasons == ("USER_LISTED",)
    assert report.amount_fen == 30_000
    assert [subject.kind for subject in report.subjects] == list(SubjectKind)
    assert all(len(subject.digest) == 26 for subject in report.subjects)
    assert caller.device not in str(report)
    assert waiting(house) == 0
    assert send_reports(house) == 0
    assert any(item["sk"] == "#REPORT" for item in house.engine.items(Table.RISK))


def test_a_report_is_sent_until_it_is_confirmed_under_one_id(house: House) -> None:
    blocked(house)
    house.alliance.answers = [Reported.UNKNOWN] * ALARMING_TRIES
    tries = 0
    while waiting(house):
        tries += 1
        send_reports(house)
        if waiting(house):
            assert send_reports(house) == 0, "not before it is due again"
        house.clock.at += 6 * 60 * MINUTE
    assert tries == ALARMING_TRIES + 1 == len(house.alliance.taken)
    assert len(set(house.alliance.taken)) == 1
    assert ("ReportLate", {"order_id": _order(house)}) in house.signals.seen


def _order(house: House) -> str:
    return next(str(item["pk"]) for item in house.engine.items(Table.RISK) if item["sk"] == "#REPORT")


def test_a_refused_report_is_given_up_and_told_to_people(house: House) -> None:
    blocked(house)
    house.alliance.answers = [Reported.REFUSED]
    assert send_reports(house) == 1
    assert waiting(house) == 0
    assert house.signals.seen[-1][0] == "ReportRefused"


def test_a_run_that_dies_after_the_answer_reports_again_under_the_same_id(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked(house)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.engine, "transact", dies)
    with pytest.raises(KeyboardInterrupt):
        send_reports(house)
    monkeypatch.undo()
    assert send_reports(house) == 1
    assert len(house.alliance.taken) == 2
    assert len(set(house.alliance.taken)) == 1


def told(house: House, caller: Caller, kind: str = GOOD, amount: int = 100) -> Told:
    placed = house.place(caller, amount, step_up_id=house.passed(caller, amount))
    return Told(placed.order.order_id, kind, Instant(house.clock.at))


def grade(house: House, caller: Caller) -> str:
    return str(house.item(person_key(caller.user_id)).get("grade", "B"))


def test_an_outcome_counts_once(house: House) -> None:
    ann = house.moves_in(person("ann"))
    one = told(house, ann)
    assert learn_outcomes(house, [one, one]) == 1
    assert learn_outcomes(house, [one]) == 0
    assert house.item(person_key(ann.user_id))["well"] == 1


def test_entries_that_tell_nothing_and_orders_without_a_decision_are_passed_over(house: House) -> None:
    ann = house.moves_in(person("ann"))
    one = told(house, ann, "payment_received")
    assert learn_outcomes(house, [one, Told("T" * 26, GOOD, one.at)]) == 0
    assert {"refund_granted", "recharge_contradicted"} < {kind for kind, good in TELLING.items() if not good}


@pytest.mark.parametrize(
    ("proof", "learned"), [("REVIEW_REFUSED TX", 1), ("REVIEW_EXPIRED TX", 0), ("released by", 0)]
)
def test_only_a_refusal_by_a_person_counts_against_somebody(house: House, proof: str, learned: int) -> None:
    ann = house.moves_in(person("ann"))
    order_id = told(house, ann).order_id
    assert learn_outcomes(house, [told_by(order_id, "review_ended", proof, Instant(1))]) == learned
    assert house.item(person_key(ann.user_id)).get("ill", 0) == 0, "the counts begin anew after a move"
    assert grade(house, ann) == ("C" if learned else "B")


def test_a_grade_rises_slowly_and_falls_one_step_a_day(house: House) -> None:
    ann = house.moves_in(person("ann"))
    for _ in range(RISE_ORDERS):
        learn_outcomes(house, [told(house, ann)])
        house.clock.at += MINUTE
    assert grade(house, ann) == "B", "not within a month"
    house.clock.at += 30 * DAY
    learn_outcomes(house, [told(house, ann)])
    assert grade(house, ann) == "A"

    learn_outcomes(house, [told(house, ann, ILL), told(house, ann, ILL)])
    assert grade(house, ann) == "B", "one step, though two orders went ill on one day"
    for expected in "CDD":
        house.clock.at += DAY
        learn_outcomes(house, [told(house, ann, ILL)])
        assert grade(house, ann) == expected
    moves = [str(i["reason"]) for i in house.engine.items(Table.AUDIT) if i["action"] == "move_risk_grade"]
    assert [move[:6] for move in moves] == ["B to A", "A to B", "B to C", "C to D"]
    assert ("GradeLowered", {"grade": "D"}) in house.signals.seen


def test_one_order_that_went_ill_holds_the_rise_back(house: House) -> None:
    ann = house.moves_in(person("ann"))
    learn_outcomes(house, [told(house, ann, ILL)])
    assert grade(house, ann) == "C"
    house.clock.at += DAY // 2
    learn_outcomes(house, [told(house, ann, ILL)])
    house.clock.at += 40 * DAY
    house.settings = house.settings._replace(orders_per_hour=100)
    for _ in range(RISE_ORDERS):
        learn_outcomes(house, [told(house, ann)])
        house.clock.at += 6 * 60 * MINUTE
    assert grade(house, ann) == "C"


@pytest.mark.parametrize(("good", "ill", "threshold"), [(0, ENOUGH, ">= 80000"), (ENOUGH, 0, ">= 125000")])
def test_outcomes_suggest_thresholds_and_activate_none(
    house: House, good: int, ill: int, threshold: str
) -> None:
    house.put(counts_key(0), **{"DEVICE_NEW_LARGE+": good, "DEVICE_NEW_LARGE-": ill, "CARD_SHARED+": 3})
    found = get_rules(house, staff())
    assert found.suggestion is not None
    [because] = found.suggestion.because
    assert because.startswith("DEVICE_NEW_LARGE: of 50 orders")
    changed = read_checked(json.dumps(found.suggestion.draft), 1, 0, "tests")
    just = ORDINARY._replace(device="NEW", amount_fen=int(threshold[3:]))
    assert "DEVICE_NEW_LARGE" in decide(just, changed).reasons
    assert "DEVICE_NEW_LARGE" not in decide(just._replace(amount_fen=just.amount_fen - 1), changed).reasons
    assert get_rules(house, staff()).rules.version == 0, "a person publishes it, or nobody"
    assert publish_rules(house, staff(), found.suggestion.draft, 0).version == 1


def test_too_few_or_mixed_outcomes_suggest_nothing(house: House) -> None:
    assert get_rules(house, staff()).suggestion is None
    house.put(counts_key(0), **{"DEVICE_NEW_LARGE+": ENOUGH - 1, "CARD_SHARED+": 95, "CARD_SHARED-": 5})
    assert get_rules(house, staff()).suggestion is None


def test_reasons_are_counted_by_what_became_of_their_orders(house: House) -> None:
    ann = house.moves_in(person("ann"))
    set_entry(house, staff(), ListName.USER, ann.user_id, Listing.WATCH, "case 7")
    learn_outcomes(house, [told(house, ann), told(house, ann), told(house, ann, ILL)])
    counts = house.item(counts_key(0))
    assert (counts["USER_WATCHED+"], counts["USER_WATCHED-"]) == (2, 1)
