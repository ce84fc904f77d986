"""The three sides' books, fen by fen: our ledger, the channel's and the issuer's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demo.customer import Json
from octane.ledger.entries import Entry, entry_of
from octane.ledger.trial_balance import AccountBalance, is_balanced, trial_balance
from octane.store.expressions import unmarshal_item


@dataclass(frozen=True, slots=True)
class Comparison:
    balances: list[AccountBalance]
    ledger_balanced: bool
    channel_books_match: bool
    issuer_books_match: bool
    differences: list[str]


def compare(entries: list[Entry], channel: Json, issuer: Json) -> Comparison:
    """Hold the ledger against the other sides' own books, order by order and in total."""
    balances = trial_balance(entries)
    net = {balance.account: balance.net for balance in balances}
    captured = {t["out_trade_no"]: t["captured_fen"] for t in channel["trades"] if t["captured_fen"]}
    refunded = {r["out_refund_no"]: r["refund_fen"] for r in channel["refunds"] if r["status"] == "SUCCESS"}
    recharged = {r["uorderid"]: r["amount_fen"] for r in issuer["recharges"] if r["game_state"] == "1"}
    channel_differences = [
        *_differences("captured", captured, _sums(entries, "CHANNEL_RECEIVABLE", debit=True)),
        *_differences("refunded", refunded, _sums(entries, "CHANNEL_RECEIVABLE", debit=False)),
    ]
    if net.get("CHANNEL_RECEIVABLE:WECHAT", 0) != sum(captured.values()) - sum(refunded.values()):
        channel_differences.append("the channel's total differs")
    ours = {f"{subject}R01": fen for subject, fen in _issuer_sums(entries).items()}
    issuer_differences = _differences("recharged", recharged, ours)
    return Comparison(
        balances,
        is_balanced(balances),
        not channel_differences,
        not issuer_differences,
        channel_differences + issuer_differences,
    )


def read_entries(dynamodb: Any, table: str) -> list[Entry]:
    """Every entry of the ledger table."""
    return [
        entry_of(item)
        for item in _scan(dynamodb, table)
        if not str(item["pk"]).startswith(("BALANCE#", "HOLD#"))
    ]


def _scan(dynamodb: Any, table: str) -> Iterator[Any]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from (unmarshal_item(item) for item in page["Items"])


def _sums(entries: list[Entry], account: str, *, debit: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in entries:
        for leg in entry.legs:
            if leg.account.startswith(account) and (leg.fen > 0) is debit:
                found[entry.reference] = found.get(entry.reference, 0) + abs(leg.fen)
    return found


def _issuer_sums(entries: list[Entry]) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in entries:
        for leg in entry.legs:
            if leg.account.startswith("ISSUER_PAYABLE"):
                found[entry.subject] = found.get(entry.subject, 0) - leg.fen
    return found


def _differences(what: str, theirs: dict[str, int], ours: dict[str, int]) -> list[str]:
    return [
        f"{what} {number}: they say {theirs.get(number, 0)} fen, we say {ours.get(number, 0)} fen"
        for number in sorted({*theirs, *ours})
        if theirs.get(number, 0) != ours.get(number, 0)
    ]
