"""Who is told when prices change (ST2).

| key (table stations)                         | item                                                     |
|----------------------------------------------|----------------------------------------------------------|
| `SUBSCRIBERS#<province>#<07>` / `<user_id>`  | their openid, since when, and the last version that they |
|                                              | were told of (`told`)                                    |

A person's own are found under the 31 keys that derive from their id: there is no second item to keep in step.
WeChat gives a permission to send to an openid, so the openid of the login that gave it is kept.
"""

from typing import NamedTuple

from octane.kernel.caller import Caller
from octane.kernel.clock import Instant
from octane.kernel.errors import StateError
from octane.kernel.provinces import Province
from octane.prices.ports import PriceDeps
from octane.prices.records import SHARDS, find_province
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, ChangedMeanwhileError, Delete, Exists, Put, Update, any_of


class WechatLoginRequiredError(StateError):
    code = "WECHAT_LOGIN_REQUIRED"
    summary = "Messages go by WeChat: log in there, then subscribe."


class Subscription(NamedTuple):
    province: Province
    since: Instant


def shard_of(user_id: str) -> int:
    return sum(user_id.encode()) % SHARDS


def subscribers_of(province: Province, shard: int) -> str:
    """The partition of a shard's subscribers."""
    return f"SUBSCRIBERS#{province.value}#{shard:02d}"


def subscriber_key(province: Province, user_id: str) -> Key:
    return Key(Table.STATIONS, subscribers_of(province, shard_of(user_id)), user_id)


def subscribe(deps: PriceDeps, caller: Caller, province: Province) -> Subscription:
    """Have this person told of changes from now on. Again, it renews the permission. Raise
    `WechatLoginRequiredError`."""
    if not caller.openid:
        raise WechatLoginRequiredError
    now, key = deps.clock.now(), subscriber_key(province, caller.user_id)
    # what is in force is known to whoever subscribes: they are told of what comes after
    told = find_province(deps.store, province).version
    item: Item = {"openid": caller.openid, "since": now, "allowed_at": now, "told": told}
    try:
        deps.store.commit(Put(key, item, when=Absent()))
    except ChangedMeanwhileError:
        renewed = Update(key, when=Exists(), assign={"openid": caller.openid, "allowed_at": now})
        return Subscription(province, Instant(int(str(deps.store.take(renewed)["since"]))))
    return Subscription(province, now)


def unsubscribe(deps: PriceDeps, caller: Caller, province: Province) -> None:
    """End it; one that is not there stays so."""
    key = subscriber_key(province, caller.user_id)
    deps.store.commit(Delete(key, when=any_of(Absent(), Exists())))


def list_subscriptions(store: Store, user_id: str) -> tuple[Subscription, ...]:
    """Somebody's subscriptions. One AWS call."""
    return tuple(
        Subscription(Province(str(item["pk"]).split("#")[1]), Instant(int(str(item["since"]))))
        for item in _items(store, user_id)
    )


def subscription_items(store: Store, user_id: str) -> list[Item]:
    """All that is kept of somebody's subscriptions, for their copy (ID6). One AWS call."""
    return [
        {**{name: value for name, value in item.items() if name != "pk"}, "sk": str(item["pk"])}
        for item in _items(store, user_id)
    ]


def forget_subscriptions(store: Store, user_id: str) -> None:
    """End all of somebody's (ID6)."""
    for subscription in list_subscriptions(store, user_id):
        key = subscriber_key(subscription.province, user_id)
        store.commit(Delete(key, when=any_of(Absent(), Exists())))


def _items(store: Store, user_id: str) -> list[Item]:
    return store.batch_get([subscriber_key(province, user_id) for province in Province])
