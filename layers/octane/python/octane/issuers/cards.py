"""Fuel-card numbers and the amounts that may be put on them (FU1)."""

import re

from octane.issuers.names import Issuer
from octane.kernel.errors import InputError
from octane.kernel.money import Fen

RULES = {
    Issuer.SINOPEC: re.compile(r"100011[0-9]{13}"),
    Issuer.PETROCHINA: re.compile(r"90[0-9]{14}"),
}


class CardNumberInvalidError(InputError):
    code = "CARD_NUMBER_INVALID"
    summary = "A Sinopec card has 19 digits from 100011; a PetroChina card has 16 digits from 90."


class AmountNotOfferedError(InputError):
    code = "AMOUNT_NOT_OFFERED"
    summary = "The card's issuer does not offer this amount."


def issuer_of(number: str) -> Issuer:
    """Return whose card it is; raise `CardNumberInvalidError`.

    >>> issuer_of("1000111100001234567")
    <Issuer.SINOPEC: 'SINOPEC'>
    """
    for issuer, rule in RULES.items():
        if rule.fullmatch(number):
            return issuer
    raise CardNumberInvalidError


def check_offered(issuer: Issuer, amount: Fen, step_fen: int) -> None:
    """Raise `AmountNotOfferedError` unless `amount` is a positive multiple of `step_fen` (fen)."""
    if amount <= 0 or amount % step_fen:
        raise AmountNotOfferedError(f"{issuer} is topped up in steps of {step_fen} fen.")
