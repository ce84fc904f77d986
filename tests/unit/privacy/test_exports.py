"""A copy of all of a person's data (ID6): complete, in the clear, for them alone, for minutes."""

import json

import pytest
from unit.privacy.house import House

from octane.identity.step_ups import Operation, StepUpRequiredError
from octane.kernel.errors import ForbiddenError
from octane.privacy.consent import set_consent
from octane.privacy.purposes import Purpose
from octane.rights.copies import make_exports
from octane.rights.exports import Export, export_key, file_key, request_export
from octane.store.items import Table
from octane.store.writes import Delete, Exists
from privacy_demo.planted import Person, an_order, passed, settle_in


def ask(house: House, person: Person, key: str = "export-1") -> Export:
    step_up = passed(house, person, Operation.EXPORT_DATA)
    return request_export(house, person.caller, step_up, key)


def test_the_copy_holds_all_that_was_given_and_no_secret(house: House) -> None:
    person, other = settle_in(house, 1), settle_in(house, 2)
    order_id = an_order(house, person, 1)
    an_order(house, other, 2)
    set_consent(house, person.caller, Purpose.FACE, True, 1)
    house.keep(Table.IDENTITY, person.user_id, "#PAYMENT_PASSWORD", {"hash": "$argon2id$secret"})
    asked = ask(house, person)
    assert asked.links == ()
    assert make_exports(house, 60) == 1
    made = request_export(house, person.caller, "", "export-1")
    assert [name for name, _ in made.links] == ["data.json", "data.pdf"]
    written = house.work.get(file_key(person.user_id, asked.export_id, "data.json"))
    assert written is not None
    text = written.decode()
    for word in (*person.planted, order_id, "CONSENT#FACE"):
        assert word in text
    for word in (*other.planted, "$argon2id$secret", "v1.", "generation"):
        assert word not in text
    copy = json.loads(text)
    assert copy["kept_after_erasure"]
    pdf = house.work.get(file_key(person.user_id, asked.export_id, "data.pdf"))
    assert pdf is not None
    assert pdf.startswith(b"%PDF")


def test_a_copy_is_for_whoever_passes_the_step_up(house: House) -> None:
    person = settle_in(house)
    with pytest.raises(StepUpRequiredError):
        request_export(house, person.caller, "", "export-1")
    with pytest.raises(StepUpRequiredError):
        request_export(house, person.caller, passed(house, person, Operation.ERASE_ACCOUNT), "export-1")
    with pytest.raises(ForbiddenError):
        request_export(house, person.caller._replace(enterprise_id="E1"), "", "export-1")


def test_the_same_key_is_the_same_copy(house: House) -> None:
    person = settle_in(house)
    first = ask(house, person)
    assert request_export(house, person.caller, "", "export-1") == first
    assert make_exports(house, 60) == 1
    assert make_exports(house, 60) == 0


def test_another_persons_key_leads_to_no_copy_of_mine(house: House) -> None:
    person, other = settle_in(house, 1), settle_in(house, 2)
    ask(house, person)
    make_exports(house, 60)
    assert ask(house, other).links == ()


def test_one_that_is_erased_meanwhile_gets_none(house: House) -> None:
    person = settle_in(house)
    asked = ask(house, person)
    house.store.commit(Delete(export_key(person.user_id, asked.export_id), when=Exists()))
    make_exports(house, 60)
    assert house.work.content == {}
    assert make_exports(house, 60) == 0
