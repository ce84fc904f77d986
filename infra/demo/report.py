"""What is printed after the stories: each order's timeline, the trial balance, and where books differ."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.books import Comparison
from demo.customer import Json
from demo.stories import Story
from octane.kernel.money import format_yuan


@dataclass
class Told:
    """A story as it went; `error` is empty when it ended as told."""

    story: Story
    order: Json | None
    error: str = ""


def report(told: list[Told], books: Comparison, say: Callable[[str], None]) -> None:
    say("\nWhat happened to each order")
    for one in told:
        say(f"\n  {'✗' if one.error else '✓'} {one.story.title}" + (f": {one.error}" if one.error else ""))
        for step in one.order["timeline"] if one.order else []:
            moved = f"{step['source'] or '·'} → {step['target']}"
            when, why = step["at"][11:23], step["because"][:44]
            say(f"      {when}  {step['event']:<16} {moved:<24} {step['by']:<9} {why}")
    say(f"\n{'Trial balance (CNY)':<32}{'debit':>13}{'credit':>13}{'net':>13}")
    for balance in books.balances:
        say(_line(balance.account, balance.debit, balance.credit))
    debit = sum(balance.debit for balance in books.balances)
    credit = sum(balance.credit for balance in books.balances)
    say(_line("total", debit, credit))
    for difference in books.differences:
        say(f"  ✗ {difference}")
    if not books.differences:
        say("  The channel's and the issuer's own books agree.\n")


def _line(name: str, debit: int, credit: int) -> str:
    columns = (format_yuan(amount) for amount in (debit, credit, debit - credit))
    return f"  {name:<30}" + "".join(f"{column:>13}" for column in columns)
