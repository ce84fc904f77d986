"""All sides' books, fen by fen: our ledger and balances, each channel's own and the issuer's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from demo.stage import Json
from octane.ledger.accounts import channel_receivable
from octane.ledger.entries import Entry, entry_of
from octane.ledger.trial_balance import AccountBalance, is_balanced, trial_balance
from octane.store.expressions import unmarshal_item

RECEIVABLES = channel_receivable("")
WALLETS = "WALLET:"
BALANCES = "BALANCE#"


@dataclass(frozen=True, slots=True)
class ChannelBooks:
    """What one channel says of itself: payments and refunds by our numbers, in fen."""

    captured: dict[str, int]
    refunded: dict[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    balances: list[AccountBalance]
    ledger_balanced: bool
    channel_books_match: bool
    issuer_books_match: bool
    wallets_match: bool
    differences: list[str]


def compare(
    entries: list[Entry], channels: Mapping[str, ChannelBooks], issuer: Json, wallets: Mapping[str, int]
) -> Comparison:
    """Hold the ledger against the other sides' own books, number by number and in total.

    `channels` by the name that the ledger's accounts carry; `wallets` is what the balance items hold, by
    account, in fen.
    """
    balances = trial_balance(entries)
    net = {balance.account: balance.net for balance in balances}
    of_channels: list[str] = []
    for name, books in channels.items():
        account = channel_receivable(name)
        captured, refunded = _sums(entries, account, debit=True), _sums(entries, account, debit=False)
        of_channels += _differences(f"{name} captured", books.captured, captured)
        of_channels += _differences(f"{name} refunded", books.refunded, refunded)
        if net.get(account, 0) != sum(books.captured.values()) - sum(books.refunded.values()):
            of_channels.append(f"{name}: the total differs")
    known = {channel_receivable(name) for name in channels}
    of_channels += [
        f"{account.removeprefix(RECEIVABLES)}: the ledger knows a channel whose books nobody has"
        for account in net
        if account.startswith(RECEIVABLES) and account not in known
    ]
    recharged = {r["uorderid"]: r["amount_fen"] for r in issuer["recharges"] if r["game_state"] == "1"}
    ours = {f"{subject}R01": fen for subject, fen in _issuer_sums(entries).items()}
    of_issuer = _differences("recharged", recharged, ours)
    owed = {account: -fen for account, fen in net.items() if account.startswith(WALLETS) and fen}
    of_wallets = _differences("wallet", {account: fen for account, fen in wallets.items() if fen}, owed)
    return Comparison(
        balances,
        is_balanced(balances),
        channel_books_match=not of_channels,
        issuer_books_match=not of_issuer,
        wallets_match=not of_wallets,
        differences=of_channels + of_issuer + of_wallets,
    )


def wechat_books(books: Json) -> ChannelBooks:
    return ChannelBooks(
        _taken(books, "out_trade_no"),
        {r["out_refund_no"]: r["refund_fen"] for r in books["refunds"] if r["status"] == "SUCCESS"},
    )


def alipay_books(books: Json) -> ChannelBooks:
    return ChannelBooks(
        _taken(books, "out_trade_no"),
        {r["out_request_no"]: r["refund_fen"] for r in books["refunds"] if r["status"] == "SUCCESS"},
    )


def unionpay_books(books: Json) -> ChannelBooks:
    return ChannelBooks(
        _taken(books, "orderId"),
        {r["orderId"]: r["refund_fen"] for r in books["refunds"] if r["origRespCode"] == "00"},
    )


def _taken(books: Json, number: str) -> dict[str, int]:
    return {trade[number]: trade["captured_fen"] for trade in books["trades"] if trade["captured_fen"]}


def read_wallets(dynamodb: Any, table: str) -> dict[str, int]:
    """What each customer's balance item holds (available and set aside, fen), by account."""
    found: dict[str, int] = {}
    for item in scan(dynamodb, table):
        if str(item["pk"]).startswith(f"{BALANCES}{WALLETS}"):
            account = str(item["pk"]).removeprefix(BALANCES).rpartition("#")[0]
            found[account] = found.get(account, 0) + item["available"] + item["held"]
    return found


def read_entries(dynamodb: Any, table: str) -> list[Entry]:
    """Every entry of the ledger table."""
    return [
        entry_of(item)
        for item in scan(dynamodb, table)
        if not str(item["pk"]).startswith((BALANCES, "HOLD#"))
    ]


def scan(dynamodb: Any, table: str) -> Iterator[Any]:
    """Every item of a table."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from (unmarshal_item(item) for item in page["Items"])


def _sums(entries: list[Entry], account: str, *, debit: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in entries:
        for leg in entry.legs:
            if leg.account == account and (leg.fen > 0) is debit:
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
