"""Bind, list and unbind fuel cards (ID2, FU1). The card id derives from the person and the number."""

from dataclasses import dataclass

from octane.issuers.cards import issuer_of
from octane.issuers.names import Issuer
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import NotFoundError
from octane.kernel.ids import derive_id, digest_of
from octane.store.items import Item, Key, Query, Table
from octane.store.replays import ReplayedError, recall, remember, replay_key
from octane.store.store import Store
from octane.store.writes import Absent, Delete, Exists, Put, any_of

LISTED_CARDS = 50


class CardNotFoundError(NotFoundError):
    code = "CARD_NOT_FOUND"
    summary = "There is no such card, or it is not yours."


@dataclass(frozen=True, slots=True)
class Card:
    card_id: str
    user_id: str
    number: str
    issuer: Issuer
    holder_name: str
    holder_phone: str
    """The person's phone when the card was bound: issuers ask for it with every recharge."""
    bound_at: Instant


def card_key(user_id: str, card_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"CARD#{card_id}")


def bind_card(
    store: Store, clock: Clock, user_id: str, phone: str, number: str, holder_name: str, key: str
) -> Card:
    """Bind a card to a person; binding it again only renews the holder's name.

    Raises `CardNumberInvalidError` for a number no issuer uses, `KeyReusedError` for another body under the
    key.
    """
    issuer = issuer_of(number)
    card = Card(derive_id("C", user_id, number), user_id, number, issuer, holder_name, phone, clock.now())
    record = replay_key(Table.IDENTITY, user_id, "bind_card", key)
    digest = digest_of({"number": number, "holder_name": holder_name})
    item: Item = {
        "number": number,
        "issuer": issuer.value,
        "holder_name": holder_name,
        "holder_phone": phone,
        "bound_at": card.bound_at,
    }
    try:
        store.commit(
            remember(record, digest, card.card_id, card.bound_at),
            Put(card_key(user_id, card.card_id), item, when=any_of(Absent(), Exists())),
        )
    except ReplayedError:
        return get_card(store, user_id, recall(store, record, digest))
    return card


def get_card(store: Store, user_id: str, card_id: str) -> Card:
    """Return a person's card; another person's card does not exist for them."""
    item = store.get(card_key(user_id, card_id))
    if item is None:
        raise CardNotFoundError
    return _card_of(item)


def list_cards(store: Store, user_id: str) -> list[Card]:
    page = store.query(Query(Table.IDENTITY, user_id, "CARD#", "CARD~", limit=LISTED_CARDS))
    return [_card_of(item) for item in page.items]


def unbind_card(store: Store, user_id: str, card_id: str) -> None:
    """Forget a card. Orders placed with it keep what they need of it."""
    store.commit(Delete(card_key(user_id, card_id), when=Exists(), otherwise=CardNotFoundError()))


def _card_of(item: Item) -> Card:
    return Card(
        card_id=str(item["sk"]).removeprefix("CARD#"),
        user_id=str(item["pk"]),
        number=str(item["number"]),
        issuer=Issuer(str(item["issuer"])),
        holder_name=str(item["holder_name"]),
        holder_phone=str(item["holder_phone"]),
        bound_at=Instant(int(str(item["bound_at"]))),
    )
