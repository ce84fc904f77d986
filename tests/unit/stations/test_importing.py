"""A file comes in once, whole, whatever dies meanwhile."""

import io
from collections.abc import Iterable

import pytest
from unit.stations.conftest import START, Died, House, csv_of, row

from octane.kernel.caller import Caller, Role
from octane.kernel.clock import SECOND, later
from octane.stations import importing, merging
from octane.stations.cells import far_cell, lines_of, near_cell
from octane.stations.files import RawRow
from octane.stations.importing import Import, ImportState
from octane.stations.model import Station
from octane.stations.records import cell_key, station_of
from octane.stations.rows import Fault, Row
from octane.store.engine import ConditionFailed, Throttled
from octane.store.items import Item, Key, Table
from octane.store.writes import Write
from stations_data.generate import write_csv, write_geojson

KEY = "imports/stations/a.csv"
LONG = later(START, 10**9)
STAFF = Caller("staff", Role.OPERATOR, "session")


def bring_in(house: House, content: bytes, key: str = KEY) -> Import:
    house.work.put(key, content)
    return importing.run_import(house, key, LONG)


def generated(number: int) -> bytes:
    out = io.StringIO()
    write_csv(number, "test", out)
    return out.getvalue().encode()


def cells_of(house: House) -> dict[str, set[str]]:
    return {pk: set(lines_of(item)) for pk, item in house.items("CELL#").items() if lines_of(item)}


def cells_that_should_be(house: House) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for station in map(station_of, house.items("STATION#").values()):
        for cell in () if station.closed else (near_cell(station.place), far_cell(station.place)):
            found.setdefault(cell_key(cell).pk, set()).add(station.station_id)
    return found


def test_every_good_row_is_found_by_id_and_by_place(house: House) -> None:
    progress = bring_in(house, generated(500))

    assert (progress.state, progress.rows, progress.written, progress.faults) == (
        ImportState.DONE,
        500,
        500,
        0,
    )
    assert len(house.items("STATION#")) == 500
    assert cells_of(house) == cells_that_should_be(house)


def test_csv_and_geojson_of_the_same_stations_make_the_same_table(house: House) -> None:
    bring_in(house, generated(200))
    out = io.StringIO()
    write_geojson(200, "test", out)

    progress = bring_in(house, out.getvalue().encode(), "imports/stations/b.json")

    assert (progress.written, progress.unchanged) == (0, 200)


def test_the_same_file_again_changes_nothing_and_reads_little(house: House) -> None:
    first = bring_in(house, generated(300))
    mark = len(house.engine.changes(Table.STATIONS))
    house.meter.reset()

    second = importing.run_import(house, KEY, LONG)

    assert second == first
    assert len(house.engine.changes(Table.STATIONS)) == mark
    assert sum(usage.calls for usage in house.meter.totals.values()) == 1


def test_a_file_under_another_name_writes_only_what_differs(house: House) -> None:
    bring_in(house, csv_of(row("S1", "31.2", "121.4"), row("S2", "31.3", "121.5")))

    progress = bring_in(
        house,
        csv_of(row("S1", "31.2", "121.4"), row("S2", "31.3", "121.5", phone="021-11112222")),
        "imports/stations/b.csv",
    )

    assert (progress.written, progress.unchanged) == (1, 1)
    assert [station_of(item).version for item in house.items("STATION#").values()] == [1, 2]


def test_a_station_that_moves_leaves_its_old_cells_and_one_that_closes_all(house: House) -> None:
    bring_in(house, csv_of(row("S1", "31.2", "121.4"), row("S2", "31.3", "121.5")))

    bring_in(
        house,
        csv_of(row("S1", "39.9", "116.4", province="北京"), row("S2", "31.3", "121.5", state="CLOSED")),
        "imports/stations/b.csv",
    )

    assert cells_of(house) == cells_that_should_be(house)
    assert set().union(*cells_of(house).values()) == {"S1"}


