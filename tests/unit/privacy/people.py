"""Where the words that were planted still stand."""

from unit.privacy.house import House

from octane.privacy.fields import opened, owners_of, texts_in
from octane.privacy.vault import key_of
from octane.store.items import Item, Table


def traces(house: House, words: tuple[str, ...]) -> list[str]:
    """Where any of these words stands: in any table, in the clear or sealed, or in any file."""
    found = []
    for table in Table:
        for item in house.engine.items(table):
            text = "\n".join([str(dict(item)), *_opened(house, item)])
            found += [f"{table} {item['pk']} {item['sk']}" for word in words if word in text]
    for key, content in house.work.content.items():
        found += [key for word in words if word.encode() in content]
    return found


def _opened(house: House, item: Item) -> list[str]:
    texts = [text for value in item.values() for text in texts_in(value) if key_of(text)]
    return [opened(house.vault, owners_of(item), text)[2] for text in texts]
