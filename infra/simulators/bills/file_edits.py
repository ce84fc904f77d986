"""Discrepancies of files: of the draft, of its bytes, and of what these are packed into."""

import gzip
import re
from collections.abc import Callable
from random import Random

from simulators.bills.rows import Draft

COUNT = re.compile(r"(?<=`)\d+(?=\.0,)|\d+(?=笔)|(?<=total,)\d+")
SUM = re.compile(r"(?<=,`)\d+\.\d\d|(?<=共)-?\d+\.\d\d(?=元)|(?<=\d,)\d+\.\d\d")
FEE_SUM = 4
"""Where WeChat Pay's summary has the fees."""
PAGE = b"<html><body>Service Unavailable</body></html>"
TICK = "`"


def columns_in_another_order(draft: Draft, random: Random) -> Draft:
    order = random.sample(range(len(draft.columns)), len(draft.columns))
    return draft._replace(
        columns=tuple(draft.columns[place] for place in order),
        rows=tuple(tuple(row[place] for place in order) for row in draft.rows),
    )


def extra_column(draft: Draft, random: Random) -> Draft:
    """One that nobody knows, in the middle."""
    middle = len(draft.columns) // 2
    cell = f"{TICK if draft.rows[0][0].startswith(TICK) else ''}x"
    return draft._replace(
        columns=(*draft.columns[:middle], "新列", *draft.columns[middle:]),
        rows=tuple((*row[:middle], cell, *row[middle:]) for row in draft.rows),
    )


def missing_column(draft: Draft, random: Random) -> Draft:
    """Without the column of the fee: every format has it, and nothing else tells it."""
    gone = next(
        place for place, name in enumerate(draft.columns) if name in ("手续费", "服务费（元）", "fee")
    )
    return draft._replace(
        columns=(*draft.columns[:gone], *draft.columns[gone + 1 :]),
        rows=tuple((*row[:gone], *row[gone + 1 :]) for row in draft.rows),
    )


def column_twice(draft: Draft, random: Random) -> Draft:
    return draft._replace(
        columns=(*draft.columns, draft.columns[0]), rows=tuple((*row, row[0]) for row in draft.rows)
    )


def titles_exchanged(draft: Draft, random: Random) -> Draft:
    """Two titles exchanged and the cells not: an amount where a moment should be."""
    amount, at = next(
        (draft.columns.index(first), draft.columns.index(second))
        for first, second in (("手续费", "交易时间"), ("服务费（元）", "完成时间"), ("fee", "finished_at"))
        if first in draft.columns
    )
    columns = list(draft.columns)
    columns[amount], columns[at] = columns[at], columns[amount]
    return draft._replace(columns=tuple(columns))


def untitled(draft: Draft, random: Random) -> Draft:
    return draft._replace(columns=())


def cell_missing(draft: Draft, random: Random) -> Draft:
    place = random.randrange(len(draft.rows))
    rows = list(draft.rows)
    rows[place] = rows[place][:-1]
    return draft._replace(rows=tuple(rows))


def cell_too_many(draft: Draft, random: Random) -> Draft:
    place = random.randrange(len(draft.rows))
    rows = list(draft.rows)
    rows[place] = (*rows[place], rows[place][-1])
    return draft._replace(rows=tuple(rows))


def blank_line(draft: Draft, random: Random) -> Draft:
    place = random.randrange(1, len(draft.rows))
    return draft._replace(rows=(*draft.rows[:place], ("",), *draft.rows[place:]))


def other_line_ends(draft: Draft, random: Random) -> Draft:
    return draft._replace(line_end="\n" if draft.line_end == "\r\n" else "\r\n")


def other_mark(draft: Draft, random: Random) -> Draft:
    """Without the byte order mark where there is one."""
    return draft._replace(mark=not draft.mark)


def count_lies(draft: Draft, random: Random) -> Draft:
    return _tail(draft, COUNT, lambda text: str(int(text) + 1))


