"""Made-up people with sealed fields, written in batches."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from octane.kernel.ids import derive_id
from octane.kernel.vault import Field, Vault
from octane.store.expressions import marshal_item
from octane.store.items import Item, Table

BATCH = 25
ROWS_EACH = 3


class Made(NamedTuple):
    user_id: str
    phone: str
    card: str


def made(no: int) -> Made:
    return Made(derive_id("U", "demo", str(no)), f"139{no:08d}", f"100011{no:013d}")


def write_people(client: Any, vault: Vault, people: int) -> int:
    """Write each person with a phone, a card and an order; return how many rows."""
    rows = _rows(vault, people)
    written = 0
    while batch := list(islice(rows, BATCH)):
        request: dict[str, list[Any]] = {}
        for table, item in batch:
            request.setdefault(table.value, []).append({"PutRequest": {"Item": marshal_item(item)}})
        client.batch_write_item(RequestItems=request)
        written += len(batch)
    return written


def _rows(vault: Vault, people: int) -> Iterator[tuple[Table, Item]]:
    for no in range(people):
        user_id, phone, card = made(no)
        number = vault.seal(Field.CARD_NUMBER, user_id, card)
        holder = {
            "holder_name": vault.seal(Field.REAL_NAME, user_id, "张三"),
            "holder_phone": vault.seal(Field.PHONE, user_id, phone),
        }
        yield (
            Table.IDENTITY,
            {"pk": user_id, "sk": "#USER", "phone_sealed": vault.seal(Field.PHONE, user_id, phone)},
        )
        yield Table.IDENTITY, {"pk": user_id, "sk": f"CARD#{no}", "number": number, **holder}
        order = {"user_id": user_id, "placed_key": f"{no:015d}#T", "card_number": number, **holder}
        yield Table.ORDERS, {"pk": derive_id("T", str(no)), "sk": "#ORDER", "state": "SUCCEEDED", **order}
