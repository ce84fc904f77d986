"""How a customer wants to pay: what may be chosen."""

from typing import NamedTuple

from octane.channels.port import PaymentMethod
from octane.kernel.caller import Caller
from octane.kernel.errors import InputError
from octane.kernel.ids import digest_of
from octane.kernel.money import Fen
from octane.orders.model import Dossier, OrderStateError
from octane.orders.states import OrderKind


class PayerMissingError(InputError):
    code = "PAYER_MISSING"
    summary = "Paying inside an app needs an account that logged in through that app."


class PaymentChoiceError(InputError):
    code = "PAYMENT_CHOICE"
    summary = "Name a method, or the platform that you are on: one of the two."


class WalletPartError(InputError):
    code = "WALLET_PART"
    summary = "The wallet's part is less than what is to pay; to pay it all, choose WALLET_BALANCE."


class Choice(NamedTuple):
    """How the customer wants to pay: by a method, or by what routing finds for their platform."""

    method: PaymentMethod | None = None
    platform: str = ""
    wallet: Fen = Fen(0)
    """What the customer's balance shall give; a channel collects the rest."""


IN_APP = frozenset({PaymentMethod.WECHAT_JSAPI, PaymentMethod.ALIPAY_JSAPI})


def check(choice: Choice, caller: Caller, dossier: Dossier) -> None:
    """Refuse a choice that contradicts itself, its order or the caller."""
    if (choice.method is None) is (not choice.platform):
        raise PaymentChoiceError
    if choice.method in IN_APP and not payer_of(caller, choice.method):
        raise PayerMissingError
    uses_wallet = choice.wallet or choice.method is PaymentMethod.WALLET_BALANCE
    if uses_wallet and dossier.order.kind is OrderKind.WALLET:
        raise OrderStateError("The wallet cannot pay for its own top-up.")
    if not 0 <= choice.wallet < dossier.order.payable:
        raise WalletPartError
    if choice.wallet and choice.method is PaymentMethod.WALLET_BALANCE:
        raise WalletPartError


def payer_of(caller: Caller, method: PaymentMethod) -> str:
    """Who the caller is to the channel that they pay inside of; empty for the other ways to pay."""
    match method:
        case PaymentMethod.WECHAT_JSAPI:
            return caller.openid
        case PaymentMethod.ALIPAY_JSAPI:
            return caller.alipay_id
        case _:
            return ""


def digest(choice: Choice) -> str:
    words: dict[str, object] = {"method": choice.method.value if choice.method else choice.platform}
    return digest_of(words | ({"wallet": choice.wallet} if choice.wallet else {}))


def from_wallet(choice: Choice, dossier: Dossier) -> Fen:
    """What the customer's balance gives."""
    return dossier.order.payable if choice.method is PaymentMethod.WALLET_BALANCE else choice.wallet
