"""A thousand payments more: taken by WeChat Pay over the wire, booked in the ledger as orders book them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from local.world import LocalOctane
from octane.channels.port import PaymentMethod, PaymentProof, PaymentRequest, Prepared, Trade
from octane.channels.wechat_pay.client import WechatPay
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.kernel.clock import Instant, SystemClock
from octane.kernel.ids import SystemNonces, derive_id
from octane.kernel.money import Fen
from octane.ledger import topup
from octane.ledger.accounts import channel_receivable
from octane.ledger.entries import post
from octane.store.expressions import marshal_item
from octane.store.items import Item
from octane.wire.http import HttpTransport

HOUR_MS = 3_600_000
BATCH = 25
"""Of one BatchWriteItem."""
AMOUNTS = (5_000, 10_000, 20_000, 49_999)


def add_payments(octane: LocalOctane, count: int) -> float:
    """Add them to both sides; return the seconds that it took."""
    began = time.monotonic()
    octane.simulators.wechat("POST", "/rules", {"operation": "payment_notice", "effect": "lose"})
    client = _client(octane)
    with ThreadPoolExecutor(4) as pool:
        items = list(pool.map(lambda number: _paid(octane, client, number), range(count)))
    dynamodb, table = octane.client("dynamodb"), octane.outputs["LedgerTableName"]
    for batch in _batches(items):
        asked = {table: [{"PutRequest": {"Item": marshal_item(item)}} for item in batch]}
        while asked:
            asked = dynamodb.batch_write_item(RequestItems=asked)["UnprocessedItems"]
    octane.simulators.wechat("DELETE", "/rules")
    return time.monotonic() - began


def _client(octane: LocalOctane) -> WechatPay:
    clock, nonces = SystemClock(), SystemNonces()
    url = octane.simulators.wechat_url
    config = WechatPayConfig.from_secret(
        octane.simulators.wechat("GET", "/keys"), url, f"{url}/x", f"{url}/x"
    )
    transport = HttpTransport(clock)
    keys = PlatformKeys(config, transport, clock, nonces, load=dict)
    return WechatPay(config, transport, clock, nonces, keys)


def _paid(octane: LocalOctane, client: WechatPay, number: int) -> Item:
    """Open a trade, let the customer pay it, ask the channel for the proof; return the ledger's item."""
    now = SystemClock().now()
    order_id = derive_id("T", "crowd", str(now), str(number))
    amount = Fen(AMOUNTS[number % len(AMOUNTS)])
    trade = Trade(f"{order_id}P01", now, Instant(now + HOUR_MS), method=PaymentMethod.WECHAT_NATIVE)
    prepared = client.prepare(PaymentRequest(trade, PaymentMethod.WECHAT_NATIVE, amount, "top-up", None))
    if not isinstance(prepared, Prepared):
        raise RuntimeError(f"WeChat Pay did not open a trade: {prepared}")
    octane.simulators.wechat("POST", "/cashier/pay", {"out_trade_no": trade.out_trade_no})
    proof = client.query(trade)
    if not isinstance(proof, PaymentProof):
        raise RuntimeError(f"WeChat Pay does not say that it was paid: {proof}")
    parts = {channel_receivable("WECHAT"): amount}
    entry = topup.payment_received(
        order_id, trade.out_trade_no, parts, proof.paid_at, SystemClock().now(), proof.transaction_id
    )
    put = post(entry)
    return {**put.item, "pk": put.key.pk, "sk": put.key.sk}


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
