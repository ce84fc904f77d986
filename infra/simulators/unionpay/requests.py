"""Read what a merchant asks of UnionPay; refuse what is malformed (10) or missing (13)."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from simulators.protocol import RefusedError
from simulators.texts import CHINA
from simulators.unionpay.authority import UnionPayKeys
from simulators.unionpay.records import Identity, Order, ReturnOrder
from simulators.unionpay.signer import Fields

ORDER_ID = re.compile(r"[0-9A-Za-z]{8,40}")
AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
TIME = re.compile(r"[0-9]{14}")
EVERY = ("version", "encoding", "signMethod", "certId", "signature", "txnType", "txnSubType", "bizType",
         "accessType", "merId", "txnTime")  # fmt: skip
"""Mandatory in every request."""
ACCESS_TYPES = ("0", "2")
URL_MOST = 256


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a form in UTF-8; refuses (10) anything else, and a field that comes twice."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as wrong:
        raise malformed("the form") from wrong
    if len({name for name, _ in pairs}) != len(pairs):
        raise malformed("a field comes twice")
    return dict(pairs)


def malformed(what: str) -> RefusedError:
    return RefusedError(200, "10", f"报文格式错误: {what}")


def check_frame(fields: Fields) -> None:
    """What every request must have."""
    for name in EVERY:
        if not fields.get(name):
            raise RefusedError(200, "13", f"报文交易要素缺失: {name}")
    if fields["version"] != "5.1.0" or fields["encoding"] != "UTF-8":
        raise malformed("version 5.1.0 and encoding UTF-8")
    if fields["accessType"] not in ACCESS_TYPES:
        raise malformed("accessType")
    _moment(fields["txnTime"], "txnTime")


def identity(fields: Fields) -> Identity:
    if ORDER_ID.fullmatch(_present(fields, "orderId")) is None:
        raise malformed("orderId: 8 to 40 letters and digits")
    return fields["merId"], fields["orderId"], fields["txnTime"]


def parse_payment(fields: Fields, keys: UnionPayKeys) -> Order:
    if (fields["txnSubType"], fields["bizType"]) != ("01", "000201"):
        raise malformed("txnSubType 01, bizType 000201")
    if _present(fields, "channelType") not in ("07", "08"):
        raise malformed("channelType 07 or 08")
    if _present(fields, "currencyCode") != "156":
        raise malformed("currencyCode 156")
    return Order(
        identity=identity(fields),
        amount_fen=_amount(fields),
        expires_at=_moment(_present(fields, "payTimeout"), "payTimeout"),
        back_url=_url(_present(fields, "backUrl")),
        access_type=fields["accessType"],
        sub_mer_id=_sub_merchant(fields, keys),
        reserved=fields.get("reqReserved", ""),
    )


def parse_return(fields: Fields, keys: UnionPayKeys) -> ReturnOrder:
    if (fields["txnSubType"], fields["bizType"]) != ("00", "000201"):
        raise malformed("txnSubType 00, bizType 000201")
    _sub_merchant(fields, keys)
    return ReturnOrder(
        identity=identity(fields),
        txn_type=fields["txnType"],
        original_query_id=_present(fields, "origQryId"),
        amount_fen=_amount(fields),
        back_url=_url(_present(fields, "backUrl")),
        access_type=fields["accessType"],
        reserved=fields.get("reqReserved", ""),
    )


def _sub_merchant(fields: Fields, keys: UnionPayKeys) -> str:
    """A platform merchant (accessType 2) names whom it collects for, in all three ways."""
    if fields["accessType"] != "2":
        return ""
    for name in ("subMerId", "subMerName", "subMerAbbr"):
        _present(fields, name)
    if fields["subMerId"] != keys.sub_mer_id:
        raise RefusedError(200, "32", "无此交易权限: subMerId")
    return fields["subMerId"]


def _present(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise RefusedError(200, "13", f"报文交易要素缺失: {name}")
    return value


def _amount(fields: Fields) -> int:
    if AMOUNT.fullmatch(_present(fields, "txnAmt")) is None:
        raise malformed("txnAmt: whole fen from 1")
    return int(fields["txnAmt"])


def _moment(text: str, name: str) -> int:
    try:
        if TIME.fullmatch(text) is None:
            raise ValueError(text)
        read = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError as wrong:
        raise malformed(f"{name}: yyyyMMddHHmmss") from wrong
    return (read - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _url(url: str) -> str:
    parts = urlsplit(url)
    if len(url) > URL_MOST or parts.scheme not in ("http", "https") or not parts.netloc:
        raise malformed("backUrl")
    return url
