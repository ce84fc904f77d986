"""Account numbers: what people type is read as its biller writes it, or refused (FU2)."""

import pytest

from octane.billers.accounts import BillAccountInvalidError, check_account, masked
from octane.billers.names import Biller


@pytest.mark.parametrize(
    ("biller", "typed", "number"),
    [
        (Biller.ELECTRICITY, "1100 2345 6781 2345", "1100234567812345"),
        (Biller.WATER, "２０２６００１２", "20260012"),
        (Biller.GAS, "3301-2345-678", "33012345678"),
        (Biller.PROPERTY, "jghy-0302-1201", "JGHY03021201"),
        (Biller.PARKING, "京A12345", "京A12345"),
        (Biller.PARKING, "京a·12345", "京A12345"),
        (Biller.PARKING, "粤Z1234港", "粤Z1234港"),
        (Biller.PARKING, "京AD12345", "京AD12345"),
        (Biller.PARKING, "沪AF01234", "沪AF01234"),
        (Biller.PARKING, "粤B12345D", "粤B12345D"),
    ],
)
def test_a_number_is_read_as_its_biller_writes_it(biller: Biller, typed: str, number: str) -> None:
    assert check_account(biller, typed) == number
    assert check_account(biller, number) == number


@pytest.mark.parametrize(
    ("biller", "typed"),
    [
        *(
            (biller, text)
            for biller in Biller
            for text in ("", "1234567", "1" * 21, "1234 567x!", "x" * 1_000)
        ),
        *((biller, "ABCD1234") for biller in (Biller.ELECTRICITY, Biller.WATER, Biller.GAS)),
        (Biller.WATER, "٠١٢٣٤٥٦٧"),
        (Biller.PROPERTY, "JGHY_0302"),
        (Biller.PARKING, "A12345"),
        (Biller.PARKING, "京112345"),
        (Biller.PARKING, "龙A12345"),
        (Biller.PARKING, "京A1234"),
        (Biller.PARKING, "京A123456"),
        (Biller.PARKING, "京I12345"),
        (Biller.PARKING, "京A1234O"),
        (Biller.PARKING, "京AL12345"),
        (Biller.PARKING, "京A12345L"),
        (Biller.PARKING, "京AD1234X"),
        (Biller.PARKING, "港A12345"),
    ],
    ids=ascii,
)
def test_what_is_no_number_is_refused(biller: Biller, typed: str) -> None:
    with pytest.raises(BillAccountInvalidError) as refused:
        check_account(biller, typed)
    assert (refused.value.code, refused.value.status) == ("ACCOUNT_INVALID", 400)


@pytest.mark.parametrize(
    ("number", "shown"), [("1100234567812345", "************2345"), ("京AD12345", "****2345")]
)
def test_four_characters_are_shown(number: str, shown: str) -> None:
    assert masked(number) == shown
