"""Keys, and the signature of a GET: MD5 over path, sorted raw parameters and the secret key."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

GROUPS, GROUP = 6, 5
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class MapKeys:
    key: str
    """`ABCDE-FGHIJ-…`: six groups of five."""
    secret_key: str


def new_map_keys() -> MapKeys:
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))
    return MapKeys("-".join(groups), secrets.token_hex(16))


def is_signed(keys: MapKeys, path: str, fields: Mapping[str, str]) -> bool:
    raw = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sig")
    expected = hashlib.md5(f"{path}?{raw}{keys.secret_key}".encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(expected.encode(), fields.get("sig", "").encode())
