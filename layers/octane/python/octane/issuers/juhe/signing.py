"""MD5 signatures of the Juhe-style interface. MD5 is the protocol's choice; TLS and the query assure us."""

import hashlib
from collections.abc import Mapping
from hmac import compare_digest

SIGNED_FIELDS = ("proid", "cardnum", "game_userid", "orderid")


def order_sign(openid: str, key: str, fields: Mapping[str, str]) -> str:
    """md5(OpenID + key + proid + cardnum + game_userid + orderid), the last four from the form's fields."""
    return _md5(openid + key + "".join(fields[name] for name in SIGNED_FIELDS))


def balance_sign(openid: str, key: str, timestamp: int) -> str:
    """md5(OpenID + key + timestamp); `timestamp` is epoch seconds."""
    return _md5(f"{openid}{key}{timestamp}")


def bill_sign(openid: str, key: str, day: str) -> str:
    """md5(OpenID + key + date); `day` is `yyyyMMdd`."""
    return _md5(f"{openid}{key}{day}")


def notice_matches(key: str, reference: str, order_no: str, sign: str) -> bool:
    """Compare with md5(key + sporder_id + orderid) in constant time."""
    return compare_digest(_md5(key + reference + order_no).encode(), sign.lower().encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
