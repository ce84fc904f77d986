"""Every discrepancy of files, by name: what it does, to whose, and the code that has to refuse it."""

from simulators.bills import file_edits as edits
from simulators.bills.plant import (
    ALIPAY,
    PROOF,
    SETTLEMENTS,
    UNIONPAY,
    WECHAT,
    YUAN,
    FilePlant,
    all_of,
)
from simulators.bills.rows import DAY_MS, Heading, Rows

WEEK = 7
PACKED = frozenset({WECHAT, ALIPAY, UNIONPAY})
MARKED = frozenset({WECHAT}) | SETTLEMENTS


def of_last_week(heading: Heading, rows: Rows) -> tuple[Heading, Rows]:
    earlier = heading.earlier(WEEK)
    return earlier, tuple(row._replace(at=row.at - WEEK * DAY_MS) for row in rows)


def of_another(heading: Heading, rows: Rows) -> tuple[Heading, Rows]:
    merchant = f"{heading.merchant[:-1]}{(int(heading.merchant[-1]) + 1) % 10}"
    return heading._replace(merchant=merchant), tuple(row._replace(merchant=merchant) for row in rows)


FILE_PLANTS: dict[str, FilePlant] = {
    "columns_in_another_order": FilePlant(
        "the columns stand in another order", sources=YUAN, draft=edits.columns_in_another_order
    ),
    "extra_column": FilePlant("a column that nobody knows", sources=YUAN, draft=edits.extra_column),
    "missing_column": FilePlant("no column of fees", all_of("COLUMNS"), YUAN, draft=edits.missing_column),
    "column_twice": FilePlant("a column stands twice", all_of("COLUMNS"), YUAN, draft=edits.column_twice),
    "titles_exchanged": FilePlant(
        "the titles of two columns are exchanged", all_of("AMOUNT"), YUAN, draft=edits.titles_exchanged
    ),
    "no_titles": FilePlant("no line of titles", all_of("COLUMNS"), YUAN, draft=edits.untitled),
    "semicolons": FilePlant("semicolons for commas", all_of("COLUMNS"), YUAN, draft=edits.semicolons),
    "cell_missing": FilePlant("a row lacks its last cell", all_of("CELL_COUNT"), draft=edits.cell_missing),
    "cell_too_many": FilePlant("a row has a cell too many", all_of("CELL_COUNT"), draft=edits.cell_too_many),
    "blank_line": FilePlant("a blank line between two rows", all_of("CELL_COUNT"), draft=edits.blank_line),
    "other_line_ends": FilePlant("lines end in LF instead of CR LF", draft=edits.other_line_ends),
    "no_byte_order_mark": FilePlant("without its byte order mark", sources=MARKED, draft=edits.other_mark),
    "byte_order_mark": FilePlant(
        "a UTF-8 byte order mark before GBK",
        {ALIPAY: "ENCODING", UNIONPAY: "CELL_COUNT"},
        frozenset({ALIPAY, UNIONPAY}),
        text=lambda text, draft, random: b"\xef\xbb\xbf" + text,
    ),
    "in_utf8": FilePlant(
        "UTF-8 instead of GBK",
        {ALIPAY: "ENCODING", UNIONPAY: "CELL_COUNT"},
        frozenset({ALIPAY, UNIONPAY}),
        draft=edits.in_utf8,
    ),
    "in_gbk": FilePlant("GBK instead of UTF-8", all_of("ENCODING"), frozenset({WECHAT}), draft=edits.in_gbk),
    "in_utf16": FilePlant("UTF-16", all_of("ENCODING"), YUAN, draft=edits.in_utf16),
    "byte_of_no_text": FilePlant("a byte that no text has", all_of("ENCODING"), text=edits.byte_of_no_text),
    "count_lies": FilePlant("the summary counts one more", all_of(PROOF), YUAN, draft=edits.count_lies),
    "sum_lies": FilePlant("the summary is a fen off", all_of(PROOF), YUAN, draft=edits.sum_lies),
    "fees_lie": FilePlant(
        "the summary tells a yuan more of fees", all_of(PROOF), frozenset({WECHAT}), draft=edits.fees_lie
    ),
    "row_lost": FilePlant("a row is lost that the summary counts", all_of(PROOF), YUAN, draft=edits.row_lost),
    "summary_missing": FilePlant("no summary", all_of("TRUNCATED"), YUAN, draft=edits.summary_missing),
    "summary_twice": FilePlant(
        "the summary stands twice",
        {**all_of("SUMMARY"), **all_of("CELL_COUNT", *SETTLEMENTS)},
        YUAN,
        draft=edits.summary_twice,
    ),
    "row_after_the_summary": FilePlant(
        "a row after the summary",
        {**all_of("SUMMARY"), **all_of("TRUNCATED", *SETTLEMENTS)},
        YUAN,
        draft=edits.row_after_the_summary,
    ),
    "cut_in_a_row": FilePlant(
        "the file ends within a row", {**all_of("TRUNCATED"), UNIONPAY: "CELL_COUNT"}, text=edits.cut_in_a_row
    ),
    "cut_after_a_row": FilePlant(
        "the file ends between two rows", all_of("TRUNCATED"), YUAN, text=edits.cut_after_a_row
    ),
    "cut_in_the_summary": FilePlant(
        "the file ends within its summary",
        {**all_of("SUMMARY"), WECHAT: "SUMMARY"},
        YUAN,
        text=edits.cut_in_the_summary,
    ),
    "cut_archive": FilePlant(
        "the archive ends too early",
        {WECHAT: "TRUNCATED", ALIPAY: "NOT_AN_ARCHIVE", UNIONPAY: "TRUNCATED"},
        PACKED,
        packed=edits.cut_archive,
    ),
    "empty_file": FilePlant("no byte at all", all_of("TRUNCATED"), YUAN, packed=edits.emptied),
    "page_instead": FilePlant(
        "a web page instead of the file", all_of("NOT_AN_ARCHIVE"), packed=edits.page_instead
    ),
    "not_packed": FilePlant("not packed", sources=frozenset({WECHAT}), packed=edits.unpacked),
    "bad_digest": FilePlant(
        "the digest announced is not the file's", all_of("DIGEST"), MARKED, wrong_digest=True
    ),
    "bill_of_another_day": FilePlant("the bill of the week before", all_of("FOREIGN"), whole=of_last_week),
    "bill_of_another_merchant": FilePlant(
        "another merchant's bill", all_of("FOREIGN"), frozenset({ALIPAY, UNIONPAY}), whole=of_another
    ),
}