def sum_lies(draft: Draft, random: Random) -> Draft:
    return _tail(draft, SUM, lambda text: f"{text[:-1]}{(int(text[-1]) + 1) % 10}")


def fees_lie(draft: Draft, random: Random) -> Draft:
    titles, sums = draft.tail
    cells = sums.split(",")
    cells[FEE_SUM] = f"{TICK}{int(cells[FEE_SUM][1:-6]) + 1}{cells[FEE_SUM][-6:]}"
    return draft._replace(tail=(titles, ",".join(cells)))


def summary_missing(draft: Draft, random: Random) -> Draft:
    return draft._replace(tail=())


def summary_twice(draft: Draft, random: Random) -> Draft:
    return draft._replace(tail=draft.tail * 2)


def row_after_the_summary(draft: Draft, random: Random) -> Draft:
    """The last row changes its place with the summary."""
    return draft._replace(rows=draft.rows[:-1], tail=(*draft.tail, draft.separator.join(draft.rows[-1])))


def semicolons(draft: Draft, random: Random) -> Draft:
    return draft._replace(separator=";")


def row_lost(draft: Draft, random: Random) -> Draft:
    """A row is lost on the way: the summary still counts it."""
    place = random.randrange(len(draft.rows))
    return draft._replace(rows=(*draft.rows[:place], *draft.rows[place + 1 :]))


def in_utf8(draft: Draft, random: Random) -> Draft:
    return draft._replace(encoding="utf-8")


def in_gbk(draft: Draft, random: Random) -> Draft:
    return draft._replace(encoding="gbk", mark=False)


def in_utf16(draft: Draft, random: Random) -> Draft:
    return draft._replace(encoding="utf-16", mark=False)


def cut_in_a_row(text: bytes, draft: Draft, random: Random) -> bytes:
    """The file ends within a row."""
    first = len(draft.head) + bool(draft.columns)
    place = first + random.randrange(len(draft.rows))
    lines = text.split(b"\n")
    return b"\n".join([*lines[:place], lines[place][: len(lines[place]) // 2]])


def cut_after_a_row(text: bytes, draft: Draft, random: Random) -> bytes:
    """The file ends between two rows: no row looks wrong."""
    first = len(draft.head) + bool(draft.columns)
    place = first + random.randrange(1, len(draft.rows))
    return b"\n".join([*text.split(b"\n")[:place], b""])


def cut_in_the_summary(text: bytes, draft: Draft, random: Random) -> bytes:
    """The file ends within its last but one line of sums, or its only one."""
    lines = text.split(b"\n")
    place = len(lines) - 1 - max(1, len(draft.tail) - 1)
    return b"\n".join([*lines[:place], lines[place][: len(lines[place]) // 2]])


def byte_of_no_text(text: bytes, draft: Draft, random: Random) -> bytes:
    """A byte that is text in neither UTF-8 nor GBK, within a row."""
    first = len(draft.head) + bool(draft.columns)
    lines = text.split(b"\n")
    place = first + random.randrange(len(draft.rows))
    lines[place] = lines[place][:5] + b"\xff" + lines[place][6:]
    return b"\n".join(lines)


def cut_archive(packed: bytes, random: Random) -> bytes:
    return packed[: len(packed) * 2 // 3]


def unpacked(packed: bytes, random: Random) -> bytes:
    return gzip.decompress(packed)


def emptied(packed: bytes, random: Random) -> bytes:
    return b""


def page_instead(packed: bytes, random: Random) -> bytes:
    """What a proxy says when the file's host is away."""
    return PAGE


def _tail(draft: Draft, pattern: re.Pattern[str], change: Callable[[str], str]) -> Draft:
    text = pattern.sub(lambda found: change(found[0]), "\n".join(draft.tail), count=1)
    return draft._replace(tail=tuple(text.split("\n")))
