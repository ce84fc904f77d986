"""Close a day with the real steps, as the state machine calls them; what one hands to the next is JSON."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from flow.customers import Customer
from octane.kernel.clock import in_beijing
from octane.store.expressions import marshal_item
from octane.store.items import Table
from world.shop import Shop, context

Json = dict[str, Any]


def open_early(shop: Shop) -> None:
    """Let all companies hand out the bill of a day that is not over."""
    for company in (shop.world.wechat, shop.world.alipay, shop.world.issuer, shop.world.billers):
        company.post("/settings", early_bills=True)
    shop.world.unionpay.post("/settings", files="now")
    shop.world.bank.post("/settings", early_statements=True)


def today(shop: Shop) -> str:
    return in_beijing(shop.clock.now()).date().isoformat()


def write_journal(shop: Shop) -> None:
    """Carry the ledger's stream to the journal."""
    changes = shop.wiring.engine.changes(Table.LEDGER, 0)
    records = [
        {
            "eventName": change.kind.value,
            "dynamodb": {
                "Keys": marshal_item({"pk": change.key.pk, "sk": change.key.sk}),
                **({"NewImage": marshal_item(change.new)} if change.new else {}),
            },
        }
        for change in changes
        if not change.key.sk.startswith("#")
    ]
    step(shop, "ledger/journal_entries", {"Records": records})


def step(shop: Shop, function: str, event: Json) -> Any:
    answer = shop.function(function)(json.loads(json.dumps(event)), context())
    return json.loads(json.dumps(answer))


def close_day(shop: Shop, **asked: object) -> Json:
    """Run every step of a day; return what the last one says."""
    write_journal(shop)
    opened = step(shop, "reconciliation/open_day", {"day": today(shop), **asked})
    sources = [_collected(shop, each) for each in opened["sources"]]
    for each in sources:
        for shard in each.get("shards", []):
            step(shop, "reconciliation/match_shard", shard)
    closed = [_closed(shop, each) for each in sources]
    write_journal(shop)  # what the repairs booked
    done = {"run": opened["run"], "sources": closed}
    for name in ("check_funds", "export_day", "seal_day"):
        done = step(shop, f"reconciliation/{name}", done)
    return done


def _collected(shop: Shop, asked: Json) -> Json:
    found: Json = step(shop, "reconciliation/collect_statement", asked)
    while found["state"] == "NOT_READY":
        found = step(shop, "reconciliation/collect_statement", found)
    return step(shop, "reconciliation/cut_ledger", found) if found["state"] == "READY" else found


def _closed(shop: Shop, each: Json) -> Json:
    merged: Json = step(shop, "reconciliation/merge_source", each)
    return step(shop, "reconciliation/resolve_differences", merged) if merged["state"] == "PROVEN" else merged


def state_of(done: Json, source: str) -> Json:
    found: Json = next(each for each in done["sources"] if each["source"] == source)
    return found


def exported(shop: Shop, done: Json, folder: Path) -> Path:
    """Copy a sealed day's files to a folder of this machine."""
    archive = shop.wiring.archive.kept  # type: ignore[attr-defined]
    prefix = done["folder"]
    for key in archive.list(prefix):
        path = folder / key.removeprefix(prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive.get(key))
    return folder


def differences(finance: Customer, day: str | date | None = None, source: str = "WECHAT") -> list[Json]:
    path = f"/reconciliation/differences?day={day}&source={source}" if day else "/reconciliation/differences"
    found: list[Json] = finance.get(path).body["differences"]
    return found
