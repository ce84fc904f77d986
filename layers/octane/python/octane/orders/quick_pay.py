"""Place an order and start its payment in one request: a card's top-up with its amount in yuan, or bills."""

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
from octane.orders.place import NOTHING_GIVEN, place_order
from octane.orders.risking import Given
from octane.orders.wanted import PlaceBillOrder, PlaceOrder

WORD = "payments/create "


class CardUnclearError(InputError):
    code = "CARD_UNCLEAR"
    summary = "Name the card (cardId): there is not exactly one bound to this account."


class PaymentTargetError(InputError):
    code = "PAYMENT_TARGET"
    summary = "Name an amount for a card, or an account's bills: one of the two."


class QuickPay(NamedTuple):
    """`amount` in yuan with at most two decimals; None where `bills` says what is to be paid. Without a card
    id the only bound card is meant."""

    user_id: str
    amount: Decimal | None
    method: PaymentMethod
    card_id: str | None = None
    bills: PlaceBillOrder | None = None
    coupon_ids: tuple[str, ...] = ()


def quick_pay(
    deps: Deps, caller: Caller, request: QuickPay, key: str, given: Given = NOTHING_GIVEN
) -> StartedPayment:
    """Do what `place_order` and `pay_order` do, under one key: sent again, it continues where it stopped."""
    caller.must_be(request.user_id)
    wanted = _wanted(deps, caller, request)
    dossier = place_order(deps, caller, wanted, key, given, WORD)
    return pay_order(deps, caller, dossier.order.order_id, Choice(request.method), key)


def _wanted(deps: Deps, caller: Caller, request: QuickPay) -> PlaceOrder | PlaceBillOrder:
    if request.bills is not None and request.amount is None and request.card_id is None:
        return request.bills
    if request.bills is not None or request.amount is None:
        raise PaymentTargetError
    amount = parse_yuan(request.amount)
    return PlaceOrder(request.card_id or _only_card(deps, caller.account_id), amount, request.coupon_ids)


def _only_card(deps: Deps, user_id: str) -> str:
    cards = list_cards(deps.store, user_id)
    if len(cards) != 1:
        raise CardUnclearError
    return cards[0].card_id
