"""`python -m privacy_demo.erase`: people with planted values, their erasure, and a search for what is left.

The last line is one JSON object; the exit status is 0 only if the search finds nothing and the books stand.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from local.cloud import Cloud
from octane.identity.logins import Login, Provider, owner_of
from octane.identity.step_ups import Operation
from octane.kernel.errors import OctaneError
from octane.kernel.money import Fen
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from octane.ledger.entries import Entry, entry_of
from octane.ledger.journal import append, read_day
from octane.orders.states import OrderState
from octane.privacy.consent import set_consent
from octane.privacy.fields import opened as opened_text
from octane.privacy.fields import owners_of, texts_in
from octane.privacy.purposes import Purpose
from octane.privacy.vault import key_of
from octane.rights.copies import make_exports
from octane.rights.erasing import WAIT_MS, erase_people
from octane.rights.erasure import request_erasure
from octane.rights.exports import request_export
from octane.store.chain import day_of
from octane.store.items import Item, Scan, Table
from privacy_demo.place import BUCKETS, AheadClock, PlaceWiring, opened
from privacy_demo.planted import Person, an_enterprise, an_order, passed, settle_in

ROOT = Path(__file__).resolve().parents[2]
RUN_SECONDS = 60
PEOPLE = 3
REFUSED = range(90, 93)
"""Numbers of the people whom an erasure is refused."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="privacy_demo.erase", description=__doc__)
    parser.add_argument("--directory", type=Path, default=ROOT / ".local" / "erase")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    with opened(chosen.directory) as place:
        clock = AheadClock()
        result = _played(PlaceWiring(place.environment, clock), clock, place.cloud)
    result["seconds"] = round(time.monotonic() - began, 1)
    shutil.rmtree(chosen.directory, ignore_errors=True)
    say(json.dumps(result))
    wanted = {"found_after": 0, "erased": PEOPLE, "erased_again": 0}
    proven = all(result[name] for name in ("neighbour_kept", "chain_holds", "next_login_is_a_new_account"))
    refused = result["refused"] == ["ERASURE_ORDERS_OPEN", "ERASURE_WALLET_NOT_EMPTY", "LAST_OWNER"]
    return 0 if proven and refused and all(result[name] == value for name, value in wanted.items()) else 1


def _played(wiring: PlaceWiring, clock: AheadClock, cloud: Cloud) -> dict[str, object]:
    people = [_lived(wiring, no) for no in range(1, PEOPLE + 1)]
    neighbour = _lived(wiring, PEOPLE + 1)
    make_exports(wiring, RUN_SECONDS)
    before, kept = _found(wiring, cloud, people), _found(wiring, cloud, [neighbour])
    say(f"{PEOPLE} people and a neighbour; what was planted of the {PEOPLE} stands in {before} places")
    refused = [_refusal(wiring, no) for no in REFUSED]
    say(f"refused while money or an enterprise hangs on it: {', '.join(refused)}")
    entries = _booked(wiring)
    for person in people:
        request_erasure(wiring, person.caller, passed(wiring, person, Operation.ERASE_ACCOUNT))
    early = erase_people(wiring, RUN_SECONDS)
    clock.ahead_ms += WAIT_MS
    erased, again = erase_people(wiring, RUN_SECONDS), erase_people(wiring, RUN_SECONDS)
    after = _found(wiring, cloud, people)
    say(f"{early} erased at once, {erased} when no token can be alive, {again} by another run")
    say(f"a search of every table, opened, and of every object finds {after}")
    return {
        "people": PEOPLE,
        "planted": len(people[0].planted) * PEOPLE,
        "found_before": before,
        "erased": erased,
        "erased_again": again,
        "found_after": after,
        "neighbour_kept": _found(wiring, cloud, [neighbour]) == kept,
        "refused": refused,
        "entries": len(entries),
        "chain_holds": _journal(wiring, entries) == entries,
        "next_login_is_a_new_account": all(_comes_back_as(wiring, each) != each.user_id for each in people),
    }


def _lived(wiring: PlaceWiring, no: int) -> Person:
    """Somebody with a card, a delivered order, a consent and a copy of their data asked for."""
    person = settle_in(wiring, no)
    an_order(wiring, person, no)
    set_consent(wiring, person.caller, Purpose.FACE, True, 1)
    step_up = passed(wiring, person, Operation.EXPORT_DATA)
    request_export(wiring, person.caller, step_up, f"export-{no:04d}")
    return person


def _refusal(wiring: PlaceWiring, no: int) -> str:
    person = settle_in(wiring, no)
    if no == REFUSED[0]:
        an_order(wiring, person, no, OrderState.RECHARGING)
    elif no == REFUSED[1]:
        wiring.store.commit(credit(wallet(person.user_id), 0, Fen(1)))
    else:
        an_enterprise(wiring, person)
    try:
        request_erasure(wiring, person.caller, passed(wiring, person, Operation.ERASE_ACCOUNT))
    except OctaneError as error:
        return error.code
    return ""


def _booked(wiring: PlaceWiring) -> list[Entry]:
    """The ledger's entries, and each of them in the journal, as its stream brings them there."""
    rows = [item for item in _items(wiring, Table.LEDGER) if not str(item["sk"]).startswith("#")]
    entries = sorted((entry_of(item) for item in rows), key=lambda entry: entry.subject)
    append(wiring.archive, entries)
    return entries


def _journal(wiring: PlaceWiring, entries: list[Entry]) -> list[Entry]:
    """The same entries as the journal has them, its chains proven as they are read."""
    days = sorted({day_of(entry.booked_at) for entry in entries})
    found = [entry for day in days for entry in read_day(wiring.archive, day)]
    return sorted(found, key=lambda entry: entry.subject)


def _comes_back_as(wiring: PlaceWiring, person: Person) -> str:
    login = Login(Provider.WECHAT, person.openid)
    return owner_of(login, wiring.store.get(login.key))


def _found(wiring: PlaceWiring, cloud: Cloud, people: list[Person]) -> int:
    """How many items and objects hold one of the planted values, plain or sealed."""
    words = [word for person in people for word in person.planted]
    texts = (_plain(wiring, item) for table in Table for item in _items(wiring, table))
    items = sum(any(word in text for word in words) for text in texts)
    objects = sum(any(word.encode() in content for word in words) for content in _objects(cloud))
    return items + objects


def _plain(wiring: PlaceWiring, item: Item) -> str:
    sealed = [text for value in item.values() for text in texts_in(value) if key_of(text)]
    return "\n".join([str(item), *(opened_text(wiring.vault, owners_of(item), text)[2] for text in sealed)])


def _items(wiring: PlaceWiring, table: Table) -> Iterator[Item]:
    scan = Scan(table, 100)
    while True:
        page = wiring.store.scan(scan)
        yield from page.items
        if page.cursor is None:
            return
        scan = scan._replace(after=page.cursor)


def _objects(cloud: Cloud) -> Iterator[bytes]:
    storage = cloud.client("s3")
    for bucket in BUCKETS:
        for page in storage.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                body: bytes = storage.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
                yield body


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
