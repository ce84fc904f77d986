"""Whether a price that a source tells is believed (ST2).

Out of `LEAST` … `MOST`: never. More than `JUMP_PERCENT` off the last good one: not before it was told in
`SIGHTINGS` pulls (the first one and the next two), or staff say so. Anything else at once.
"""

from typing import NamedTuple

from octane.kernel.clock import MINUTE, Instant
from octane.prices.model import Grade, Price, ProvincePrices, Reading, Suspect, fens_of

LEAST, MOST = 300, 2_000
"""Fen per litre."""
JUMP_PERCENT = 15
SIGHTINGS = 3
SPACING_MS = MINUTE
"""Schedules may fire twice: two sightings within it are one."""


class Judged(NamedTuple):
    after: ProvincePrices
    """With the next revision, and the next version if a price changed."""
    changed: bool
    suspected: tuple[Grade, ...]
    """Held back for the first time."""
    refused: tuple[Grade, ...]
    """Out of bounds, or no price at all."""


def is_plausible(fen: int) -> bool:
    return LEAST <= fen <= MOST


def is_jump(old: int, new: int) -> bool:
    return abs(new - old) * 100 > JUMP_PERCENT * old


def judge(known: ProvincePrices, reading: Reading, now: Instant) -> Judged:
    """Take what can be believed of a reading. A hole leaves the last good price, its age and its suspect."""
    prices, suspects = dict(known.prices), dict(known.suspects)
    suspected: list[Grade] = []
    refused: list[Grade] = [*reading.odd]
    for grade, fen in reading.prices.items():
        if not is_plausible(fen):
            refused.append(grade)
            continue
        before = prices.get(grade)
        if before is not None and is_jump(before.fen, fen):
            suspect = _seen(suspects.get(grade), fen, now)
            if suspect.seen < SIGHTINGS:
                if suspect.seen == 1 and suspect.at == now:
                    suspected.append(grade)
                suspects[grade] = suspect
                continue
        suspects.pop(grade, None)
        prices[grade] = Price(fen, now)
    changed = fens_of(prices) != fens_of(known.prices)
    after = known._replace(
        prices=prices,
        suspects=suspects,
        version=known.version + changed,
        revision=known.revision + 1,
    )
    return Judged(after, changed, tuple(suspected), tuple(refused))


def _seen(before: Suspect | None, fen: int, now: Instant) -> Suspect:
    """Another price than the one suspected starts anew."""
    if before is None or before.fen != fen:
        return Suspect(fen, 1, now)
    if now - before.at < SPACING_MS:
        return before
    return Suspect(fen, before.seen + 1, now)
