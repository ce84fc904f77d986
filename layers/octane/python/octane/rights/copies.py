"""Gather what is held of a person, in the clear, and write it down (ID6, PIPL art. 45).

Run by schedule. A copy that was made and not yet marked is made again: the same files under the same keys.
"""

import json
from collections.abc import Iterator

from octane.kernel.clock import SECOND, later, rfc3339
from octane.kernel.errors import OctaneError
from octane.kernel.vault import Vault, is_sealed
from octane.ledger.accounts import wallet
from octane.ledger.balances import shard_key
from octane.orders.attempts import SHARD
from octane.prices.subscriptions import subscription_items
from octane.privacy.fields import opened, owners_of
from octane.privacy.keys import KeyGoneError
from octane.rights.copy_pdf import copy_pdf
from octane.rights.deps import RightsDeps
from octane.rights.exports import EXPORTS, FILES, export_key, file_key, waiting_key
from octane.rights.holdings import KEPT, PERSONAL, order_ids, order_items, partition
from octane.store.items import Item, Query, Table, Value
from octane.store.store import Store
from octane.store.writes import ANYWAY, Delete, Exists, Update
from octane.wire.aead import SealBrokenError

SECRET = ("#PAYMENT_PASSWORD", "SESSION#", "STEPUP#", "KEY#", "RATE#", "EXPORT#", "CONNECTION#")
"""Kinds of items that only tell that there is one: what they hold proves who somebody is, or is of no matter
a minute later."""
SUSPICION = ("list", "frozen_", "lifted_", "grade", "well", "ill", "lowered_at")
"""Beginnings of what risk makes of a person, and who of the staff did: whoever is watched is not told."""
INDEXES = ("_index", "login_phone", "account_tag", "due_shard")
"""Endings of attributes that mean nothing outside."""


def make_exports(deps: RightsDeps, seconds: int) -> int:
    """Make the copies that wait, for about so long; return how many. One that fails keeps no other."""
    until, made = later(deps.clock.now(), seconds * SECOND), 0
    for item in list(deps.store.scan_pages(Query(Table.IDENTITY, EXPORTS))):
        if deps.clock.now() >= until:
            break
        user_id, export_id = str(item["user_id"]), str(item["sk"])
        try:
            _make(deps, user_id, export_id)
            made += 1
        except OctaneError as error:
            deps.signals.count("ExportFailed", user_id=user_id, why=error.code)
    return made


def _make(deps: RightsDeps, user_id: str, export_id: str) -> None:
    """Whose account was erased meanwhile gets no copy."""
    waiting = Delete(waiting_key(export_id), when=ANYWAY)
    if deps.store.get(export_key(user_id, export_id)) is None:
        deps.store.commit(waiting)
        return
    copy = gathered(deps, user_id)
    contents = (json.dumps(copy, ensure_ascii=False, indent=1).encode(), copy_pdf(copy))
    for name, content in zip(FILES, contents, strict=True):
        deps.work.put(file_key(user_id, export_id, name), content)
    made = Update(export_key(user_id, export_id), when=Exists(), assign={"made_at": deps.clock.now()})
    deps.store.commit(made, waiting)


def gathered(deps: RightsDeps, user_id: str) -> dict[str, object]:
    """All of a person: JSON, times as they are kept (epoch milliseconds), money in fen."""
    store, vault = deps.store, deps.vault
    own: dict[str, object] = {
        table.value: [_shown(vault, item) for item in partition(store, table, user_id)] for table in PERSONAL
    }
    acts = [_act_shown(item, user_id) for item in partition(store, Table.AUDIT, user_id)]
    return {
        "format": 1,
        "user_id": user_id,
        "made_at": rfc3339(deps.clock.now()),
        **own,
        "orders": list(_orders(store, vault, user_id)),
        "wallet": dict(store.get(shard_key(wallet(user_id), SHARD)) or {}),
        "price_subscriptions": subscription_items(store, user_id),
        "acts": acts,
        "kept_after_erasure": [kept._asdict() for kept in KEPT],
    }


def _act_shown(item: Item, user_id: str) -> dict[str, Value]:
    """Of what others did to the account only that it was done: who, from where and why is theirs (RK2)."""
    if item.get("actor") in {user_id, ""}:
        return dict(item)
    return {name: item[name] for name in ("sk", "action", "at", "outcome") if name in item}


def _orders(store: Store, vault: Vault, user_id: str) -> Iterator[list[dict[str, Value]]]:
    for order_id in order_ids(store, user_id):
        items = order_items(store, order_id)
        yield [_shown(vault, item) for item in items if not str(item["sk"]).startswith("ROUTE#")]


def _shown(vault: Vault, item: Item) -> dict[str, Value]:
    sort = str(item["sk"])
    if sort.startswith(SECRET):
        return {"sk": sort.partition("#")[0] or sort}
    owners = owners_of(item)
    return {
        name: _in_the_clear(vault, owners, value)
        for name, value in item.items()
        if not name.endswith(INDEXES) and not name.startswith(SUSPICION) and name not in {"pk", "ttl"}
    }


def _in_the_clear(vault: Vault, owners: list[str], value: Value) -> Value:
    match value:
        case str() if is_sealed(value):
            try:
                return opened(vault, owners, value)[2]
            except (SealBrokenError, KeyGoneError):
                return ""
        case bytes():
            return ""
        case list():
            return [_in_the_clear(vault, owners, part) for part in value]
        case dict():
            return {name: _in_the_clear(vault, owners, part) for name, part in value.items()}
    return value
