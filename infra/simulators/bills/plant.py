"""What a planted discrepancy is: what it does to a bill, to whose, and what is then true of the day.

The truth is told as reconciliation has to find it: a class for each line that it touches, or the code with
which the file has to be refused. A line that one side lacks is told as missing: that a miss so shortly before
the day's end counts as in transit until the next day is the rule of whoever reconciles.
"""

from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from simulators.bills.rows import Draft, Form, Heading, Row, RowKind, Rows

WECHAT, ALIPAY, UNIONPAY, JUHE = "WECHAT", "ALIPAY", "UNIONPAY", "JUHE"
BILLER = "WATER"
"""Stands for all billers: their files are alike."""
SETTLEMENTS = frozenset({JUHE, BILLER})
"""Whose files are written by `simulators.bills.settlement`."""
CHANNELS = frozenset({WECHAT, ALIPAY, UNIONPAY})
YUAN = frozenset({WECHAT, ALIPAY}) | SETTLEMENTS
"""Comma-separated, columns with names, amounts in yuan; UnionPay's is fixed in width, in fen."""
EVERYONE = CHANNELS | YUAN
LATE_MS = 30 * 60_000
"""What happens this shortly before a day's end may stand in the next day's bill."""
PROOF = "PROOF"
"""Instead of a code: the file can be read, and the day's sums must not come out."""
NO_CODE: Mapping[str, str] = MappingProxyType({})


class Truth(NamedTuple):
    """What has to be found of one line."""

    match_class: str
    kind: str
    """PAYMENT, REFUND or RECHARGE."""
    number: str
    fields: str = ""
    """Names of what differs, joined by commas, of a MISMATCH."""
    at: int = 0
    """When the line that stands alone says that it happened, epoch ms."""


class Edited(NamedTuple):
    rows: Rows
    truths: tuple[Truth, ...]
    later: Rows = ()
    """What the next day's bill has instead."""
    truths_later: tuple[Truth, ...] = ()


class Spot(NamedTuple):
    """Where a discrepancy goes: the row, and another one where it takes two."""

    source: str
    heading: Heading
    rows: Rows
    at: int
    other: int
    random: Random

    @property
    def row(self) -> Row:
        return self.rows[self.at]

    @property
    def second(self) -> Row:
        return self.rows[self.other]

    def put(self, *rows: Row) -> Rows:
        """The bill with other rows in the place of this one."""
        return (*self.rows[: self.at], *rows, *self.rows[self.at + 1 :])

    def added(self, row: Row) -> Rows:
        """The bill with one row more, somewhere."""
        place = self.random.randint(0, len(self.rows))
        return (*self.rows[:place], row, *self.rows[place:])


class Printed(NamedTuple):
    text: bytes
    packed: bytes
    """What the merchant downloads."""


class RowPlant(NamedTuple):
    """A discrepancy in what the company believes: its sums agree with it."""

    what: str
    edit: Callable[[Spot], Edited]
    sources: frozenset[str] = EVERYONE
    fits: Callable[[Row], bool] = lambda row: True
    pairs: Callable[[Row, Row], bool] | None = None
    """Whether two rows can be taken together; None where it takes one."""
    refused: Mapping[str, str] = NO_CODE
    """By source: the code with which the whole file has to be refused. The truth is then nothing else."""
    late: bool = False
    """Takes a row of the last half hour, not one before."""
    whole: bool = False
    """Takes the whole bill: no other discrepancy of rows goes with it."""


class FilePlant(NamedTuple):
    """A discrepancy of the file: what the company believes stays right."""

    what: str
    refused: Mapping[str, str] = NO_CODE
    """By source; a source that is not in it has to read the file and find nothing wrong with it."""
    sources: frozenset[str] = EVERYONE
    whole: Callable[[Heading, Rows], tuple[Heading, Rows]] | None = None
    draft: Callable[[Draft, Random], Draft] | None = None
    text: Callable[[bytes, Draft, Random], bytes] | None = None
    packed: Callable[[bytes, Random], bytes] | None = None
    wrong_digest: bool = False


def all_of(code: str, *sources: str) -> Mapping[str, str]:
    return dict.fromkeys(sources or EVERYONE, code)


def line_kind(row: Row) -> str:
    return RowKind.REFUND if row.kind is RowKind.VOID else row.kind


def lacking(row: Row) -> Truth:
    """The bill lacks the row."""
    return Truth("MISSING_THERE", line_kind(row), row.number, at=row.at)


def surplus(row: Row) -> Truth:
    """The merchant cannot know the row."""
    return Truth("MISSING_HERE", line_kind(row), row.number, at=row.at)


def twice(row: Row) -> Truth:
    return Truth("DUPLICATE_THERE", line_kind(row), row.number)


def differing(row: Row, *fields: str) -> Truth:
    return Truth("MISMATCH", line_kind(row), row.number, ",".join(fields))


def print_bill(
    form: Form, heading: Heading, rows: Rows, plants: Iterable[FilePlant] = (), random: Random | None = None
) -> Printed:
    """Write a bill with the discrepancies of files that it is to have."""
    chance = random or Random(0)  # noqa: S311 - no secret
    drafts, texts, packeds = [], [], []
    for plant in plants:
        if plant.whole is not None:
            heading, rows = plant.whole(heading, rows)
        drafts += [plant.draft] if plant.draft else []
        texts += [plant.text] if plant.text else []
        packeds += [plant.packed] if plant.packed else []
    draft = form.draft(heading, rows)
    for change in drafts:
        draft = change(draft, chance)
    text = draft.encode()
    for cut in texts:
        text = cut(text, draft, chance)
    packed = form.pack(heading, rows, text)
    for spoil in packeds:
        packed = spoil(packed, chance)
    return Printed(text, packed)


def find_spot(
    plant: RowPlant,
    source: str,
    heading: Heading,
    rows: Rows,
    random: Random,
    allowed: Callable[[Row], bool] = lambda row: True,
    number: str = "",
    *,
    early: bool = False,
) -> Spot | None:
    """Where a discrepancy can go among the rows that are allowed (and have the number); None when nowhere.

    In an `early` bill, of a day that is not over, the last rows are as good as any."""

    def fits(row: Row) -> bool:
        late = row.at >= heading.end - LATE_MS
        timely = late is plant.late or (early and late)
        return heading.holds(row.at) and timely and not row.said and allowed(row)

    usable = [place for place, row in enumerate(rows) if fits(row)]
    wanted = [place for place in usable if plant.fits(rows[place]) and number in ("", rows[place].number)]
    random.shuffle(wanted)
    for at in wanted:
        if plant.pairs is None:
            return Spot(source, heading, rows, at, at, random)
        others = [place for place in usable if place != at and plant.pairs(rows[at], rows[place])]
        if others:
            return Spot(source, heading, rows, at, random.choice(others), random)
    return None
