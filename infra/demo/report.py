"""What is printed after the stories: each order's timeline, the routing decisions, the trial balance, and
where books differ."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.books import Comparison
from demo.decisions import Routing
from demo.stage import Json
from demo.stories import Story
from octane.kernel.money import format_yuan
from octane.routing.decisions import Decision, Exclusion

Say = Callable[[str], None]
TOLD = {Exclusion.TRIED, Exclusion.CIRCUIT_OPEN, Exclusion.COOLING_DOWN, Exclusion.QUOTA_EXHAUSTED}
"""What speaks of a channel's day; the other exclusions are the rules' own."""


@dataclass
class Told:
    """A story as it went; `error` is empty when it ended as told."""

    story: Story
    order: Json | None
    error: str = ""


def report(told: list[Told], books: Comparison, routing: Routing, say: Say) -> None:
    say("\nWhat happened to each order")
    for one in told:
        say(f"\n  {'✗' if one.error else '✓'} {one.story.title}" + (f": {one.error}" if one.error else ""))
        for step in one.order["timeline"] if one.order else []:
            moved = f"{step['source'] or '·'} → {step['target']}"
            when, why = step["at"][11:23], step["because"][:44]
            say(f"      {when}  {step['event']:<16} {moved:<24} {step['by']:<9} {why}")
    say("\nWhy each routed payment went where it went\n")
    for decision in sorted(routing.decided(), key=lambda decision: decision.decided_at):
        say(_route(decision))
    _trial_balance(books, say)


def _route(decision: Decision) -> str:
    request, winner = decision.request, decision.winner or "nowhere"
    left_out = [
        f"{candidate.method.channel.value} {candidate.excluded.value}"
        for candidate in decision.candidates
        if candidate.excluded in TOLD
    ]
    without = f"; not {', '.join(left_out)}" if left_out else ""
    asked = f"{request.platform.value} {format_yuan(request.amount)}"
    why = f"{decision.reason.value} by version {decision.rules_version}"
    return f"  {request.attempt_no}  {asked:<20} → {winner:<14} {why}{without}"


def _trial_balance(books: Comparison, say: Say) -> None:
    say(f"\n{'Trial balance (CNY)':<32}{'debit':>13}{'credit':>13}{'net':>13}")
    for balance in books.balances:
        say(_line(balance.account, balance.debit, balance.credit))
    debit = sum(balance.debit for balance in books.balances)
    credit = sum(balance.credit for balance in books.balances)
    say(_line("total", debit, credit))
    for difference in books.differences:
        say(f"  ✗ {difference}")
    if not books.differences:
        theirs = "The channels', the issuer's and the billers' own books agree"
        say(f"  {theirs}, and the wallets' balances and redeemed coupons.\n")


def _line(name: str, debit: int, credit: int) -> str:
    columns = (format_yuan(amount) for amount in (debit, credit, debit - credit))
    return f"  {name:<30}" + "".join(f"{column:>13}" for column in columns)
