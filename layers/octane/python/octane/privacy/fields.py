"""What is sealed in an item, and how it comes under the present key (SE1).

Sealed texts are found wherever they stand, by their form and by a key that there is: what only looks like one
is somebody's own words. Which field and which owner they were sealed for, the item itself tells: its
partition or one of `OWNERS`. What was written before fields were sealed is known by its place, in `PLAIN`.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from octane.kernel.ids import derive_id
from octane.kernel.vault import Field, Vault, is_sealed, mask_card, masked_name, masked_phone
from octane.privacy.keys import KeyGoneError
from octane.privacy.vault import key_of
from octane.store.items import Item, Table, Value
from octane.wire.aead import SealBrokenError

TABLES = (Table.IDENTITY, Table.ORDERS, Table.BILLS)
"""Where anything is sealed."""
OWNERS = ("pk", "user_id", "account_id", "enterprise_id", "owner", "sk")


class _Plain(NamedTuple):
    field: Field
    sealed_as: str = ""
    """The attribute that takes the sealed text; empty: the same one."""
    masked_as: str = ""
    index_as: str = ""
    tag: str = ""
    """The letter of an id that the index derives from, where not the index itself is kept."""


PLAIN: Mapping[tuple[Table, str], Mapping[str, _Plain]] = {
    (Table.IDENTITY, "CARD#"): {
        "number": _Plain(Field.CARD_NUMBER, masked_as="number_masked", index_as="tag", tag="N"),
        "holder_name": _Plain(Field.REAL_NAME, masked_as="holder_masked"),
        "holder_phone": _Plain(Field.PHONE),
    },
    (Table.IDENTITY, "#USER"): {
        "phone": _Plain(Field.PHONE, "phone_sealed", "phone_masked", "phone_index"),
    },
    (Table.ORDERS, "#ORDER"): {
        "card_number": _Plain(Field.CARD_NUMBER, masked_as="card_masked"),
        "holder_name": _Plain(Field.REAL_NAME),
        "holder_phone": _Plain(Field.PHONE),
    },
}
MASKS = {Field.CARD_NUMBER: mask_card, Field.REAL_NAME: masked_name, Field.PHONE: masked_phone}


class Renewal(NamedTuple):
    """How an item changes. `closed`: a sealed text in it could not be opened."""

    assign: dict[str, Value]
    remove: tuple[str, ...] = ()
    closed: bool = False


def renewal(vault: Vault, old: frozenset[str], table: Table, item: Item) -> Renewal:
    """What brings an item from the `old` keys under the present one: nothing to assign or remove when it is
    there already."""
    (assign, remove), closed = _moved_over(vault, table, item), False
    owners = owners_of(item)
    for name, value in item.items():
        if any(key_of(text) in old for text in texts_in(value)):
            try:
                assign[name] = _renewed(vault, old, owners, value)
            except (SealBrokenError, KeyGoneError):
                closed = True
    return Renewal(assign, remove, closed)


def is_current(old: frozenset[str], table: Table, item: Item) -> bool:
    """Whether nothing in an item is plain that should be sealed, or sealed under an old key."""
    plain = any(_is_plain(item, name) for name in _plain_in(table, item))
    return not plain and not any(key_of(text) in old for value in item.values() for text in texts_in(value))


def opened(vault: Vault, owners: list[str], text: str) -> tuple[Field, str, str]:
    """Open a sealed text for whichever field and owner it was sealed: field, owner and plain text.

    Raises `SealBrokenError`, `KeyGoneError`.
    """
    for owner in owners:
        for field in Field:
            try:
                return field, owner, vault.open(field, owner, text)
            except SealBrokenError:
                continue
    raise SealBrokenError("for nobody that the item names")


def owners_of(item: Item) -> list[str]:
    """Whom an item names; a sort key of several parts names with each."""
    named = [part for name in OWNERS for part in str(item.get(name, "")).split("#")]
    whole = [str(item.get(name, "")) for name in OWNERS]
    return list(dict.fromkeys(text for text in (*whole, *named) if text))


def texts_in(value: Value) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for part in value:
                yield from texts_in(part)
        case dict():
            for part in value.values():
                yield from texts_in(part)


def _renewed(vault: Vault, old: frozenset[str], owners: list[str], value: Value) -> Value:
    match value:
        case str() if key_of(value) in old:
            field, owner, plain = opened(vault, owners, value)
            return vault.seal(field, owner, plain)
        case list():
            return [_renewed(vault, old, owners, part) for part in value]
        case dict():
            return {name: _renewed(vault, old, owners, part) for name, part in value.items()}
    return value


def _moved_over(vault: Vault, table: Table, item: Item) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Seal what is plain, with the mask and the blind index that its readers now expect."""
    assign: dict[str, Value] = {}
    remove: list[str] = []
    owner = str(item.get("user_id") or item["pk"])
    for name, known in _plain_in(table, item).items():
        if not _is_plain(item, name):
            continue
        plain = str(item[name])
        assign[known.sealed_as or name] = vault.seal(known.field, owner, plain)
        if known.masked_as:
            assign[known.masked_as] = MASKS[known.field](plain)
        if known.index_as:
            index = vault.blind_index(known.field, plain)
            assign[known.index_as] = derive_id(known.tag, index) if known.tag else index
        if known.sealed_as:
            remove.append(name)
    return assign, tuple(remove)


def _plain_in(table: Table, item: Item) -> Mapping[str, _Plain]:
    sort = str(item["sk"])
    for (of, start), names in PLAIN.items():
        if of is table and sort.startswith(start):
            return names
    return {}


def _is_plain(item: Item, name: str) -> bool:
    text = item.get(name)
    return isinstance(text, str) and text != "" and not is_sealed(text)