def test_a_place_that_an_earlier_file_gave_away_is_taken_until_that_station_closes(house: House) -> None:
    bring_in(house, csv_of(row("S1", "31.2", "121.4")))

    second = bring_in(house, csv_of(row("S2", "31.20001", "121.40001")), "imports/stations/b.csv")
    third = bring_in(
        house,
        csv_of(row("S2", "31.20001", "121.40001"), row("S1", "31.2", "121.4", state="CLOSED")),
        "imports/stations/c.csv",
    )

    assert (second.written, second.shown) == (0, ("2 DUPLICATE_PLACE station S1",))
    assert (third.written, third.faults) == (2, 0)


def test_a_full_cell_takes_no_more_and_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "MOST_IN_CELL", 2)

    progress = bring_in(house, csv_of(*(row(f"S{n}", f"31.2{n}", "121.4") for n in range(3))))

    assert (progress.written, progress.faults) == (2, 1)
    assert progress.shown[0].startswith("4 CELL_FULL ")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_dies_anywhere_is_taken_up_and_the_table_is_whole_all_the_while(after: bool) -> None:
    content = generated(150)
    calm = House()
    bring_in(calm, content)
    calls = calm.engine.calls

    assert calls > 6
    for dies_at in range(1, calls + 1):
        house = House()
        house.engine.dies_at, house.engine.dies_after = dies_at, after
        with pytest.raises(Died):
            bring_in(house, content)
        assert cells_of(house) == cells_that_should_be(house)

        progress = importing.run_import(house, KEY, LONG)

        assert (progress.state, progress.written) == (ImportState.DONE, 150)
        assert house.items("STATION#") == calm.items("STATION#")
        assert house.items("CELL#") == calm.items("CELL#")


def test_lost_answers_write_nothing_twice(house: House) -> None:
    house.engine.loses = 3

    progress = bring_in(house, generated(250))

    assert (progress.done, progress.written) == (250, 250)
    assert {station_of(item).version for item in house.items("STATION#").values()} == {1}


def test_a_run_whose_time_is_over_says_how_far_it_is_and_the_next_goes_on(house: House) -> None:
    house.work.put(KEY, generated(250))

    stopped = importing.run_import(house, KEY, START)
    with pytest.raises(importing.ImportUnfinishedError):
        importing.import_arrived(house, KEY, START)
    done = importing.import_arrived(house, KEY, LONG)

    assert (stopped.state, stopped.done, stopped.rows) == (ImportState.RUNNING, 0, 250)
    assert done is not None and done.summary["written"] == 250


def test_two_runs_at_once_share_the_work(house: House) -> None:
    house.work.put(KEY, generated(250))
    importing.run_import(house, KEY, START)
    other: list[Import] = []
    read, held = house.engine.batch_get, [1]

    def read_late(keys: list[Key]) -> list[Item]:
        found = read(keys)
        if held.pop() if held else 0:
            other.append(importing.run_import(house, KEY, LONG))
        return found

    house.engine.batch_get = read_late  # type: ignore[method-assign]

    progress = importing.run_import(house, KEY, LONG)

    assert other[0].state is progress.state is ImportState.DONE
    assert progress.written == 250
    assert {station_of(item).version for item in house.items("STATION#").values()} == {1}


def test_all_faults_of_the_file_are_in_the_bucket_and_the_first_in_the_answer(house: House) -> None:
    bad = (row(f"S{n}", "NaN", '1"2') for n in range(250))

    progress = bring_in(house, csv_of(row("S999", "31.2", "121.4"), *bad))

    assert (progress.faults, len(progress.shown)) == (250, 200)
    report = (house.work.get(progress.report) or b"").decode().splitlines()
    assert report[:2] == ["line,rule,detail", '3,COORDINATES,"NaN,1""2"']
    assert len(report) == 251


def test_who_asked_is_in_the_audit_and_a_file_without_a_good_row_is_done_at_once(house: House) -> None:
    house.work.put(KEY, csv_of(row("", "31.2", "121.4")))

    progress = importing.run_import(house, KEY, LONG, STAFF)

    assert (progress.state, progress.rows, progress.faults) == (ImportState.DONE, 0, 1)
    (act,) = house.engine.items(Table.AUDIT)
    assert (act["action"], act["actor"], act["reason"]) == ("import_stations", "staff", KEY)


