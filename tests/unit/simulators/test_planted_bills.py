"""Planted discrepancies: each changes what is handed out as it says, once and repeatably."""

from collections.abc import Callable
from datetime import date
from random import SystemRandom

import pytest

from simulators.alipay import bills as alipay
from simulators.billers import settlement as billers
from simulators.bills.file_plants import FILE_PLANTS
from simulators.bills.office import Bill, Office
from simulators.bills.plant import EVERYONE, SETTLEMENTS, find_spot, print_bill
from simulators.bills.row_plants import ROW_PLANTS
from simulators.bills.rows import Form, Heading, Row, RowKind, fee_of
from simulators.issuer import bills as issuer
from simulators.texts import midnight
from simulators.unionpay import clearing
from simulators.wechat import bills as wechat

DAY = date(2026, 2, 2)
FORMS: dict[str, tuple[Form, int]] = {
    "WECHAT": (wechat.FORM, 0),
    "ALIPAY": (alipay.FORM, 0),
    "UNIONPAY": (clearing.FORM, clearing.CUT_HOURS),
    "JUHE": (issuer.FORM, 0),
    "WATER": (billers.FORM, 0),
}
MERCHANT = "1900000109"
LATE_MS = 10 * 60_000
UNSEEN = {"rows_in_another_order", "not_packed", "bad_digest"}
"""What may leave the file's text as it is: two rows can fall as they were."""


def heading(source: str) -> Heading:
    return Heading(DAY, MERCHANT, FORMS[source][1])


def rows(source: str) -> tuple[Row, ...]:
    """Six payments and two refunds, or six recharges; one in the last minutes."""
    head = heading(source)
    kind = RowKind.RECHARGE if source in SETTLEMENTS else RowKind.PAYMENT
    ats = [midnight(DAY) + hour * 3_600_000 for hour in (1, 5, 9, 13, 17)] + [head.end - LATE_MS]
    found = []
    for place, at in enumerate(ats):
        amount = 10_000 + place * 777
        fee = 0 if source in SETTLEMENTS else fee_of(amount, 6_000)
        reference, party = f"44261118190640784{place:04d}", f"{'*' * 15}123{place}"
        found.append(Row(kind, f"ORDER{place}P01", reference, amount, fee, at, MERCHANT, party))
    if source not in SETTLEMENTS:
        for place, paid in enumerate(found[:2]):
            found.append(
                paid._replace(
                    kind=RowKind.REFUND,
                    number=f"ORDER{place}F01",
                    reference=f"44261118190640999{place:04d}",
                    fee=0,
                    at=paid.at + 60_000,
                    original=paid.number,
                    original_reference=paid.reference,
                    original_at=paid.at,
                )
            )
    return tuple(found)


def office(source: str) -> Office:
    return Office(FORMS[source][0], lambda: midnight(DAY) + 40 * 3_600_000, SystemRandom())


def made(desk: Office, source: str, day: Callable[[Heading], Heading] = lambda head: head) -> Bill:
    bill = desk.bill(day(heading(source)), rows(source))
    assert bill is not None
    return bill


def pairs() -> list[tuple[str, str]]:
    both = {**ROW_PLANTS, **FILE_PLANTS}
    return [(kind, source) for kind, plant in both.items() for source in sorted(plant.sources)]


def test_there_are_more_than_forty_kinds() -> None:
    assert len(ROW_PLANTS) + len(FILE_PLANTS) == len({**ROW_PLANTS, **FILE_PLANTS}) > 40
    assert all(
        plant.what and plant.sources <= EVERYONE for plant in (*ROW_PLANTS.values(), *FILE_PLANTS.values())
    )


