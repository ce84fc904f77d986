"""The customer's balance."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import AmountFen, Body, View

if TYPE_CHECKING:
    from octane.orders.wallet import Wallet


class TopUpWalletBody(Body):
    amount_fen: AmountFen


class WalletView(View):
    available_fen: int
    held_fen: int = Field(description="Set aside by payments that are open.")

    @classmethod
    def of(cls, wallet: "Wallet") -> "WalletView":
        return cls(available_fen=wallet.available, held_fen=wallet.held)
