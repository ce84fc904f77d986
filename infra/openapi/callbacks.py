"""The addresses that providers call. Their words are the providers', so they are written here by hand.

They are part of the document because they are part of the template; clients of ours never call them.
"""

from typing import Any

Json = dict[str, Any]

WECHAT_HEADERS = (
    ("Wechatpay-Timestamp", "Epoch seconds; 300 or more away from now is refused."),
    ("Wechatpay-Nonce", "Random; the same notice is acted on once."),
    ("Wechatpay-Serial", "Which key signed."),
    ("Wechatpay-Signature", "SHA256-RSA over timestamp, nonce and the body's bytes, in base64."),
)
GATEWAY_REFUSED = {"$ref": "#/components/responses/TooMany"}


def callback_paths() -> dict[str, Json]:
    base = "/api/v1/callbacks"
    return {
        f"{base}/issuers/juhe": {"post": _issuer()},
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


def _issuer() -> Json:
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
    form = {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/IssuerNotice"}}}
    return {
        "operationId": "issuer_recharge",
        "tags": ["callbacks"],
        "summary": "Fuel-card issuer: a recharge has ended",
        "security": [],
        "requestBody": {"required": True, "content": form},
        "responses": {
            "200": {
                "description": "Taken; it will not be sent again.",
                "content": {"text/plain": {"schema": {"const": "success"}}},
            },
            **{status: {"description": why, "content": either} for status, why in refused.items()},
            "429": GATEWAY_REFUSED,
        },
    }
