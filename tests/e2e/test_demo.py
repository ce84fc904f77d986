"""The main job on the deployed template, with every IAM policy enforced."""

import asyncio

from demo.performance import perform, read_books
from local.world import LocalOctane


def test_every_story_ends_as_told_and_all_books_agree(octane: LocalOctane) -> None:
    lines: list[str] = []
    told = asyncio.run(perform(octane, lines.append))
    assert not [(one.story.name, one.error) for one in told if one.error], "\n".join(lines)
    books = read_books(octane)
    assert books.ledger_balanced
    assert books.differences == []
    assert len(books.balances) > 0
