"""Consent by purpose: given to a version of a text, withdrawn with one tap, and all of it kept (ID6).

| key (table identity, pk: the person) | item                                                    |
|--------------------------------------|---------------------------------------------------------|
| `CONSENT#<purpose>`                  | what holds now; `version` counts the changes            |
| `CONSENT#<purpose>#000002`           | what was said then: written once, never changed         |

Without consent nothing is done for a purpose: `may` is asked at each use, so a withdrawal acts at once.
"""

from typing import NamedTuple, Protocol

from octane.kernel.caller import Caller
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import StateError
from octane.privacy.purposes import Purpose, current_version
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store, until_settled
from octane.store.writes import Absent, Condition, Exists, Is, Put, Update, Write

CONSENTS = ("CONSENT#", "CONSENT~")


class ConsentOutdatedError(StateError):
    code = "CONSENT_TEXT_OUTDATED"
    summary = "There is a newer text; show it, and send its version."


class ConsentDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...


class Said(NamedTuple):
    """What a person said once."""

    is_given: bool
    text_version: int
    at: Instant


class Consent(NamedTuple):
    purpose: Purpose
    history: tuple[Said, ...] = ()
    """Oldest first; empty: never asked."""

    @property
    def holds(self) -> bool:
        return bool(self.history) and _holds(self.purpose, self.history[-1])


def consent_key(user_id: str, purpose: Purpose, number: int = 0) -> Key:
    behind = f"#{number:06d}" if number else ""
    return Key(Table.IDENTITY, user_id, f"CONSENT#{purpose.value}{behind}")


def may(store: Store, user_id: str, purpose: Purpose) -> bool:
    """Whether the person agrees to a purpose as its text says now. One AWS call."""
    return holds_in(store.get(consent_key(user_id, purpose)), purpose)


def holds_in(item: Item | None, purpose: Purpose) -> bool:
    """The same for an item that was read with others."""
    return item is not None and _holds(purpose, _said(item))


def list_consents(store: Store, user_id: str) -> tuple[Consent, ...]:
    """Every purpose with what the person said of it. One AWS call a megabyte."""
    said: dict[str, list[Said]] = {purpose.value: [] for purpose in Purpose}
    for item in store.scan_pages(Query(Table.IDENTITY, user_id, *CONSENTS)):
        _, purpose, *number = str(item["sk"]).split("#")
        if number and purpose in said:
            said[purpose].append(_said(item))
    return tuple(Consent(Purpose(purpose), tuple(history)) for purpose, history in said.items())


def set_consent(
    deps: ConsentDeps, caller: Caller, purpose: Purpose, is_given: bool, text_version: int
) -> Consent:
    """Give or withdraw consent; the same again changes nothing. A withdrawal needs no version, and deletes
    with it what was gathered for the purpose alone.

    Raises `ConsentOutdatedError`. Two AWS calls; three where a place is kept.
    """
    if is_given and text_version != current_version(purpose):
        raise ConsentOutdatedError

    def settle() -> None:
        key = consent_key(caller.user_id, purpose)
        known = deps.store.get(key)
        said = Said(is_given, text_version if is_given else current_version(purpose), deps.clock.now())
        if known is not None and _said(known)._replace(at=said.at) == said:
            return
        number = 1 if known is None else int(str(known["version"])) + 1
        when: Condition = Absent() if known is None else Is("version", number - 1)
        deps.store.commit(
            Put(key, {**_item(said), "version": number}, when=when),
            Put(consent_key(caller.user_id, purpose, number), _item(said), when=Absent()),
            *(() if is_given else _gathered(deps.store, caller.user_id, purpose)),
        )

    until_settled(settle)
    return next(each for each in list_consents(deps.store, caller.user_id) if each.purpose is purpose)


def _gathered(store: Store, user_id: str, purpose: Purpose) -> tuple[Write, ...]:
    """Forget what is kept for a purpose alone: the place of the last login (`octane.identity.watch`) and of
    the last order (`octane.risk.seen`)."""
    if purpose is not Purpose.LOCATION:
        return ()
    habits = Key(Table.IDENTITY, user_id, "#HABITS")
    seen, places = Key(Table.RISK, user_id, "#SEEN"), ("lat", "lng", "located_at")
    found = {item["sk"]: item for item in store.batch_get([habits, seen])}
    known, ordered = found.get(habits.sk), found.get(seen.sk, {})
    writes: list[Write] = []
    if known and known.get("place"):
        nowhere: Item = {"place": "", "place_at": 0}
        when = Is("version", known["version"])
        writes.append(Update(habits, when=when, assign=nowhere, add={"version": 1}))
    if "lat" in ordered:
        writes.append(Update(seen, when=Exists(), remove=places))
    return tuple(writes)


def _holds(purpose: Purpose, said: Said) -> bool:
    return said.is_given and said.text_version == current_version(purpose)


def _item(said: Said) -> Item:
    return {"given": said.is_given, "text_version": said.text_version, "at": said.at}


def _said(item: Item) -> Said:
    return Said(bool(item["given"]), int(str(item["text_version"])), Instant(int(str(item["at"]))))
