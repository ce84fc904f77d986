"""All sides' books, fen by fen: our ledger, balances and coupons, each channel's own, the issuer's and the
billers'."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from demo.stage import Json
from octane.ledger.accounts import COUPON_EXPENSE, biller_payable, channel_receivable, issuer_payable
from octane.ledger.entries import Entry, entry_of
from octane.ledger.trial_balance import AccountBalance, is_balanced, trial_balance
from octane.store.expressions import unmarshal_item

RECEIVABLES = channel_receivable("")
WALLETS = "WALLET:"
BALANCES = "BALANCE#"
COUPON, REDEEMED = "COUPON#", "REDEEMED"


@dataclass(frozen=True, slots=True)
class ChannelBooks:
    """What one channel says of itself: payments and refunds by our numbers, in fen."""

    captured: dict[str, int]
    refunded: dict[str, int]


class OtherBooks(NamedTuple):
    """What the ledger is held against."""

    channels: Mapping[str, ChannelBooks]
    """By the name that the ledger's accounts carry."""
    issuer: Json
    billers: Json
    wallets: Mapping[str, int]
    """What the balance items hold, by account, in fen."""
    coupons: Mapping[str, int]
    """What redeemed coupons give, by order, in fen."""


@dataclass(frozen=True, slots=True)
class Comparison:
    balances: list[AccountBalance]
    ledger_balanced: bool
    channel_books_match: bool
    issuer_books_match: bool
    biller_books_match: bool
    wallets_match: bool
    coupons_match: bool
    differences: list[str]


def compare(entries: list[Entry], others: OtherBooks) -> Comparison:
    """Hold the ledger against the other sides' own books, number by number and in total."""
    balances = trial_balance(entries)
    net = {balance.account: balance.net for balance in balances}
    of_channels = _channel_differences(entries, net, others.channels)
    recharged = {r["uorderid"]: r["amount_fen"] for r in others.issuer["recharges"] if r["game_state"] == "1"}
    of_issuer = _differences("recharged", recharged, _delivered(entries, issuer_payable("")))
    paid = {f"{p['biller']} {p['order_no']}": p["amount"] for p in others.billers["payments"] if _is_paid(p)}
    of_billers = _differences("paid at", paid, _delivered(entries, biller_payable(""), named=True))
    owed = {account: -fen for account, fen in net.items() if account.startswith(WALLETS) and fen}
    of_wallets = _differences("wallet", _known(others.wallets), owed)
    of_coupons = _differences("coupons of", _known(others.coupons), _net_of(entries, COUPON_EXPENSE))
    return Comparison(
        balances,
        is_balanced(balances),
        channel_books_match=not of_channels,
        issuer_books_match=not of_issuer,
        biller_books_match=not of_billers,
        wallets_match=not of_wallets,
        coupons_match=not of_coupons,
        differences=of_channels + of_issuer + of_billers + of_wallets + of_coupons,
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


def read_coupons(dynamodb: Any, coupons: str, orders: str) -> dict[str, int]:
    """What redeemed coupons give, by order: its discount, if all its coupons are redeemed for it."""
    redeemed = {
        str(item["sk"]).removeprefix(COUPON): str(item["order_id"])
        for item in scan(dynamodb, coupons)
        if str(item["sk"]).startswith(COUPON) and item["state"] == REDEEMED
    }
    return {
        str(item["pk"]): int(item["discount"])
        for item in scan(dynamodb, orders)
        if item["sk"] == "#ORDER"
        and item.get("coupons")
        and {redeemed.get(coupon_id) for coupon_id in item["coupons"].split()} == {item["pk"]}
    }


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


def _channel_differences(
    entries: list[Entry], net: Mapping[str, int], channels: Mapping[str, ChannelBooks]
) -> list[str]:
    found: list[str] = []
    for name, books in channels.items():
        account = channel_receivable(name)
        captured, refunded = _sums(entries, account, debit=True), _sums(entries, account, debit=False)
        found += _differences(f"{name} captured", books.captured, captured)
        found += _differences(f"{name} refunded", books.refunded, refunded)
        if net.get(account, 0) != sum(books.captured.values()) - sum(books.refunded.values()):
            found.append(f"{name}: the total differs")
    known = {channel_receivable(name) for name in channels}
    return found + [
        f"{account.removeprefix(RECEIVABLES)}: the ledger knows a channel whose books nobody has"
        for account in net
        if account.startswith(RECEIVABLES) and account not in known
    ]


def _delivered(entries: list[Entry], payable: str, *, named: bool = False) -> dict[str, int]:
    """What we owe to those whose accounts begin with `payable`, by our number there; `named`: with the name
    that follows."""
    found: dict[str, int] = {}
    for entry in entries:
        for leg in entry.legs:
            if leg.account.startswith(payable):
                name = f"{leg.account.removeprefix(payable)} " if named else ""
                number = f"{name}{entry.subject}R01"
                found[number] = found.get(number, 0) - leg.fen
    return found


def _net_of(entries: list[Entry], account: str) -> dict[str, int]:
    """What is left on an account of each order; nothing of those where it came back."""
    found: dict[str, int] = {}
    for entry in entries:
        for leg in entry.legs:
            if leg.account == account:
                found[entry.subject] = found.get(entry.subject, 0) + leg.fen
    return _known(found)


def _is_paid(payment: Json) -> bool:
    return bool(payment["state"] == "PAID")


def _known(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: fen for name, fen in amounts.items() if fen}


def _differences(what: str, theirs: dict[str, int], ours: dict[str, int]) -> list[str]:
    return [
        f"{what} {number}: they say {theirs.get(number, 0)} fen, we say {ours.get(number, 0)} fen"
        for number in sorted({*theirs, *ours})
        if theirs.get(number, 0) != ours.get(number, 0)
    ]
