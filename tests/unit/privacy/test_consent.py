"""Consent by purpose (ID6): nothing without it, kept for ever, and withdrawn with one tap that acts."""

import pytest
from unit.privacy.house import House

from octane.kernel.caller import Caller, Role
from octane.privacy import consent, purposes
from octane.privacy.consent import ConsentOutdatedError, list_consents, may, set_consent
from octane.privacy.purposes import Purpose
from octane.store.items import Table

ANN = Caller("UANN", Role.CUSTOMER, "S1")


def test_without_a_word_nothing_is_agreed(house: House) -> None:
    assert not any(may(house.store, "UANN", purpose) for purpose in Purpose)
    assert [each.history for each in list_consents(house.store, "UANN")] == [()] * len(Purpose)


def test_a_purpose_is_agreed_to_by_itself_and_withdrawn_at_once(house: House) -> None:
    given = set_consent(house, ANN, Purpose.FACE, True, 1)
    assert given.holds
    assert may(house.store, "UANN", Purpose.FACE)
    assert not may(house.store, "UANN", Purpose.MARKETING)
    assert not may(house.store, "UBOB", Purpose.FACE)
    house.clock.at += 1_000
    withdrawn = set_consent(house, ANN, Purpose.FACE, False, 1)
    assert not may(house.store, "UANN", Purpose.FACE)
    assert [said.is_given for said in withdrawn.history] == [True, False]
    assert withdrawn.history[0].at + 1_000 == withdrawn.history[1].at


def test_the_same_again_changes_nothing(house: House) -> None:
    first = set_consent(house, ANN, Purpose.MARKETING, True, 1)
    house.clock.at += 1_000
    assert set_consent(house, ANN, Purpose.MARKETING, True, 1) == first


def test_a_newer_text_is_asked_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    set_consent(house, ANN, Purpose.FACE, True, 1)
    texts = {**purposes.TEXTS, Purpose.FACE: ("one", "two")}
    monkeypatch.setattr(purposes, "TEXTS", texts)
    assert not may(house.store, "UANN", Purpose.FACE)
    with pytest.raises(ConsentOutdatedError):
        set_consent(house, ANN, Purpose.FACE, True, 1)
    assert set_consent(house, ANN, Purpose.FACE, True, 2).holds


def test_history_is_only_added_to(house: House) -> None:
    for turn in range(4):
        set_consent(house, ANN, Purpose.LOCATION, turn % 2 == 0, 1)
    changes = [c.kind.value for c in house.engine.changes(Table.IDENTITY) if c.key.sk.count("#") == 2]
    assert changes == ["INSERT"] * 4


def test_withdrawing_location_forgets_the_last_place(house: House) -> None:
    place = {"version": 3, "place": "8a2a1072b59ffff", "place_at": 7, "ips": ["1.2.3.4"]}
    habits = house.keep(Table.IDENTITY, "UANN", "#HABITS", place)
    set_consent(house, ANN, Purpose.LOCATION, True, 1)
    assert house.read(habits)["place"]
    set_consent(house, ANN, Purpose.LOCATION, False, 1)
    left = house.read(habits)
    assert (left["place"], left["place_at"], left["version"], left["ips"]) == ("", 0, 4, ["1.2.3.4"])


def test_two_taps_at_once_are_both_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    get = house.store.get
    other = house.process()

    def overtaken(key):  # type: ignore[no-untyped-def]
        found = get(key)
        if key.sk == "CONSENT#FACE" and other is not None:
            monkeypatch.undo()
            set_consent(other, ANN, Purpose.FACE, True, 1)
        return found

    monkeypatch.setattr(type(house.store), "get", lambda _, key: overtaken(key))
    said = set_consent(house, ANN, Purpose.FACE, False, 1)
    assert [one.is_given for one in said.history] == [True, False]


def test_rows_of_the_present_are_one_for_each_purpose(house: House) -> None:
    set_consent(house, ANN, Purpose.FACE, True, 1)
    assert consent.consent_key("UANN", Purpose.FACE).sk == "CONSENT#FACE"
    assert len(house.engine.items(Table.IDENTITY)) == 2
