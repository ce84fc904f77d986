"""Erase who asked for it (ID6): run by schedule, resumable, and harmless when run twice.

In this order, so that whatever finds the rest goes last:

1. wait: tokens end, orders end, refunds arrive
2. orders: sealed fields, masks, card and payer ids (the amounts, numbers and steps are the books: they stay)
3. exports in the bucket
4. subscriptions to prices; coupons, each with a mark on its campaign's stock
5. logins: nobody's, so that the next login opens another account
6. what is theirs alone in the tables of persons
7. the person's own record, with the promise: one transaction

The account's id stays as the pseudonym in books that nobody can alter: it is what their hash chain covers.
"""

from octane.audit.acts import record, system_act
from octane.bills.accounts import account_of
from octane.bills.asking import owed_key
from octane.coupons.listing import forget_coupons
from octane.identity.logins import Login, Provider, free, subject_of
from octane.identity.tokens import ACCESS_SECONDS
from octane.identity.users import find_user, user_id_of, user_key
from octane.kernel.clock import MINUTE, SECOND, later
from octane.kernel.errors import OctaneError
from octane.prices.subscriptions import forget_subscriptions
from octane.rights.deps import RightsDeps
from octane.rights.erasure import (
    ERASURES,
    Erasure,
    ErasureState,
    empty_wallet,
    erasure_in,
    erasure_key,
    leaving_enterprises,
)
from octane.rights.holdings import PERSONAL, exports_of, is_settled, order_ids, order_items, partition
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import ANYWAY, Delete, Exists, Put, Update, Write

WAIT_MS = ACCESS_SECONDS * SECOND + 5 * MINUTE
"""Until no access token from before is alive and no function that took one still runs."""
LATE_MS = 24 * 3_600 * SECOND
"""An erasure that waits for longer needs a person: its seven days run."""
ORDER_FIELDS = (
    *("card_number", "card_masked", "card_id", "holder_name", "holder_phone"),
    *("account_no", "account_masked", "account_tag", "bill_account_id"),
)


def erase_people(deps: RightsDeps, seconds: int) -> int:
    """Work for about so long; return how many are erased. One whose orders are not over waits for the next
    run; one that fails keeps nobody else."""
    until, erased = later(deps.clock.now(), seconds * SECOND), 0
    asked = Query(Table.IDENTITY, ERASURES, "OPEN#", "OPEN~")
    for item in list(deps.store.scan_pages(asked)):
        erasure, now = erasure_in(item), deps.clock.now()
        if now >= until:
            break
        if now < later(erasure.requested_at, WAIT_MS):
            continue
        if now >= later(erasure.requested_at, LATE_MS):
            deps.signals.count("ErasureLate", user_id=erasure.user_id)
        try:
            erased += erase(deps, erasure)
        except OctaneError as error:
            deps.signals.count("ErasureFailed", user_id=erasure.user_id, why=error.code)
    return erased


def erase(deps: RightsDeps, erasure: Erasure) -> bool:
    """Erase one person; say whether it is done. When it dies in between, the next call goes on."""
    user_id, store = erasure.user_id, deps.store
    if not _orders_forgotten(store, user_id):
        return False
    # whoever has money by now, or is an enterprise's last owner, keeps the way to it: a person must look
    begun = Update(erasure_key(user_id, ErasureState.OPEN), when=Exists(), add={"runs": 1})
    store.commit(empty_wallet(user_id), begun, *leaving_enterprises(store, user_id))
    for key in list(deps.work.list(exports_of(user_id))):
        deps.work.delete(key)
    forget_subscriptions(store, user_id)
    forget_coupons(store, user_id)
    _free_logins(store, user_id)
    for table in PERSONAL:
        for item in partition(store, table, user_id):
            place = Key(table, str(item["pk"]), str(item["sk"]))
            if place != user_key(user_id):
                store.commit(Delete(place, when=ANYWAY), *_beside(place, item))
    if not _orders_forgotten(store, user_id):  # the index may have been behind when it was first read
        return False
    now = deps.clock.now()
    done: Item = {"requested_at": erasure.requested_at, "erased_at": now}
    store.commit(
        empty_wallet(user_id),
        Delete(user_key(user_id), when=ANYWAY),
        Delete(erasure_key(user_id, ErasureState.OPEN), when=Exists()),
        Put(erasure_key(user_id, ErasureState.DONE), done, when=ANYWAY),
        record(system_act("erase_account", user_id, str(erasure.requested_at), now)),
    )
    return True


def _beside(place: Key, item: Item) -> tuple[Write, ...]:
    """What of a bound bill account stands elsewhere: what its biller said of it, under a tag that nobody
    finds any more when the account is gone."""
    if place.table is not Table.BILLS or "account_no" not in item:
        return ()
    account = account_of(item)
    return (Delete(owed_key(account.biller, account.tag), when=ANYWAY),)


def _orders_forgotten(store: Store, user_id: str) -> bool:
    """Take out of each settled order what is personal; say whether all of them are settled."""
    settled = True
    for order_id in order_ids(store, user_id):
        items = order_items(store, order_id)
        if not is_settled(items):
            settled = False
            continue
        for item in items:
            _forget(store, item)
    return settled


def _forget(store: Store, item: Item) -> None:
    place = Key(Table.ORDERS, str(item["pk"]), str(item["sk"]))
    fields = tuple(name for name in ORDER_FIELDS if name in item)
    if place.sk == "#ORDER" and fields:
        store.commit(Update(place, when=Exists(), remove=fields))
    elif place.sk.startswith("ATTEMPT#") and item.get("payer_id"):
        store.commit(Update(place, when=Exists(), assign={"payer_id": ""}))


def _free_logins(store: Store, user_id: str) -> None:
    user = find_user(store, user_id)
    for provider in Provider if user else ():
        subject = subject_of(user, provider) if user else ""
        login = Login(provider, subject)
        item = store.get(login.key) if subject else None
        mine = item["user_id"] == user_id if item else user_id_of(provider, subject) == user_id
        if subject and mine:
            store.commit(free(login, item, user_id))
