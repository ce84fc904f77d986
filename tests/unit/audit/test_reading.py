"""Acts are read by few, in pages, and reading is an act (SE2)."""

from typing import Any

import pytest
from unit.evidence.house import ANN, AUDITOR, House

from octane.api.views.audit import window
from octane.api.workers import EntryAlteredError, acts_in
from octane.audit.acts import act_in, system_act
from octane.audit.journal import ACTS, append, canonical, read_day
from octane.audit.reading import Window, list_acts
from octane.kernel.caller import Role
from octane.kernel.clock import Instant
from octane.kernel.errors import ForbiddenError, InputError
from octane.store.chain import ChainBrokenError, day_of
from octane.store.cursors import CursorInvalidError
from octane.store.expressions import marshal_item
from octane.store.items import Query, Table
from world.objects import MemoryObjects

SUBJECT = "T" + "C" * 25


@pytest.fixture
def house() -> House:
    return House()


def acted(house: House, count: int) -> list[str]:
    """So many acts, a second apart; returns their ids."""
    found = []
    for number in range(count):
        found.append(house.act(f"act_{number}", SUBJECT).act_id)
        house.wait(seconds=1)
    return found


def test_acts_come_newest_first_in_pages(house: House) -> None:
    made = acted(house, 5)
    first = list_acts(house, AUDITOR, SUBJECT, Window(), 3)
    house.wait(seconds=1)
    until = Instant(house.clock.at - 1_000)
    assert [act.act_id for act in first.acts[1:]] == made[:2:-1], "the act of reading is the newest"
    second = list_acts(house, AUDITOR, SUBJECT, Window(), 3, first.next_cursor)
    assert [act.act_id for act in second.acts] == made[2::-1]
    bounded = list_acts(house, AUDITOR, SUBJECT, Window(Instant(until - 4_000), until))
    assert [act.act_id for act in bounded.acts] == made[:0:-1]


def test_reading_is_an_act(house: House) -> None:
    acted(house, 1)
    list_acts(house, AUDITOR, SUBJECT, Window())
    house.wait(seconds=1)
    list_acts(house, AUDITOR, SUBJECT, Window())
    acts = [act_in(item) for item in house.store.query(Query(Table.AUDIT, SUBJECT)).items]
    assert [act.action for act in acts] == ["act_0", "read_acts", "read_acts"]
    assert acts[1].actor == AUDITOR.user_id


@pytest.mark.parametrize("role", [*Role])
def test_who_may_read(house: House, role: Role) -> None:
    caller = AUDITOR._replace(role=role)
    if role in {Role.AUDITOR, Role.RISK, Role.FINANCE_DIRECTOR}:
        list_acts(house, caller, SUBJECT, Window())
        return
    with pytest.raises(ForbiddenError):
        list_acts(house, caller, SUBJECT, Window())
    assert house.store.query(Query(Table.AUDIT, SUBJECT)).items == []


def test_a_cursor_stays_within_its_listing(house: House) -> None:
    acted(house, 5)
    cursor = list_acts(house, AUDITOR, SUBJECT, Window(), 2).next_cursor
    with pytest.raises(CursorInvalidError):
        list_acts(house, AUDITOR, "another", Window(), 2, cursor)
    with pytest.raises(CursorInvalidError):
        list_acts(house, AUDITOR, SUBJECT, Window(Instant(0), Instant(1)), 2, cursor)


def test_requests_for_evidence_are_no_acts(house: House) -> None:
    """They lie in the same table, under a subject of their own that nobody's acts have."""
    order_id = house.place("key-1")
    evidence_id = house.ask(order=order_id)
    assert list_acts(house, AUDITOR, evidence_id, Window()).acts[1:] == []


@pytest.mark.parametrize("text", ["yesterday", "2026-11-22", "2026-11-22T08:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match="RFC 3339"):
        window(text, None)


def test_a_window_is_read_from_two_times() -> None:
    assert window("1970-01-01T08:00:01+08:00", None).since == 1_000
    with pytest.raises(InputError, match="before"):
        list_acts(House(), AUDITOR, SUBJECT, Window(Instant(2), Instant(1)))


def records(house: House) -> list[dict[str, Any]]:
    """The audit table's stream, as Lambda gets it."""
    return [
        {
            "eventName": change.kind.value,
            "dynamodb": {
                "Keys": marshal_item({"pk": change.key.pk, "sk": change.key.sk}),
                **({"NewImage": marshal_item(change.new)} if change.new else {}),
            },
        }
        for change in house.engine.changes(Table.AUDIT, 0)
    ]


def test_the_stream_brings_acts_and_passes_requests_over(house: House) -> None:
    order_id = house.place("key-1")
    house.ask(order=order_id)
    found = list(acts_in({"Records": records(house)}))
    assert [act.action for act in found] == ["place_order", "pay_order", "request_evidence"]


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_an_act_that_is_changed_or_removed_is_an_alarm(house: House, kind: str) -> None:
    house.place("key-1")
    (first, *_) = records(house)
    with pytest.raises(EntryAlteredError, match=kind):
        list(acts_in({"Records": [{**first, "eventName": kind}]}))


def test_an_act_is_written_one_way_and_read_back() -> None:
    act = system_act("expire", SUBJECT, "1", Instant(1_795_320_000_000), reason='"引号" \\ \n 🧾')
    objects = MemoryObjects()
    assert append(objects, [act]) == 1
    assert append(objects, [act]) == 0
    assert list(read_day(objects, day_of(act.at))) == [act]
    assert '"role"' not in canonical(act), "what is empty is left out"


def test_another_act_under_the_same_name_is_refused() -> None:
    act = system_act("expire", SUBJECT, "1", Instant(1_795_320_000_000))
    objects = MemoryObjects()
    append(objects, [act])
    with pytest.raises(ChainBrokenError, match="different things"):
        append(objects, [act._replace(actor=ANN.user_id)])


def test_the_books_do_not_mix() -> None:
    act = system_act("expire", SUBJECT, "1", Instant(1_795_320_000_000))
    objects = MemoryObjects()
    append(objects, [act])
    assert all(key.startswith(f"{ACTS.folder}/day=2026-11-22/chain=") for key in objects.content)


def test_the_chain_goes_on_after_an_act_of_nobody(house: House) -> None:
    # Given a login that was refused to somebody whom nobody knows
    nobody = house.act("log_in", SUBJECT)._replace(actor="")
    objects = MemoryObjects()
    append(objects, [nobody])

    # When the next act follows it
    later = house.act("place_order", SUBJECT)
    append(objects, [later])

    # Then both are read back as they were
    found = [canonical(act) for act in read_day(objects, day_of(nobody.at))]
    assert sorted(found) == sorted([canonical(nobody), canonical(later)])