def test_what_is_not_there_or_not_ours_is_refused(house: House) -> None:
    with pytest.raises(importing.ImportKeyInvalidError):
        importing.run_import(house, "people/secret.csv", LONG)
    with pytest.raises(importing.ImportNotFoundError):
        importing.run_import(house, KEY, LONG)

    house.work.put(KEY, b"not,a,file\n")
    assert importing.import_arrived(house, KEY, LONG) is None
    assert house.signals.seen == [("StationsFileRefused", {"why": "STATIONS_FILE_UNREADABLE"})]


def test_a_station_without_a_change_takes_the_time_of_the_newer_file_and_its_cells_stay(house: House) -> None:
    bring_in(house, csv_of(row("S1", "31.2", "121.4")))
    before, cells = station(house, "S1"), house.items("CELL#")

    same_time = bring_in(house, csv_of(row("S1", "31.2", "121.4")), "imports/stations/b.csv")
    assert (same_time.unchanged, station(house, "S1")) == (1, before)
    house.clock.at = later(START, SECOND)
    progress = bring_in(house, csv_of(row("S1", "31.2", "121.4")), "imports/stations/c.csv")

    assert (progress.written, progress.unchanged) == (0, 1)
    assert station(house, "S1") == before._replace(as_of=house.clock.at, version=2)
    assert house.items("CELL#") == cells


def merchant(number: str) -> bytes:
    return csv_of(row("S1", "31.2", "121.4", sub_merchant=number))


def station(house: House, station_id: str) -> Station:
    return station_of(house.items("STATION#")[f"STATION#{station_id}"])


def test_a_mistake_is_taken_back_by_sending_the_same_file_as_before(house: House) -> None:
    for number in ("11111111", "22222222", "11111111"):
        house.clock.at = later(house.clock.at, SECOND)
        assert bring_in(house, merchant(number)).written == 1

    assert station(house, "S1").sub_merchant == "11111111"


@pytest.mark.parametrize("before", ["", "22222222"], ids=["new", "as the newer one says"])
def test_an_older_file_changes_nothing_that_a_newer_one_says(house: House, before: str) -> None:
    # Given Monday's file, whose run died, and Tuesday's
    if before:
        bring_in(house, merchant(before), "imports/stations/sunday.csv")
    house.clock.at = later(START, SECOND)
    house.work.put("imports/stations/monday.csv", merchant("11111111"))
    importing.run_import(house, "imports/stations/monday.csv", START)
    house.clock.at = later(START, 2 * SECOND)
    bring_in(house, merchant("22222222"), "imports/stations/tuesday.csv")
    cells = house.items("CELL#")

    # When Monday's notice comes again
    progress = importing.import_arrived(house, "imports/stations/monday.csv", LONG)

    # Then
    assert progress is not None
    assert (progress.state, progress.written, progress.superseded) == (ImportState.DONE, 0, 1)
    assert station(house, "S1").sub_merchant == "22222222"
    assert house.items("CELL#") == cells


@pytest.mark.parametrize("failure", [ConditionFailed(0), Throttled()], ids=["overtaken", "busy"])
def test_a_run_that_fails_many_times_goes_on_once_it_can(house: House, failure: Exception) -> None:
    house.work.put(KEY, generated(50))
    importing.run_import(house, KEY, START)
    transact, left = house.engine.transact, [12]

    def failing(writes: tuple[Write, ...], token: str) -> None:
        if left[0]:
            left[0] -= 1
            raise failure
        transact(writes, token)

    house.engine.transact = failing  # type: ignore[method-assign]

    progress = importing.import_arrived(house, KEY, LONG)

    assert progress is not None and (progress.state, progress.written) == (ImportState.DONE, 50)


@pytest.mark.parametrize("fewer", [1, 250])
def test_a_file_that_has_fewer_good_rows_by_todays_rules_is_done_with_the_last_of_them(
    house: House, monkeypatch: pytest.MonkeyPatch, fewer: int
) -> None:
    house.work.put(KEY, generated(250))
    importing.run_import(house, KEY, START)
    judged = importing.judged

    def stricter(rows: Iterable[RawRow]) -> tuple[list[Row], list[Fault]]:
        good, faults = judged(rows)
        return good[fewer:], faults

    monkeypatch.setattr(importing, "judged", stricter)

    progress = importing.run_import(house, KEY, LONG)

    assert (progress.state, progress.written) == (ImportState.DONE, 250 - fewer)
