"""Fuel cards."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, Text, View
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.cards.cards import Card


class CardView(View):
    card_id: str
    issuer: str
    number_masked: str
    holder_name: str = Field(description="Masked: its last character.")
    bound_at: str

    @classmethod
    def of(cls, card: "Card") -> "CardView":
        return cls(
            card_id=card.card_id,
            issuer=card.issuer.value,
            number_masked=card.number_masked,
            holder_name=card.holder_masked,
            bound_at=rfc3339(card.bound_at),
        )


class CardList(View):
    cards: list[CardView]


class BindCard(Body):
    number: Annotated[
        str, Field(max_length=32, description="Sinopec: 19 digits from 100011; PetroChina: 16 from 90.")
    ]
    holder_name: Text
