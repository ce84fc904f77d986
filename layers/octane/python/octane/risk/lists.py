"""Lists of people, devices, addresses and cards, kept by staff (RK2).

An entry stands on the item that every order of its subject reads anyway. Devices and cards are named by the
tags that a decision shows, so no card number travels in an address.
"""

import re
from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.audit.acts import act_of, record, state_digest
from octane.kernel.caller import SETS_RISK, Caller
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import InputError, NotFoundError
from octane.risk.facts import Listing
from octane.risk.seen import ip_keys, ip_tag, number, tag_key
from octane.store.items import Item, Key
from octane.store.store import Store, until_settled
from octane.store.writes import Condition, Is, Missing, Update

_TAG = re.compile(r"[A-Z][A-Z2-7]{25}")


class ListValueError(InputError):
    code = "LIST_VALUE_INVALID"
    summary = (
        "A user is listed by id, an address as it is written, a device or a card by its tag in a decision "
        "(GET /api/v1/risk/decisions)."
    )


class ListEntryNotFoundError(NotFoundError):
    code = "LIST_ENTRY_NOT_FOUND"
    summary = "The list has no such entry."


class ListName(StrEnum):
    USER = "user"
    DEVICE = "device"
    IP = "ip"
    CARD = "card"


class ListEntry(NamedTuple):
    name: ListName
    value: str
    listing: Listing
    reason: str
    by: str
    at: Instant


class ListDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...


LETTERS = {ListName.USER: "UE", ListName.DEVICE: "D", ListName.CARD: "N", ListName.IP: "I"}


def set_entry(
    deps: ListDeps, caller: Caller, name: ListName, value: str, listing: Listing, reason: str
) -> ListEntry:
    """Put a subject on a list, instead of what it was listed as. Two AWS calls; raises `ListValueError`."""
    return _change(deps, caller, name, value, listing, reason)


def remove_entry(deps: ListDeps, caller: Caller, name: ListName, value: str, reason: str) -> None:
    """Take a subject off its list. Two AWS calls; raises `ListValueError`, `ListEntryNotFoundError`."""
    _change(deps, caller, name, value, Listing.NONE, reason)


def _change(
    deps: ListDeps, caller: Caller, name: ListName, value: str, listing: Listing, reason: str
) -> ListEntry:
    caller.must_have(SETS_RISK)
    key = _key(name, value)

    def act() -> ListEntry:
        now, item = deps.clock.now(), deps.store.get(key) or {}
        before = str(item.get("list", Listing.NONE.value))
        if listing is Listing.NONE and before == Listing.NONE.value:
            raise ListEntryNotFoundError
        after = {"list": listing.value, "list_reason": reason, "list_by": caller.user_id, "list_at": now}
        done = act_of(
            caller,
            "change_risk_list",
            f"LIST#{name.value}#{key.pk}",
            str(number(item, "list_no")),
            now,
            reason=reason,
            before=state_digest({"list": before}),
            after=state_digest({"list": listing.value}),
        )
        removed = listing is Listing.NONE
        deps.store.commit(
            Update(
                key,
                when=_unchanged(item),
                assign={} if removed else after,
                add={"list_no": 1},
                remove=tuple(name for name in after if name in item) if removed else (),
            ),
            record(done),
        )
        return ListEntry(name, value, listing, reason, caller.user_id, now)

    return until_settled(act)


def _unchanged(item: Item) -> Condition:
    return Is("list_no", item["list_no"]) if "list_no" in item else Missing("list_no")


def _key(name: ListName, value: str) -> Key:
    if name is ListName.IP:
        tag = ip_tag(value)
        if not tag:
            raise ListValueError
        return ip_keys(tag)[0]
    if not _TAG.fullmatch(value) or value[0] not in LETTERS[name]:
        raise ListValueError
    return tag_key(value)
