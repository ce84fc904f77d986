"""Bind accounts at billers, and let them go (ID2, OR9, SE1)."""

from octane.billers.accounts import check_account, masked
from octane.billers.names import Biller
from octane.bills.accounts import (
    BillAccount,
    BillAccountNotFoundError,
    account_id_of,
    account_key,
    bound_key,
    get_account,
    paid_key,
)
from octane.bills.asking import BillerSilentError, Told, ask, kept, owed_key
from octane.bills.deps import BillDeps
from octane.bills.kinds import KINDS
from octane.kernel.caller import Caller
from octane.kernel.errors import StateError
from octane.kernel.ids import digest_of
from octane.kernel.vault import Field
from octane.limits.buckets import Spend
from octane.store.items import Item, Table
from octane.store.replays import ReplayedError, recall, remember, replay_key
from octane.store.store import Store, until_settled
from octane.store.writes import (
    ANYWAY,
    Absent,
    AtLeast,
    AtMost,
    Delete,
    Exists,
    Missing,
    Put,
    Update,
    Write,
    any_of,
)

MOST = 20


class BillAccountsFullError(StateError):
    code = "BILL_ACCOUNTS_FULL"
    summary = "Twenty accounts are bound; unbind one first."


def tag_of(deps: BillDeps, biller: Biller, account_no: str) -> str:
    return deps.vault.blind_index(Field.BILL_ACCOUNT, f"{biller.value} {account_no}")


def bind_account(
    deps: BillDeps, caller: Caller, biller: Biller, account_no: str, label: str, key: str
) -> BillAccount:
    """Bind a number that its biller knows; binding it again only renews its label.

    One call to the biller and four AWS calls beside those of a cold vault; a replay three. Raises
    `BillAccountInvalidError` for a number that the biller can't have, `BillerAccountRefusedError`,
    `BillerSilentError`, `BillAccountsFullError`, `KeyReusedError`, and `TooManyError` for whoever tries
    numbers out.
    """
    number = check_account(biller, account_no)
    account_id, tag = caller.account_id, tag_of(deps, biller, number)
    place = account_key(account_id, account_id_of(account_id, biller, tag))
    record = replay_key(Table.BILLS, f"USER#{account_id}", "bind_account", key)
    digest = digest_of({"biller": biller.value, "tag": tag, "label": label})
    if deps.store.get(record) is not None:
        return get_account(deps.store, account_id, recall(deps.store, record, digest))
    deps.buckets.take(Spend("bill_account_user", caller.user_id))
    told = ask(deps, biller, number)
    if told is None:
        raise BillerSilentError
    account = BillAccount(
        place.sk.removeprefix("ACCOUNT#"),
        account_id,
        biller,
        deps.vault.seal(Field.BILL_ACCOUNT, account_id, number),
        masked(number),
        tag,
        label or KINDS[biller].name,
        told.owed.holder_masked,
        deps.clock.now(),
    )
    claim = remember(record, digest, account.bill_account_id, account.bound_at)
    try:
        until_settled(lambda: deps.store.commit(claim, *_bound(deps.store, account, told)))
    except ReplayedError:
        return get_account(deps.store, account_id, recall(deps.store, record, digest))
    return account


def _bound(store: Store, account: BillAccount, told: Told) -> tuple[Write, ...]:
    place = account_key(account.account_id, account.bill_account_id)
    is_known = store.get(place) is not None
    room = any_of(Absent(), Missing("count"), AtMost("count", MOST - 1))
    counted = Update(
        bound_key(account.account_id), when=room, add={"count": 1}, otherwise=BillAccountsFullError()
    )
    item: Item = {
        "biller": account.biller.value,
        "account_no": account.account_no,
        "account_masked": account.account_masked,
        "account_tag": account.tag,
        "label": account.label,
        "holder_masked": account.holder_masked,
        "bound_at": account.bound_at,
    }
    return (
        Put(place, item, when=Exists() if is_known else Absent()),
        kept(account.biller, account.tag, told),
        *(() if is_known else (counted,)),
    )


def unbind_account(store: Store, account_id: str, bill_account_id: str) -> None:
    """Forget an account; orders placed for it keep what they need of it, and a plan of it goes on when the
    number is bound again: under the same id. Two AWS calls."""
    account = get_account(store, account_id, bill_account_id)
    store.commit(
        Delete(account_key(account_id, bill_account_id), when=Exists(), otherwise=BillAccountNotFoundError()),
        Delete(paid_key(account_id, bill_account_id), when=ANYWAY),
        Delete(owed_key(account.biller, account.tag), when=ANYWAY),
        Update(bound_key(account_id), when=AtLeast("count", 1), add={"count": -1}),
    )
