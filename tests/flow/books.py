"""The books that must agree: our ledger and balances, the channels' and the issuer's."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from octane.ledger.entries import Entry, entry_of
from octane.ledger.trial_balance import is_balanced, trial_balance
from octane.store.items import Table
from world.shop import Answer, Shop

SINOPEC = "ISSUER_PAYABLE:SINOPEC"


def entries(shop: Shop) -> list[Entry]:
    return [entry_of(item) for item in shop.wiring.engine.items(Table.LEDGER) if "legs" in item]


def kinds(shop: Shop) -> list[str]:
    """What is in the journal, by kind, sorted."""
    return sorted(entry.kind for entry in entries(shop))


def nets(shop: Shop) -> dict[str, int]:
    """Debits less credits of each account that is not at zero, in fen."""
    return {balance.account: balance.net for balance in trial_balance(entries(shop)) if balance.net}


def assert_books_agree(shop: Shop) -> None:
    """The ledger balances, and says of channels, customers' balances and issuer what they say themselves."""
    balances = trial_balance(entries(shop))
    assert is_balanced(balances)
    found = nets(shop)
    for channel in ("wechat", "alipay", "unionpay"):
        totals = getattr(shop.world, channel).get("/books")["totals"]
        receivable = found.get(f"CHANNEL_RECEIVABLE:{channel.upper()}", 0)
        assert receivable == totals["captured_fen"] - totals["refunded_fen"], channel
    owed = {account: -net for account, net in found.items() if account.startswith("WALLET:")}
    assert owed == {account: sum(parts) for account, parts in wallets(shop).items() if sum(parts)}
    recharged: Counter[str] = Counter()
    for recharge in shop.world.issuer.get("/books")["recharges"]:
        if recharge["game_state"] == "1":
            issuer = "SINOPEC" if recharge["game_userid"].startswith("100011") else "PETROCHINA"
            recharged[f"ISSUER_PAYABLE:{issuer}"] += recharge["amount_fen"]
    payable = {account: -net for account, net in found.items() if account.startswith("ISSUER_PAYABLE")}
    assert payable == dict(recharged)


def wallets(shop: Shop) -> dict[str, tuple[int, int]]:
    """Each customer's balance as its item says it: available and held, in fen."""
    prefix = "BALANCE#"
    return {
        str(item["pk"]).removeprefix(prefix).rpartition("#")[0]: (int(item["available"]), int(item["held"]))  # type: ignore[arg-type]
        for item in shop.wiring.engine.items(Table.LEDGER)
        if str(item["pk"]).startswith(prefix)
    }


def holds(shop: Shop) -> list[str]:
    """The state of each hold of a wallet's money, in the order of their attempts."""
    items = [i for i in shop.wiring.engine.items(Table.LEDGER) if str(i["pk"]).startswith("HOLD#")]
    return [str(item["state"]) for item in sorted(items, key=lambda item: str(item["pk"]))]


def quota_used(shop: Shop) -> dict[str, int]:
    """Fen of each channel's day that are used, over all its shards."""
    found: Counter[str] = Counter()
    for item in shop.wiring.engine.items(Table.ROUTING):
        kind, _, rest = str(item["pk"]).partition("#")
        if kind == "QUOTA":
            found[rest.partition("#")[0]] += int(item["used"])  # type: ignore[arg-type]
    return {channel: used for channel, used in found.items() if used}


def due(shop: Shop) -> list[str]:
    """What somebody must still look at."""
    items = shop.wiring.engine.items(Table.ORDERS)
    return [f"{item['pk']!s} {item['sk']!s}" for item in items if "due_at" in item]


def assert_settled(shop: Shop) -> None:
    """Books agree, nobody waits for money, and nothing is left to do."""
    assert_books_agree(shop)
    assert due(shop) == []
    assert all(held == 0 for _, held in wallets(shop).values())
    open_accounts = {"CUSTOMER_ADVANCE", "REFUND_PAYABLE", "UNEXPECTED_RECEIPTS"} & nets(shop).keys()
    assert open_accounts == set()


def channel_refunds(shop: Shop) -> list[tuple[str, int, str]]:
    """What went back by the channel's books: out_trade_no, fen, status."""
    return [
        (refund["out_trade_no"], refund["refund_fen"], refund["status"])
        for refund in shop.world.wechat.get("/books")["refunds"]
    ]


def recharges(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.world.issuer.get("/books")["recharges"]
    return found


def trades(shop: Shop) -> dict[str, str]:
    """out_trade_no → state in the channel's books."""
    listed = shop.world.wechat.get("/books")["trades"]
    return {trade["out_trade_no"]: trade["trade_state"] for trade in listed}


@contextmanager
def nothing_written(shop: Shop, *, acts: int = 0) -> Iterator[None]:
    """Nothing but what limits count, and so many acts for the audit."""
    before = _written(shop)
    yield
    written = _written(shop) - before
    assert written.pop(Table.AUDIT, 0) == acts
    assert written == {}


def _written(shop: Shop) -> Counter[Table]:
    """How often each table was written to."""
    found: Counter[Table] = Counter()
    for table in Table:
        keys = [change.key for change in shop.wiring.engine.changes(table)]
        found[table] = len([key for key in keys if not key.pk.startswith("LIMIT#")])
    return found


def assert_refused(answer: Answer, status: int, code: str) -> None:
    """The exact status and code, in the one shape of errors."""
    assert (answer.status, answer.body["error"]["code"]) == (status, code), answer
    assert answer.body.keys() == {"error"}
    assert answer.body["error"].keys() == {"code", "message", "request_id"}
    assert answer.body["error"]["request_id"]
    text = answer.body["error"]["message"]
    assert text
    assert "Traceback" not in text
    assert 'File "' not in text


def brief(value: object) -> str:
    """For `ids=`: a test's name does not hold a megabyte."""
    return str(value)[:24]
