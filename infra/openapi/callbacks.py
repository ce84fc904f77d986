"""The addresses that providers call. Their words are the providers', so they are written here by hand.

They are part of the document because they are part of the template; clients of ours never call them.
"""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

WECHAT_HEADERS = (
    ("Wechatpay-Timestamp", "Epoch seconds; 300 or more away from now is refused."),
    ("Wechatpay-Nonce", "Random; the same notice is acted on once."),
    ("Wechatpay-Serial", "Which key signed."),
    ("Wechatpay-Signature", "SHA256-RSA over timestamp, nonce and the body's bytes, in base64."),
)
ALIPAY_FIELDS = {
    "app_id": "Our application.",
    "seller_id": "Our account.",
    "notify_type": "`trade_status_sync` for a payment.",
    "notify_id": "The same at each delivery of one notice.",
    "out_trade_no": "The attempt's number.",
    "trade_no": "Alipay's number of the trade.",
    "trade_status": "TRADE_SUCCESS or TRADE_FINISHED: paid.",
    "total_amount": "Yuan, two decimals.",
    "gmt_payment": "Beijing time.",
    "sign_type": "RSA2.",
    "sign": "SHA256 with RSA over the other fields, sorted, in base64.",
}
UNIONPAY_FIELDS = {
    "merId": "Our merchant number.",
    "orderId": "The attempt's number, or the refund's.",
    "txnTime": "With the number it names the transaction.",
    "txnType": "01 payment; 31 void or 04 refund at the refunds' address.",
    "txnAmt": "Fen.",
    "queryId": "UnionPay's number of the transaction.",
    "respCode": "00: it succeeded.",
    "signPubKeyCert": "The certificate of the key that signed; its path must lead to a root we hold.",
    "signature": "RSA over the hexadecimal SHA-256 of the other fields, sorted, in base64.",
}
GATEWAY_REFUSED = {"$ref": "#/components/responses/TooMany"}


def callback_paths() -> dict[str, Json]:
    base = "/api/v1/callbacks"
    return {
        f"{base}/alipay/payments": {"post": _alipay()},
        f"{base}/billers/{{biller}}": {"post": _biller()},
        f"{base}/issuers/juhe": {"post": _issuer()},
        f"{base}/unionpay/payments": {"post": _unionpay("unionpay_payment", "UnionPay: a trade was paid")},
        f"{base}/unionpay/refunds": {"post": _unionpay("unionpay_refund", "UnionPay: a refund has ended")},
        f"{base}/wechat/payments": {"post": _wechat("wechat_payment", "WeChat Pay: a trade was paid")},
        f"{base}/wechat/refunds": {"post": _wechat("wechat_refund", "WeChat Pay: a refund has ended")},
    }


def callback_schemas() -> dict[str, Json]:
    text = {"type": "string"}
    sealed = {
        "type": "object",
        "required": ["algorithm", "ciphertext", "nonce"],
        "properties": {
            "algorithm": {"const": "AEAD_AES_256_GCM"},
            "ciphertext": text,
            "nonce": text,
            "associated_data": text,
            "original_type": text,
        },
    }
    return {
        "WechatNotice": {
            "type": "object",
            "required": ["id", "event_type", "resource"],
            "properties": {
                "id": text,
                "create_time": text,
                "event_type": text,
                "resource_type": text,
                "summary": text,
                "resource": sealed,
            },
        },
        "WechatAnswer": {
            "type": "object",
            "additionalProperties": False,
            "required": ["code"],
            "properties": {"code": {"enum": ["SUCCESS", "FAIL"]}, "message": text},
        },
        "AlipayNotice": _form_schema(ALIPAY_FIELDS),
        "UnionPayNotice": _form_schema(UNIONPAY_FIELDS),
        "IssuerNotice": {
            "type": "object",
            "required": ["sporder_id", "orderid", "sta", "sign"],
            "properties": {
                "sporder_id": text,
                "orderid": {"type": "string", "pattern": "^[0-9A-Za-z]{8,32}$"},
                "sta": {"enum": ["1", "9"], "description": "1 recharged, 9 refused."},
                "sign": {"type": "string", "description": "MD5 of key, sporder_id and orderid."},
                "err_msg": text,
            },
        },
    }


