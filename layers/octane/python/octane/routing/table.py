"""Routing's decision table: which row speaks for a method, and its terms (PY5)."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from octane.channels.port import ChannelName, PaymentMethod
from octane.kernel.money import MAX_FEN, Fen
from octane.routing.rules import PPM, Platform
from octane.rulebook.errors import RulesTableError
from octane.rulebook.tables import WORDS, Layout, Table, matcher, read_table, whole_cell

INPUTS = ("platform", "method", "channel", "amount_fen", "currency", "merchant")
VOCABULARY: Mapping[str, frozenset[str]] = {
    "platform": frozenset(Platform),
    "method": frozenset(PaymentMethod),
    "channel": frozenset(ChannelName),
    "amount_fen": frozenset(),
}
RANGES: Mapping[str, tuple[int, int]] = {
    "fee_ppm": (0, PPM),
    "fee_min_fen": (0, MAX_FEN),
    "max_single_fen": (1, MAX_FEN),
    "priority": (0, 1_000),
}
OUTPUTS = ("enabled", *RANGES)
DEFAULT_PRIORITY = 100


class Terms(NamedTuple):
    """What a row says about the methods it matches. Amounts in fen, the fee in parts per million."""

    row: int
    enabled: bool
    fee_ppm: int
    fee_min_fen: Fen
    max_single_fen: Fen
    priority: int


Case = tuple[str, str, str, int, str, str]
"""What one method's row is looked up by, in the order of `INPUTS`."""
SAMPLE: Case = ("H5", "WECHAT_NATIVE", "WECHAT", 1, "CNY", "")
LAYOUT = Layout(
    sample=dict(zip(INPUTS, SAMPLE, strict=True)),
    vocabulary=VOCABULARY,
    outputs=OUTPUTS,
    required=("enabled", "fee_ppm"),
    policy="first",
    words=WORDS.union(INPUTS),
)

Matcher = Callable[[Sequence[Case]], list[Terms | None]]


@lru_cache(maxsize=4)
def compiled(table: str) -> Matcher:
    """Compile a table (JSON text) once; raise `RulesTableError`.

    The matcher looks up all cases in one evaluation and answers in their order, None where no row matches.
    """
    read = read_table(table, LAYOUT)
    terms = [_terms(number, read) for number in range(len(read.rows))]
    rows_of = matcher(read)

    def match(cases: Sequence[Case]) -> list[Terms | None]:
        return [terms[rows[0]] if rows else None for rows in rows_of(cases)]

    return match


def _terms(number: int, table: Table) -> Terms:
    row = table.rows[number]
    enabled = row["enabled"]
    if enabled not in {"true", "false"}:
        raise RulesTableError(f"table.rules[{number}].enabled: true or false is wanted")

    def whole(field: str, default: int | None) -> int:
        return whole_cell(row, number, field, RANGES[field], default)

    return Terms(
        row=number,
        enabled=enabled == "true",
        fee_ppm=whole("fee_ppm", None),
        fee_min_fen=Fen(whole("fee_min_fen", 0)),
        max_single_fen=Fen(whole("max_single_fen", MAX_FEN)),
        priority=whole("priority", DEFAULT_PRIORITY),
    )
