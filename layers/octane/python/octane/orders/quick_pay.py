"""Place an order and start its payment in one request, the amount in yuan."""

from decimal import Decimal
from typing import NamedTuple

from octane.cards.cards import list_cards
from octane.channels.port import PaymentMethod
from octane.kernel.caller import Caller
from octane.kernel.errors import InputError
from octane.kernel.money import parse_yuan
from octane.orders.choices import Choice
from octane.orders.deps import Deps
from octane.orders.pay import StartedPayment, pay_order
from octane.orders.place import NOTHING_GIVEN, PlaceOrder, place_order
from octane.orders.risking import Given


class CardUnclearError(InputError):
    code = "CARD_UNCLEAR"
    summary = "Name the card (cardId): there is not exactly one bound to this account."


class QuickPay(NamedTuple):
    """`amount` in yuan with at most two decimals. Without a card id the only bound card is meant."""

    user_id: str
    amount: Decimal
    method: PaymentMethod
    card_id: str | None


def quick_pay(
    deps: Deps, caller: Caller, request: QuickPay, key: str, given: Given = NOTHING_GIVEN
) -> StartedPayment:
    """Do what `place_order` and `pay_order` do, under one key: sent again, it continues where it stopped."""
    caller.must_be(request.user_id)
    amount = parse_yuan(request.amount)
    card_id = request.card_id or _only_card(deps, caller.account_id)
    wanted = PlaceOrder(card_id, amount)
    dossier = place_order(deps, caller, wanted, f"payments/create {key}", given)
    return pay_order(deps, caller, dossier.order.order_id, Choice(request.method), key)


def _only_card(deps: Deps, user_id: str) -> str:
    cards = list_cards(deps.store, user_id)
    if len(cards) != 1:
        raise CardUnclearError
    return cards[0].card_id