@pytest.mark.parametrize(("kind", "source"), pairs())
def test_a_kind_that_is_planted_is_handed_out(kind: str, source: str) -> None:
    # Given an honest bill, and a discrepancy ordered over the control plane
    honest, desk = made(office(source), source), office(source)
    assert desk.command("POST /bills/plant", {"kind": kind}) is not None
    # When the bill is made
    planted = made(desk, source)
    # Then it is another one, the same when it is asked for again, and its truth is told
    view = desk.command("GET /bills/plant", {})
    assert view is not None
    [told] = view["planted"]
    assert (told["planted"], told["day"]) == (True, "2026-02-02")
    plant = ROW_PLANTS.get(kind) or FILE_PLANTS[kind]
    assert told["refused"] == plant.refused.get(source, "")
    assert made(desk, source) == planted
    if kind == "bad_digest":
        assert planted.wrong_digest
    elif kind not in UNSEEN:
        assert planted.packed != honest.packed
    # Then another day's bill is honest, and so is this one after all was forgotten
    assert desk.bill(heading(source).earlier(1), rows(source)) is None
    desk.command("DELETE /bills/plant", {})
    assert made(desk, source) == honest


@pytest.mark.parametrize("source", sorted(FORMS))
def test_a_row_can_be_named(source: str) -> None:
    desk = office(source)
    desk.plant({"kind": "dropped_payment", "number": "ORDER3P01", "day": "2026-02-02"})
    text = made(desk, source).text
    assert (b"ORDER3P01" in text, b"ORDER2P01" in text) == (False, True)
    assert desk.view()["planted"][0]["truth"] == [
        {
            "match_class": "MISSING_THERE",
            "kind": "RECHARGE" if source in SETTLEMENTS else "PAYMENT",
            "number": "ORDER3P01",
            "fields": "",
            "at": rows(source)[3].at,
        }
    ]


@pytest.mark.parametrize("source", sorted(FORMS))
def test_a_row_shifted_over_midnight_stands_in_the_next_days_bill(source: str) -> None:
    desk = office(source)
    desk.plant({"kind": "shifted_over_midnight"})
    assert b"ORDER5P01" not in made(desk, source).text
    after = made(desk, source, lambda head: head.next)
    assert after.text.count(b"ORDER5P01") == 1
    assert b"ORDER1P01" not in after.text


def test_several_go_together() -> None:
    desk = office("WECHAT")
    for kind in ("doubled_row", "one_fen_more", "sum_lies", "columns_in_another_order"):
        desk.plant({"kind": kind})
    bill = made(desk, "WECHAT")
    assert all(each["planted"] for each in desk.view()["planted"])
    assert bill.text.count(b"\r\n") == len(rows("WECHAT")) + 1 + 3


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"kind": "unheard_of"},
        {"kind": "extra_column"},
        {"kind": "doubled_row", "number": 1},
        {"day": "x"},
    ],
    ids=str,
)
def test_what_nobody_can_plant_is_refused(order: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        office("UNIONPAY").command("POST /bills/plant", order)


def test_a_discrepancy_without_a_row_that_fits_changes_nothing() -> None:
    desk = office("WECHAT")
    desk.plant({"kind": "doubled_row", "number": "NOBODY"})
    assert made(desk, "WECHAT") == made(office("WECHAT"), "WECHAT")
    assert desk.view()["planted"][0]["planted"] is False


@pytest.mark.parametrize("source", sorted(FORMS))
def test_what_a_row_plant_says_is_what_it_does(source: str) -> None:
    """Each row that a discrepancy does not speak of stays as it was, in its place among the others."""
    before = rows(source)
    for kind, plant in ROW_PLANTS.items():
        if source not in plant.sources or plant.whole or kind == "rows_in_another_order":
            continue
        spot = find_spot(plant, source, heading(source), before, SystemRandom())
        assert spot is not None, kind
        edited = plant.edit(spot)
        touched = {spot.row.number, spot.second.number, *(truth.number for truth in edited.truths)}
        untouched = [row for row in before if row.number not in touched]
        assert [row for row in edited.rows if row.number not in touched] == untouched
        assert edited.truths or plant.refused.get(source) or kind in ("row_dated_the_day_before",), kind
        assert print_bill(FORMS[source][0], heading(source), edited.rows).text


def test_in_the_bill_of_a_day_that_is_not_over_the_last_rows_are_as_good_as_any() -> None:
    last = rows("WECHAT")[5:6]
    for early in (False, True):
        desk = office("WECHAT")
        desk.early = early
        for kind in ("one_fen_less", "nobodys_payment"):
            desk.plant({"kind": kind})
        desk.bill(heading("WECHAT"), last)
        assert [each["planted"] for each in desk.view()["planted"]] == [early, early]
