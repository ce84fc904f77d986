"""Which errors an operation can answer with, beyond what its handler's types say."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from openapi.catalog import codes_by_status

Json = dict[str, Any]

NAMES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("InvalidRequest", "What was sent cannot be read or is out of bounds."),
        401: ("Unauthenticated", "The token, code or signature is missing, unknown or expired."),
        403: ("Forbidden", "This account may not do that."),
        404: ("NotFound", "There is no such thing, or it is not yours."),
        409: ("Conflict", "The right request at the wrong moment, or a key that was used for another one."),
        413: ("BodyTooLarge", "The body is larger than any request of this API."),
        415: ("MediaTypeUnsupported", "The body is not application/json in UTF-8."),
        422: ("Refused", "The payment channel refused; nothing was taken."),
        429: ("TooMany", "Too many requests, or too many orders within the hour."),
        503: ("Unavailable", "Try the same request again: nothing is lost, and nothing happens twice."),
        504: ("Unknown", "An answer did not come in time; the same request, sent again, continues."),
    }
)
WITH_RETRY_AFTER = frozenset({409, 429, 503, 504})

ALWAYS = frozenset({400, 429, 503})
WITH_TOKEN = frozenset({401, 403})
"""The gateway itself refuses with 403 where the authorizer's policy does not match the address."""
WITH_BODY = frozenset({413, 415})

MORE: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "act_for": frozenset({401, 403, 404, 409}),
        "approve_difference": frozenset({404, 409}),
        "approve_withdrawal": frozenset({404, 409}),
        "audit_claims": frozenset({404}),
        "bind_bill_account": frozenset({404, 409}),
        "bind_card": frozenset({404, 409}),
        "bind_phone": frozenset({401, 404}),
        "cancel_bill_plan": frozenset({404, 409}),
        "cancel_order": frozenset({404, 409}),
        "change_campaign": frozenset({404, 409}),
        "claim_by_code": frozenset({404, 409}),
        "claim_coupon": frozenset({404, 409}),
        "claim_review": frozenset({404, 409}),
        "create_campaign": frozenset({409}),
        "create_payment": frozenset({404, 409, 422, 504}),
        "decide_difference": frozenset({404, 409}),
        "decide_review": frozenset({404, 409}),
        "dry_run_risk_rules": frozenset(),
        "dry_run_rules": frozenset({404, 409}),
        "fetch_evidence": frozenset({404}),
        "freeze_account": frozenset({404, 409}),
        "get_bill_plan": frozenset({404}),
        "get_campaign": frozenset({404}),
        "get_difference": frozenset({404}),
        "get_enterprise": frozenset({404}),
        "get_funds": frozenset(),
        "get_home": frozenset(),
        "get_me": frozenset({404}),
        "get_order": frozenset({404}),
        "get_prices": frozenset({404}),
        "get_receipt": frozenset({404, 409}),
        "get_review": frozenset({404}),
        "get_risk_decision": frozenset({404}),
        "get_risk_rules": frozenset(),
        "get_rules": frozenset(),
        "get_supply": frozenset(),
        "get_station": frozenset({404}),
        "get_switches": frozenset(),
        "get_wallet": frozenset(),
        "lift_freeze": frozenset({404, 409}),
        "link_login": frozenset({404, 409}),
        "list_acts": frozenset(),
        "list_bill_accounts": frozenset(),
        "list_bill_plans": frozenset(),
        "list_billers": frozenset(),
        "list_bills": frozenset({404, 409}),
        "list_campaigns": frozenset(),
        "list_cards": frozenset(),
        "list_consents": frozenset(),
        "list_coupons": frozenset(),
        "list_differences": frozenset(),
        "list_logins": frozenset({404}),
        "list_nearby_stations": frozenset(),
        "list_orders": frozenset(),
        "list_price_subscriptions": frozenset(),
        "list_reviews": frozenset(),
        "list_withdrawals": frozenset(),
        "login": frozenset({401, 403, 404, 409}),
        "logout": frozenset(),
        "make_bill_plan": frozenset({404, 409}),
        "make_codes": frozenset({404, 409}),
        "open_enterprise": frozenset({409}),
        "pay_order": frozenset({404, 409, 422, 504}),
        "place_bill_order": frozenset({404, 409}),
        "place_order": frozenset({404, 409}),
        "prove_order": frozenset({404, 409}),
        "prove_step_up": frozenset({403, 404, 409}),
        "publish_risk_rules": frozenset({409}),
        "publish_rules": frozenset({409}),
        "refresh_session": frozenset({401, 404, 409}),
        "refund_order": frozenset({404, 409}),
        "refuse_difference": frozenset({404, 409}),
        "refuse_withdrawal": frozenset({404, 409}),
        "remove_list_entry": frozenset({404, 409}),
        "remove_member": frozenset({409}),
        "request_erasure": frozenset({404, 409}),
        "request_evidence": frozenset({404, 409}),
        "request_export": frozenset({404, 409}),
        "request_withdrawal": frozenset({409}),
        "roll_back_risk_rules": frozenset({404, 409}),
        "run_station_import": frozenset({404, 409}),
        "send_code": frozenset({409}),
        "set_consent": frozenset({409}),
        "set_list_entry": frozenset({409}),
        "set_member": frozenset({404, 409}),
        "set_payment_password": frozenset({403, 409}),
        "set_prices": frozenset({404, 409}),
        "set_real_name": frozenset({403, 409}),
        "start_step_up": frozenset({404, 409}),
        "subscribe_prices": frozenset({404, 409}),
        "top_up_wallet": frozenset({409}),
        "unbind_bill_account": frozenset({404, 409}),
        "unbind_card": frozenset({404}),
        "unlink_login": frozenset({404, 409}),
        "unsubscribe_prices": frozenset({404}),
    }
)
"""By function. A function that is not here stops the generator: whoever adds one says what it refuses."""


def errors_of(function: str, method: str, path: str, *, is_open: bool) -> dict[str, Json]:
    """The error responses of one operation, by status."""
    statuses = ALWAYS | MORE[function]
    if not is_open:
        statuses |= WITH_TOKEN
    if method in {"post", "put", "patch", "delete"}:
        statuses |= WITH_BODY
    if "{" in path:
        statuses |= {404}  # a parameter may be no name of anything
    reference = "#/components/responses/"
    return {str(status): {"$ref": reference + NAMES[status][0]} for status in sorted(statuses)}


def error_responses() -> dict[str, Json]:
    codes = codes_by_status()
    responses: dict[str, Json] = {}
    for status, (name, description) in NAMES.items():
        responses[name] = {
            "description": f"{description} Codes: {', '.join(codes[status])}.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        if status in WITH_RETRY_AFTER:
            responses[name]["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait, where the same request may succeed later.",
                    "schema": {"type": "integer", "minimum": 0},
                }
            }
    return responses


def error_schema() -> Json:
    codes = sorted(code for listed in codes_by_status().values() for code in listed)
    properties: Json = {
        "code": {"type": "string", "enum": codes, "description": "Stable: decide by this."},
        "message": {"type": "string", "description": "For people; may change."},
        "request_id": {"type": "string", "description": "To be named when asking for help."},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "additionalProperties": False,
                "required": list(properties),
                "properties": properties,
            }
        },
    }
