"""The main job on the deployed template, with every IAM policy enforced."""

import asyncio
from pathlib import Path

from demo import route_replay
from demo.decisions import NAME, save
from demo.performance import perform, read_books, read_decisions
from local.world import LocalOctane

STORIES, CLAIMERS = 16, 300


def test_every_story_ends_as_told_and_all_books_agree(octane: LocalOctane, tmp_path: Path) -> None:
    # When the stories are played
    lines: list[str] = []
    told = asyncio.run(perform(octane, lines.append, CLAIMERS))
    # Then each ends as told
    assert not [(one.story.name, one.error) for one in told if one.error], "\n".join(lines)
    assert len(told) == STORIES
    # And all books agree
    books = read_books(octane)
    assert books.ledger_balanced
    assert books.differences == []
    channels = {f"CHANNEL_RECEIVABLE:{name}" for name in ("WECHAT", "ALIPAY", "UNIONPAY")}
    used = {*channels, "BILLER_PAYABLE:ELECTRICITY", "COUPON_EXPENSE"}
    assert used <= {balance.account for balance in books.balances}
    # And every routing decision comes out the same again
    routing = read_decisions(octane)
    assert len(routing.decisions) >= 5
    assert len(routing.rules) == 3, "the built-in rules and two published versions"
    save(routing, tmp_path / NAME)
    assert route_replay.main([str(tmp_path / NAME)]) == 0
