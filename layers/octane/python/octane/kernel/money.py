"""Money is integer fen (1 CNY = 100 fen); yuan exists only at a wire edge (LG1, PY9)."""

from decimal import Decimal
from typing import NewType

from octane.kernel.errors import AmountInvalidError

Fen = NewType("Fen", int)

DECIMALS = 2
MAX_FEN = Fen(10**13)
"""One hundred billion CNY: no honest amount reaches it, and a JSON number holds it exactly."""


def fen(value: object) -> Fen:
    """Return `value` as a positive amount, or raise `AmountInvalidError`.

    A bool is an int in Python and is refused: `true` is not one fen.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_FEN:
        raise AmountInvalidError
    return Fen(value)


def parse_yuan(value: Decimal | str) -> Fen:
    """Read yuan with at most two decimals, exactly: `19.99` is 1999 fen.

    >>> parse_yuan(Decimal("19.99"))
    1999
    """
    amount = _decimal(value)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -DECIMALS or not 0 < amount <= MAX_FEN // 100:
        raise AmountInvalidError
    return fen(int(amount * 100))


def format_yuan(amount: int) -> str:
    """Write fen as yuan with two decimals: 1999 is `19.99`."""
    sign, magnitude = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{magnitude // 100}.{magnitude % 100:02d}"


def _decimal(value: Decimal | str) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        return Decimal(value)
    except ArithmeticError:
        raise AmountInvalidError from None
