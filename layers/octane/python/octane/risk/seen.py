"""What was seen of a person, a device, an address or a card: one item each, counted in the order's own
transaction, so that a replay counts nothing twice (RK2, GW3).

| key (table risk)                | item                                                            |
|---------------------------------|-----------------------------------------------------------------|
| pk: `U…` a person or enterprise | windows, the day's and hour's counts that guard money, habits,  |
| sk: `#SEEN`                     | devices, grade, list, `frozen_at`                               |
| pk: `D…` a device, sk: `#SEEN`  | windows, accounts, list                                         |
| pk: `I…` an address, sk:        | the same, in four shards: many people share one address; its    |
| `#SEEN#0` … `#SEEN#3`           | list entry is in shard 0                                        |
| pk: `N…` a card number          | accounts, list; windows once a second account uses it           |

Windows are buckets: `m<minute>`, `t<10 minutes>`, `h<hour>`, numbers in base 36; accounts are `u<00…1r>` (64
buckets of account ids) with the day that they were last seen. Who reads an item before writing it drops the
buckets that are too old, so no item grows beyond one write unit.
"""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from octane.kernel.clock import MINUTE, Instant
from octane.kernel.ids import derive_id
from octane.store.items import Item, Key, Table

SEEN = "#SEEN"
IP_SHARDS = 4
ACCOUNT_BUCKETS = 64
ACCOUNT_DAYS = 30
BEIJING_MS = 8 * 60 * MINUTE
HOUR_MS = 60 * MINUTE
DAY_MS = 24 * HOUR_MS
NOTHING: Item = {}

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Window(NamedTuple):
    """One size of bucket: its letter, its length, and how many of them are kept."""

    letter: str
    length_ms: int
    kept: int


MINUTES = Window("m", MINUTE, 11)
TENS = Window("t", 10 * MINUTE, 7)
HOURS = Window("h", HOUR_MS, 25)
WINDOWS = (MINUTES, TENS, HOURS)


def person_key(user_id: str) -> Key:
    """Of a person, or of an enterprise."""
    return Key(Table.RISK, user_id, SEEN)


def tag_key(tag: str) -> Key:
    """Of a device or a card."""
    return Key(Table.RISK, tag, SEEN)


def ip_keys(tag: str) -> tuple[Key, ...]:
    return tuple(Key(Table.RISK, tag, f"{SEEN}#{shard}") for shard in range(IP_SHARDS))


def ip_shard(tag: str, order_id: str) -> Key:
    return ip_keys(tag)[sum(order_id.encode()) % IP_SHARDS]


def device_tag(device: str) -> str:
    return derive_id("D", device) if device else ""


def ip_tag(address: str) -> str:
    """An address's tag; of IPv6 the /64, which is one household. Empty for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        return derive_id("I", parsed.exploded[:19])
    return derive_id("I", str(parsed))


def base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def day_of(now: Instant) -> int:
    """The Beijing day, as a number."""
    return (now + BEIJING_MS) // DAY_MS


def number(item: Item, name: str, default: int = 0) -> int:
    value = item.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def in_window(items: Iterable[Item], window: Window, count: int, now: Instant) -> int:
    """The sum of the last `count` buckets and of the one before them."""
    last = now // window.length_ms
    names = [window.letter + base36(last - back) for back in range(count + 1)]
    return sum(number(item, name) for item in items for name in names)


def counted(now: Instant) -> dict[str, int]:
    """What one order adds to the windows."""
    return {window.letter + base36(now // window.length_ms): 1 for window in WINDOWS}


def account_bucket(account_id: str) -> str:
    return f"u{int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:2], 'big') % ACCOUNT_BUCKETS:02d}"


def other_accounts(items: Iterable[Item], account_id: str, now: Instant) -> int:
    """How many buckets of other accounts were seen lately: accounts, up to 64 and rarely one too few."""
    own, since = account_bucket(account_id), day_of(now) - ACCOUNT_DAYS
    return len({n for item in items for n in item if n[0] == "u" and n != own and number(item, n) >= since})


def outdated(item: Item, now: Instant) -> tuple[str, ...]:
    """Names of buckets that nobody looks at any more."""
    since = {w.letter: int(now // w.length_ms) - w.kept for w in WINDOWS}
    day = day_of(now)
    found = []
    for name in item:
        letter, rest = name[0], name[1:]
        if letter in since and len(rest) >= _LEAST_DIGITS and rest.isalnum():
            if int(rest, 36) < since[letter]:
                found.append(name)
        elif letter == "u" and number(item, name, day) < day - ACCOUNT_DAYS:
            found.append(name)
    return tuple(found)


_LEAST_DIGITS = 4
"""Of a bucket's number in base 36 in this century: other names of an item are shorter or differ."""
