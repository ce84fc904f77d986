"""Fuel-card numbers and amounts (FU1)."""

import pytest

from octane.issuers.cards import (
    AmountNotOfferedError,
    CardNumberInvalidError,
    check_offered,
    issuer_of,
)
from octane.issuers.names import Issuer
from octane.kernel.money import Fen
from octane.kernel.vault import mask_card

SINOPEC = "1000111100001234567"
PETROCHINA = "9012345678901234"


def test_whose_card_it_is():
    assert issuer_of(SINOPEC) is Issuer.SINOPEC
    assert issuer_of(PETROCHINA) is Issuer.PETROCHINA


@pytest.mark.parametrize(
    "number",
    [
        "",
        SINOPEC[:-1],
        SINOPEC + "0",
        "1000121100001234567",
        PETROCHINA[:-1],
        PETROCHINA + "0",
        "8012345678901234",
        SINOPEC + "\n",
        " " + PETROCHINA,
        "100011110000123456x",
        "100011" + "\u0661" * 13,
        "90" + "\uff10" * 14,
    ],
)
def test_numbers_that_are_no_cards(number):
    with pytest.raises(CardNumberInvalidError) as refused:
        issuer_of(number)
    assert (refused.value.code, refused.value.status) == ("CARD_NUMBER_INVALID", 400)
    assert not number or number not in refused.value.message


@pytest.mark.parametrize(("amount", "step"), [(1, 1), (10_000, 100), (200_000, 10_000)])
def test_amounts_on_the_step(amount, step):
    check_offered(Issuer.SINOPEC, Fen(amount), step)


@pytest.mark.parametrize(("amount", "step"), [(0, 1), (-100, 100), (10_001, 100), (99, 100)])
def test_amounts_off_the_step(amount, step):
    with pytest.raises(AmountNotOfferedError) as refused:
        check_offered(Issuer.SINOPEC, Fen(amount), step)
    assert (refused.value.code, refused.value.status) == ("AMOUNT_NOT_OFFERED", 400)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (SINOPEC, "100011*********4567"),
        (PETROCHINA, "901234******1234"),
        ("1234567890", "**********"),
        ("12345678901", "123456*8901"),
        ("", ""),
    ],
)
def test_masking(number, shown):
    assert mask_card(number) == shown
