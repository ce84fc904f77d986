"""Accounts at billers, as a customer has bound them (ID2, OR9, SE1).

| key (table bills)                              | item                                                    |
|------------------------------------------------|---------------------------------------------------------|
| `USER#<account>` / `ACCOUNT#<bill_account_id>` | the number sealed and masked, its label                 |
| `USER#<account>` / `ACCOUNT#<id>#PAID`         | the last order that paid something of it                |
| `USER#<account>` / `#BOUND`                    | how many are bound: no more than `MOST`                 |

The id derives from the account and the number's blind index: it leads nobody to the number.
"""

from typing import NamedTuple

from octane.billers.names import Biller
from octane.kernel.clock import Instant
from octane.kernel.errors import NotFoundError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store


class BillAccountNotFoundError(NotFoundError):
    code = "BILL_ACCOUNT_NOT_FOUND"
    summary = "There is no such account, or it is not yours."


class BillAccount(NamedTuple):
    bill_account_id: str
    account_id: str
    """Whose it is: a person's or an enterprise's id."""
    biller: Biller
    account_no: str
    """Sealed for `account_id` (`Field.BILL_ACCOUNT`)."""
    account_masked: str
    tag: str
    """The same for everybody who binds this number."""
    label: str
    """The customer's own word for it."""
    holder_masked: str
    bound_at: Instant


class LastPaid(NamedTuple):
    order_id: str
    amount: Fen
    paid_at: Instant


class ListedAccount(NamedTuple):
    account: BillAccount
    last_paid: LastPaid | None


def account_key(account_id: str, bill_account_id: str) -> Key:
    return Key(Table.BILLS, f"USER#{account_id}", f"ACCOUNT#{bill_account_id}")


def paid_key(account_id: str, bill_account_id: str) -> Key:
    return Key(Table.BILLS, f"USER#{account_id}", f"ACCOUNT#{bill_account_id}#PAID")


def bound_key(account_id: str) -> Key:
    return Key(Table.BILLS, f"USER#{account_id}", "#BOUND")


def account_id_of(account_id: str, biller: Biller, tag: str) -> str:
    """The id under which an account binds a number."""
    return derive_id("L", account_id, biller.value, tag)


def get_account(store: Store, account_id: str, bill_account_id: str) -> BillAccount:
    """Return one's own account; another's does not exist for one."""
    item = store.get(account_key(account_id, bill_account_id))
    if item is None:
        raise BillAccountNotFoundError
    return account_of(item)


def list_accounts(store: Store, account_id: str) -> list[ListedAccount]:
    """All that are bound, each with what was last paid of it. One AWS call."""
    page = store.query(Query(Table.BILLS, f"USER#{account_id}", "ACCOUNT#", "ACCOUNT~"))
    paid = {
        str(item["sk"]).removesuffix("#PAID"): item
        for item in page.items
        if str(item["sk"]).endswith("#PAID")
    }
    bound = [item for item in page.items if "account_no" in item]
    return [ListedAccount(account_of(item), _last_paid(paid.get(str(item["sk"])))) for item in bound]


def account_of(item: Item) -> BillAccount:
    """Read an account back from the table."""
    return BillAccount(
        bill_account_id=str(item["sk"]).removeprefix("ACCOUNT#"),
        account_id=str(item["pk"]).removeprefix("USER#"),
        biller=Biller(str(item["biller"])),
        account_no=str(item["account_no"]),
        account_masked=str(item["account_masked"]),
        tag=str(item["account_tag"]),
        label=str(item["label"]),
        holder_masked=str(item["holder_masked"]),
        bound_at=Instant(int(str(item["bound_at"]))),
    )


def _last_paid(item: Item | None) -> LastPaid | None:
    if item is None:
        return None
    return LastPaid(str(item["order_id"]), Fen(int(str(item["amount"]))), Instant(int(str(item["paid_at"]))))