def _wechat(function: str, summary: str) -> Json:
    answer = {"application/json": {"schema": {"$ref": "#/components/schemas/WechatAnswer"}}}
    shapes = [{"$ref": "#/components/schemas/WechatAnswer"}, {"$ref": "#/components/schemas/Error"}]
    either = {"application/json": {"schema": {"anyOf": shapes}}}
    refused = {
        "400": "The notice cannot be read or opened.",
        "401": "The notice is not believed: signature, serial or timestamp.",
        "403": "The notice belongs to another merchant.",
        "404": "There is no such order.",
        "409": "The notice was handled before, or contradicts what is booked.",
        "503": "Not now; send it again.",
    }
    return {
        "operationId": function,
        "tags": ["callbacks"],
        "summary": summary,
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": why, "schema": {"type": "string"}}
            for name, why in WECHAT_HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WechatNotice"}}},
        },
        "responses": {
            "200": {"description": "Taken; it will not be sent again.", "content": answer},
            **{status: {"description": why, "content": either} for status, why in refused.items()},
            "429": GATEWAY_REFUSED,
        },
    }


def _form_schema(fields: Mapping[str, str]) -> Json:
    """What we read of a form; the provider sends more."""
    properties = {name: {"type": "string", "description": why} for name, why in fields.items()}
    return {"type": "object", "required": list(fields), "properties": properties}


CHANNEL_REFUSED = {
    "400": "The notice cannot be read.",
    "401": "The notice is not believed: signature, key or certificate.",
    "403": "The notice belongs to another merchant, or to an attempt of another channel.",
    "404": "There is no such order.",
    "409": "The notice contradicts what is booked, or the order changed at the same moment.",
    "503": "Not now; send it again.",
}


def _alipay() -> Json:
    return _form_callback(
        "alipay_payment", "Alipay: a trade was paid", "AlipayNotice", {"const": "success"}, {"const": "fail"}
    )


def _unionpay(function: str, summary: str) -> Json:
    code = {"type": "string", "description": "The error's code."}
    return _form_callback(function, summary, "UnionPayNotice", {"const": "ok"}, code)


def _form_callback(function: str, summary: str, schema: str, taken: Json, refused: Json) -> Json:
    """A provider that posts a form and reads our plain text or our status."""
    either = {
        "text/plain": {"schema": refused},
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
    }
    form = {"application/x-www-form-urlencoded": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        "operationId": function,
        "tags": ["callbacks"],
        "summary": summary,
        "security": [],
        "requestBody": {"required": True, "content": form},
        "responses": {
            "200": {
                "description": "Taken; it will not be sent again.",
                "content": {"text/plain": {"schema": taken}},
            },
            **{status: {"description": why, "content": either} for status, why in CHANNEL_REFUSED.items()},
            "429": GATEWAY_REFUSED,
        },
    }


def _issuer() -> Json:
    form = {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/IssuerNotice"}}}
    return _fulfilled("issuer_recharge", "Fuel-card issuer: a recharge has ended", form)


def _biller() -> Json:
    """Each biller posts in its own protocol; its document has the words."""
    media = ("application/json", "application/xml", "application/x-www-form-urlencoded")
    name = {"name": "biller", "in": "path", "required": True, "schema": {"type": "string"}}
    content: Json = {one: {"schema": {}} for one in media}
    return {
        **_fulfilled("biller_notice", "Biller: the payment of a bill has ended", content),
        "parameters": [name],
    }


def _fulfilled(function: str, summary: str, content: Json) -> Json:
    refused = {
        "400": "The notice cannot be read.",
        "401": "The notice is not believed.",
        "404": "There is no such order.",
        "409": "The order changed at the same moment; send it again.",
        "503": "Not now; send it again.",
    }
    word = {"type": "string", "description": "The error's code."}
    either = {
        "text/plain": {"schema": word},
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
    }
    return {
        "operationId": function,
        "tags": ["callbacks"],
        "summary": summary,
        "security": [],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {
                "description": "Taken; it will not be sent again.",
                "content": {"text/plain": {"schema": {"const": "success"}}},
            },
            **{status: {"description": why, "content": either} for status, why in refused.items()},
            "429": GATEWAY_REFUSED,
        },
    }
