"""Bind, list and unbind fuel cards (ID2, FU1, SE1).

The number and its holder are sealed for the account; a masked copy is kept for views, so that nothing is
opened to show a card or to place an order with it. The card id derives from the account and the number's
blind index: it leads nobody to the number. Cards bound before that keep their id.
"""

from dataclasses import dataclass
from typing import Protocol

from octane.issuers.cards import issuer_of
from octane.issuers.names import Issuer
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import NotFoundError
from octane.kernel.ids import derive_id, digest_of
from octane.kernel.vault import Field, Vault, is_sealed, mask_card, masked_name
from octane.store.items import Item, Key, Query, Table
from octane.store.replays import ReplayedError, recall, remember, replay_key
from octane.store.store import Store
from octane.store.writes import ANYWAY, Delete, Exists, Put

LISTED_CARDS = 50


class CardNotFoundError(NotFoundError):
    code = "CARD_NOT_FOUND"
    summary = "There is no such card, or it is not yours."


class CardDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def vault(self) -> Vault: ...


@dataclass(frozen=True, slots=True)
class Card:
    """`number`, `holder_name` and `holder_phone` are sealed for `user_id`, the account that owns the card
    (plain in what was bound before fields were sealed)."""

    card_id: str
    user_id: str
    number: str
    number_masked: str
    issuer: Issuer
    holder_name: str
    holder_masked: str
    holder_phone: str
    """The person's phone when the card was bound: issuers ask for it with every recharge."""
    bound_at: Instant
    tag: str = ""
    """The same for every account that binds this number: risk counts by it (RK2). Empty in older cards."""


def card_key(user_id: str, card_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"CARD#{card_id}")


def bind_card(deps: CardDeps, user_id: str, phone: str, number: str, holder_name: str, key: str) -> Card:
    """Bind a card to an account; binding it again only renews its holder.

    Two AWS calls beside those of a cold vault. Raises `CardNumberInvalidError` for a number no issuer uses,
    `KeyReusedError` for another body under the key.
    """
    issuer, vault, now = issuer_of(number), deps.vault, deps.clock.now()
    index = vault.blind_index(Field.CARD_NUMBER, number)
    card_id = _card_id(deps.store, user_id, number, index)
    record = replay_key(Table.IDENTITY, user_id, "bind_card", key)
    digest = digest_of({"number": index, "holder_name": vault.blind_index(Field.REAL_NAME, holder_name)})
    item: Item = {
        "number": vault.seal(Field.CARD_NUMBER, user_id, number),
        "number_masked": mask_card(number),
        "issuer": issuer.value,
        "holder_name": vault.seal(Field.REAL_NAME, user_id, holder_name),
        "holder_masked": masked_name(holder_name),
        "holder_phone": vault.seal(Field.PHONE, user_id, phone),
        "bound_at": now,
        "tag": derive_id("N", index),
    }
    place = card_key(user_id, card_id)
    try:
        deps.store.commit(remember(record, digest, card_id, now), Put(place, item, when=ANYWAY))
    except ReplayedError:
        return get_card(deps.store, user_id, recall(deps.store, record, digest))
    return card_of({**item, "pk": place.pk, "sk": place.sk})


def _card_id(store: Store, user_id: str, number: str, index: str) -> str:
    """Once, ids derived from the number itself: a card that has such an id keeps it."""
    first = derive_id("C", user_id, number)
    known = store.get(card_key(user_id, first)) is not None
    return first if known else derive_id("C", user_id, index)


def get_card(store: Store, user_id: str, card_id: str) -> Card:
    """Return an account's card; another account's card does not exist for it."""
    item = store.get(card_key(user_id, card_id))
    if item is None:
        raise CardNotFoundError
    return card_of(item)


def list_cards(store: Store, user_id: str) -> list[Card]:
    page = store.query(Query(Table.IDENTITY, user_id, "CARD#", "CARD~", limit=LISTED_CARDS))
    return [card_of(item) for item in page.items]


def unbind_card(store: Store, user_id: str, card_id: str) -> None:
    """Forget a card. Orders placed with it keep what they need of it."""
    store.commit(Delete(card_key(user_id, card_id), when=Exists(), otherwise=CardNotFoundError()))


def card_of(item: Item) -> Card:
    """Read a card back from the table."""
    number, holder = str(item["number"]), str(item["holder_name"])
    return Card(
        card_id=str(item["sk"]).removeprefix("CARD#"),
        user_id=str(item["pk"]),
        number=number,
        number_masked=str(item.get("number_masked") or _if_plain(number, mask_card(number))),
        issuer=Issuer(str(item["issuer"])),
        holder_name=holder,
        holder_masked=str(item.get("holder_masked") or _if_plain(holder, masked_name(holder))),
        holder_phone=str(item["holder_phone"]),
        bound_at=Instant(int(str(item["bound_at"]))),
        tag=str(item.get("tag", "")),
    )


def _if_plain(text: str, mask: str) -> str:
    return "" if is_sealed(text) else mask
