"""What an account owes now, which of it is being paid, and how old the answer is (OR9)."""

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from octane.billers.port import Owed
from octane.bills.accounts import BillAccount, get_account
from octane.bills.asking import BillerSilentError, Told, ask, bills_of, kept, told_in
from octane.bills.deps import BillDeps
from octane.bills.holding import HELD
from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.kernel.vault import Field, open_text
from octane.store.items import Item, Query, Table


class AccountOwes(NamedTuple):
    account: BillAccount
    owed: Owed
    asked_at: Instant
    stale: bool
    """The biller is silent: this is what it said last."""
    in_payment: Mapping[str, str]
    """Bill numbers that an open order pays, each with that order, empty where it is somebody else's."""


def owed_by(deps: BillDeps, account_id: str, bill_account_id: str) -> AccountOwes:
    """What one's own account owes. Two AWS calls; three and one to the biller when nobody asked within a
    minute.

    Raises `BillAccountNotFoundError`, `BillerAccountRefusedError`, and `BillerSilentError` when the biller
    is silent and nothing is known from before.
    """
    return owed_of(deps, get_account(deps.store, account_id, bill_account_id))


def owed_of(deps: BillDeps, account: BillAccount) -> AccountOwes:
    items = list(deps.store.scan_pages(Query(Table.BILLS, bills_of(account.biller, account.tag))))
    in_payment = {_bill_no(item): _order(item, account.account_id) for item in items if _bill_no(item)}
    before = next((told_in(item) for item in items if item["sk"] == "#OWED"), None)
    if before is not None and before.is_fresh(deps.clock.now()):
        return _shown(account, before, in_payment)
    told = None
    with suppress(UnavailableError):  # it is not connected (any more): as good as silent
        told = ask(deps, account.biller, _number(deps, account))
    if told is not None:
        with suppress(UnavailableError):  # kept or not, it has answered
            deps.store.commit(kept(account.biller, account.tag, told))
        return _shown(account, told, in_payment)
    if before is None:
        raise BillerSilentError
    return _shown(account, before, in_payment)._replace(stale=True)


def _shown(account: BillAccount, told: Told, in_payment: Mapping[str, str]) -> AccountOwes:
    return AccountOwes(account, told.owed, told.asked_at, False, in_payment)


def _number(deps: BillDeps, account: BillAccount) -> str:
    return open_text(deps.vault, Field.BILL_ACCOUNT, account.account_id, account.account_no)


def _bill_no(item: Item) -> str:
    sort = str(item["sk"])
    return sort.removeprefix(HELD) if sort.startswith(HELD) else ""


def _order(item: Item, account_id: str) -> str:
    return str(item["order_id"]) if item["account_id"] == account_id else ""
