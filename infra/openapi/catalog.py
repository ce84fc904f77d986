"""The stable error codes: which there are, what they mean, what a client does about them."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

import octane
from octane.kernel.errors import OctaneError, all_errors

INSIDE = frozenset(
    {
        "BUCKET_MISSED",
        "CARD_NOT_CALM",
        "DAY_INVALID",
        "MACHINE_UNAVAILABLE",
        "DECISION_UNREADABLE",
        "ENTRY_ALTERED",
        "HOLD_SETTLED",
        "IMPORT_UNFINISHED",
        "KEY_MADE_BEFORE",
        "LIMITS_INVALID",
        "MESSAGE_INVALID",
        "NEWS_INVALID",
        "NOT_JOURNALED",
        "NOT_STAMPED",
        "OUTCOME_TOLD",
        "PRICE_SOURCES_INVALID",
        "QUEUE_UNAVAILABLE",
        "QUOTA_EXHAUSTED",
        "RECHARGE_NOT_READY",
        "REPLAYED",
        "REVOCATIONS_UNKNOWN",
        "ROTATION_REFUSED",
        "SEALING_KEY_GONE",
        "SIGNING_UNAVAILABLE",
        "SHARD_MISSED",
        "STALE_RUN",
        "STATEMENTS_INCOMPLETE",
        "TIMESTAMP_UNAVAILABLE",
        "TOKEN_EXPIRED",
        "TOKEN_REVOKED",
        "TOO_MANY_DIFFERENCES",
        "TRIAL_GAP",
        "TRIAL_UNREADABLE",
        "UNEVEN_SHARD",
    }
)
"""Caught by our own code, or raised by workers, the steps of a day and the authorizer only: no client sees
them."""

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "ACCOUNT_FROZEN": "Call the service line; nothing that the client does lifts it.",
        "ACCOUNT_INVALID": "Let the person correct the number; `GET /api/v1/billers` says how it looks.",
        "ALREADY_BOOKED": "Read the order: the same thing was done by another request.",
        "ALREADY_FROZEN": "Nothing is to be done: it is frozen.",
        "AMOUNT_INVALID": "Send a positive amount: whole fen, or yuan with at most two decimals.",
        "AMOUNT_NOT_OFFERED": "Send an amount in the issuer's steps.",
        "AMOUNT_OVER_LIMIT": "Split the amount over several orders.",
        "ATTEMPT_NUMBER_INVALID": "Send 1 to 100 attempt numbers, as `out_trade_no` of the payment has them.",
        "BILLER_ACCOUNT_REFUSED": "Let the person check the number with the biller.",
        "BILLER_NOTICE_REFUSED": "For the biller: sign the notice; it is sent again.",
        "BILLER_SILENT": "Send the same request again, with the same key; other bills can be paid meanwhile.",
        "BILLER_UNAVAILABLE": "Send the same request again later; other bills can be paid meanwhile.",
        "BILLS_INVALID": "Send 1 to 20 different bills, or a plan and its next instalments.",
        "BILL_ACCOUNTS_FULL": "Unbind an account that is not used any more.",
        "BILL_ACCOUNT_NOT_FOUND": "List the accounts again (`GET /api/v1/bill-accounts`).",
        "BILL_IN_PAYMENT": "Pay or cancel the order that pays it; another person may be paying it.",
        "BILL_NOT_IN_PARTS": "Pay the bill at once, or in fewer parts.",
        "BILL_NOT_OWED": "Read what the account owes again.",
        "BILL_PLANNED": "Pay by the plan (`GET /api/v1/bill-plans`), or cancel it first.",
        "BILL_PLAN_NOT_FOUND": "List the plans again (`GET /api/v1/bill-plans`).",
        "BODY_INVALID": "Send one JSON object; no NaN, no repeated names, within the message's limits.",
        "BODY_TOO_LARGE": "Send less.",
        "CALLBACK_INVALID": "For providers: send the documented body, below 64 KiB.",
        "CAMPAIGN_AUDIENCE": "Not for this account; or it takes a code (`POST /api/v1/coupon-codes`).",
        "CAMPAIGN_BUSY": "Send the same change again; the sale pauses for it.",
        "CAMPAIGN_ENDED": "Do not repeat.",
        "CAMPAIGN_INVALID": "Correct what the message names.",
        "CAMPAIGN_NOT_FOUND": "Check the campaign's id.",
        "CAMPAIGN_NOT_OPEN": "Come back when `Retry-After` is over, with the same key.",
        "CAMPAIGN_STATE": "Read the campaign: it has moved on; make another one in its place.",
        "CARD_NOT_FOUND": "List the cards again.",
        "CARD_NUMBER_INVALID": "Let the person correct the number.",
        "CARD_UNCLEAR": "Send `cardId`, or bind a card first.",
        "CHANGED_MEANWHILE": "Read the thing again, then decide again.",
        "CHANNEL_SILENT": "Wait and read the order: it is settled as soon as the channel answers.",
        "CHANNEL_UNAVAILABLE": "Send the same request again, with the same key, or choose another method.",
        "CONSENT_TEXT_OUTDATED": "Read the consents again, show the text, and send its version.",
        "COUPON_CODES_TOLD": "Make other codes, with a new key.",
        "COUPON_CODE_INVALID": "Let the person correct the code; tries are limited.",
        "COUPON_CODE_USED": "Do not repeat: the code is used up.",
        "COUPON_NOT_APPLICABLE": "Leave the coupon out, or place another order.",
        "COUPON_NOT_AVAILABLE": "List the coupons again (`GET /api/v1/me/coupons`).",
        "COUPON_NOT_FOUND": "List the coupons again (`GET /api/v1/me/coupons`).",
        "CURSOR_INVALID": "Start the listing again without a cursor.",
        "COORDINATES_INVALID": "Send decimal degrees, as the phone gives them.",
        "DAILY_LIMIT": "Order less, or tomorrow (Beijing time); the message says what is left.",
        "DIFFERENCE_NOT_FOUND": "List the differences again.",
        "DIFFERENCE_STATE": "Read the difference: it has moved on, or takes another action.",
        "DIRECTOR_REQUIRED": "Ask a finance director to approve it.",
        "ENTERPRISE_NOT_FOUND": "Check the enterprise's id; ask its owner for an invitation.",
        "ERASURE_ENTERPRISES": "Leave your enterprises, then ask again.",
        "ERASURE_ORDERS_OPEN": "Cancel the orders or wait for their end and their refunds, then ask again.",
        "ERASURE_STAFF_ACCOUNT": "Ask whoever gave the role to take it back first.",
        "ERASURE_WALLET_NOT_EMPTY": "Spend the balance, then ask again.",
        "EVIDENCE_NOT_FOUND": "Request the package again.",
        "FACE_FAILED": "Send FACE again for a new ticket.",
        "FORBIDDEN": "Do not repeat; another account or role is needed.",
        "FREEZE_SAME_PERSON": "Ask another person of risk to lift it.",
        "HEADERS_TOO_LARGE": "Send fewer or shorter headers.",
        "IDEMPOTENCY_KEY_REUSED": "Send a new key for a new thing.",
        "IDENTITY_NUMBER_INVALID": "Let the person correct the number.",
        "IMPORT_KEY_INVALID": "Upload the file under `imports/stations/` and send that key.",
        "IMPORT_NOT_FOUND": "Upload the file first, then ask again with its key.",
        "INSTALMENTS_INVALID": "Send 2 to 12 for a new plan; to pay, no more than are left of it.",
        "INSUFFICIENT_BALANCE": "Take less, top up the balance, or pay by a channel.",
        "INTERNAL": "Report the `request_id`; read before you try again.",
        "ISSUER_SILENT": "For the issuer or biller: send the notice again.",
        "INVALID_REQUEST": "Correct the fields that the message names.",
        "ISSUER_NOTICE_REFUSED": "For the issuer: sign the notice; it is sent again.",
        "LAST_LOGIN": "Link another login first (`POST /api/v1/me/logins`).",
        "LAST_OWNER": "Make another member an owner, and let them accept; then try again.",
        "LIMIT_REACHED": "Do not repeat: the account has all that it gets.",
        "LIST_ENTRY_NOT_FOUND": "Nothing is to be done: it is on no list.",
        "LIST_VALUE_INVALID": "Send an id, an address, or a tag as the order's decision shows it.",
        "LOGIN_BLOCKED": "WeChat decides; the person turns to WeChat.",
        "LOGIN_CHALLENGED": (
            "Ask for a code (`POST /api/v1/sms-codes`), then send the same login with `sms_code`."
        ),
        "LOGIN_CODE_INVALID": "Ask the provider for a new code (`wx.login`, `my.getAuthCode`) and send it.",
        "LOGIN_NOT_LINKED": "List the logins again.",
        "LOGIN_PROVIDER_LINKED": "Unlink the provider's other login first.",
        "LOGIN_REFUSED": "Log in from a device that was used before, or some hours later.",
        "LOGIN_TAKEN": "Log in with it: it leads to its own account.",
        "MAINTENANCE": "Come back later; orders that are open go on.",
        "MEDIA_TYPE_UNSUPPORTED": "Send `Content-Type: application/json`.",
        "MEMBERSHIP_ENDED": "Log in again; the enterprise's owner can invite the person again.",
        "NOTICE_FOREIGN": "For the channel: merchant, application or attempt is not yours with us.",
        "NOTICE_REFUSED": "For the channel: the notice is sent again.",
        "NOTICE_REPLAYED": "For the channel: nothing to do, the notice was handled.",
        "NOTICE_SIGNATURE_INVALID": "For the channel: sign with a key that we know.",
        "NOTICE_STALE": "For WeChat Pay: send the notice again, freshly signed.",
        "NOTICE_UNREADABLE": "For the channel: send the documented form, or seal it with our APIv3 key.",
        "NOT_FOUND": "Check the address.",
        "NOT_FROZEN": "Nothing is to be done: it is not frozen.",
        "ORDERS_NUMBER_INVALID": "Send 1 to 100 order ids.",
        "ORDER_NOT_FOUND": "Check the order's id.",
        "ORDER_NOT_PAID": "Nothing was taken, so nothing is owed back.",
        "ORDER_STATE": "Read the order: it has moved on.",
        "OUTCOME_UNKNOWN": "Send the same request again, with the same key.",
        "OWN_REVIEW": "Let another reviewer take it, one who has no part in the order.",
        "PAYER_MISSING": "Log in through WeChat, or pay by a way that needs no payer (`WECHAT_NATIVE`).",
        "PAYMENT_CHOICE": "Send either `method` or `platform`.",
        "PAYMENT_IN_PROGRESS": "Finish the open payment, or cancel the order.",
        "PAYMENT_PASSWORD_INVALID": "Send six digits.",
        "PAYMENT_PASSWORD_LOCKED": "Wait three hours, or pay by a channel.",
        "PAYMENT_PASSWORD_MISSING": "Set a payment password (`PUT /api/v1/me/payment-password`).",
        "PAYMENT_PASSWORD_WEAK": "Let the person choose other digits.",
        "PAYMENT_PASSWORD_WRONG": "Let the person try again; after five tries it is locked.",
        "PAYMENT_REFUSED": "Pay again with a new key, perhaps another way.",
        "PAYMENT_TARGET": "Send `amount` for a card, or `billAccountId` with `bills`.",
        "PAYMENT_UNKNOWN": "Send the same request again, with the same key.",
        "PHONE_INVALID": "Send 11 digits, with or without `+86`.",
        "PHONE_IS_LOGIN": "Unlink the login by phone, then bind the other number.",
        "PHONE_MISSING": "Send `phone` with `PHONE`.",
        "PHONE_PROOF_REQUIRED": (
            "Ask for a code to the bound phone (`LINK_LOGIN` or `CHANGE_PHONE`), and send it in `sms_code`."
        ),
        "PHONE_REQUIRED": "Bind a phone number first (`POST /api/v1/me/phone`).",
        "PLAN_BUSY": "Pay or cancel the plan's open order, then read the plan again.",
        "PLAN_STATE": "Read the plan: it is paid or cancelled.",
        "PLATFORM_KEYS_UNAVAILABLE": "For WeChat Pay: send the notice again.",
        "PRICES_SUPERSEDED": "Read the prices again, then decide again.",
        "PRICE_INVALID": "Send 300 to 2000 fen per litre, of at least one grade.",
        "PROOF_MISSING": "Send the code or the password as `value`.",
        "PROVIDER_UNAVAILABLE": "Try again in a moment, with a new code.",
        "PROVINCE_UNKNOWN": "Send the letters (`BJ`) or the name of one of the 31 provinces.",
        "QUOTA_BROKEN": "Report the `request_id`: nothing was written.",
        "REAL_NAME_REQUIRED": "Give name and identity number (`PUT /api/v1/me/identity`), then the face.",
        "REAL_NAME_VERIFIED": "Support corrects a name that a face has verified.",
        "REASON_MISSING": "Give a reason, for whoever reads it in ten years.",
        "REFUND_EXCEEDS_CAPTURED": "Read the order; ask for no more than is left.",
        "REFUND_MISMATCH": "Staff compare the refund with the channel's books.",
        "REVIEW_EXPIRED": "Nothing is to be done: the money goes back.",
        "REVIEW_NOT_FOUND": "List the reviews again; an order that is not held has none.",
        "REVIEW_REASON_MISSING": "Send a reason: the customer's service line reads it.",
        "REVIEW_STATE": "Read the review: it waits for somebody else, has ended, or must be claimed first.",
        "RISK_BLOCKED": "Call the service line; another try is refused, too.",
        "RISK_DECISION_NOT_FOUND": "Check the order id; orders from before decisions were kept have none.",
        "RISK_DECISION_UNREADABLE": "Report the `request_id`: a stored decision was altered.",
        "RULES_INVALID": "Correct the rules where the message says.",
        "RULES_NOT_FOUND": "Name a version that was published; 0 is the built-in one.",
        "RULES_QUOTA_FIXED": "Let the new quota start on a later day, or only raise the one that counts.",
        "RULES_SUPERSEDED": "Read the rules in force and start from them.",
        "RULES_TABLE_INVALID": "Correct the decision table where the message says.",
        "RULES_UNREADABLE": "Send one JSON object, smaller.",
        "RULES_UNKNOWN": "Send the same request again, with the same key.",
        "SAME_PERSON": "Ask another person of finance to approve it.",
        "SECOND_REVIEWER": "Leave it to another reviewer.",
        "SECOND_TRANSACTION": "Staff compare the payment with the channel's books.",
        "SESSION_REVOKED": "Log in again.",
        "SETTING_MISSING": "Report the `request_id`: the deployment is incomplete.",
        "SHARD_INVALID": "Start the audit again at shard 0.",
        "SMS_CODE_INVALID": "Let the person try again; after five tries or five minutes ask for a new code.",
        "SMS_LIMIT_REACHED": "Wait as `Retry-After` says, or log in another way.",
        "SMS_NOT_SENT": "Let the person correct the number, or log in another way.",
        "SMS_TOO_OFTEN": "Use the code that was sent, or ask again in a minute.",
        "SOLD_OUT": "Do not repeat, unless the campaign is said to have more.",
        "STATIONS_FILE_UNREADABLE": "Correct the file as the message says (infra/docs/stations.md).",
        "STATION_NOT_FOUND": "Ask for the stations nearby again.",
        "STEP_UP_METHOD": "Give the proof that `methods` names first.",
        "STEP_UP_NOT_FOUND": "Start a step-up (`POST /api/v1/me/step-ups`).",
        "STEP_UP_OVER": "Start another step-up.",
        "STEP_UP_REQUIRED": "Pass a step-up for exactly this, then send it again with `X-Step-Up`.",
        "STEP_UP_SUBJECT": "Send what the operation is on, and its amount, as the description says.",
        "STOCK_BELOW_CLAIMED": "Read the campaign; give it at least what is claimed.",
        "STORE_UNAVAILABLE": "Send the same request again, with the same key.",
        "SUPPLY_LOW": "Come back when `Retry-After` is over, with the same key.",
        "TOO_MANY_MEMBERS": "Remove members who left.",
        "TOO_MANY_ORDERS": "Wait as `Retry-After` says: until the hour or the day is over.",
        "TOO_MANY_REQUESTS": "Wait, then try again, more slowly.",
        "UNAUTHENTICATED": "Refresh the session, or log in again.",
        "UNAVAILABLE": "Send the same request again, with the same key.",
        "UNBALANCED_ENTRY": "Report the `request_id`: nothing was written.",
        "USER_NOT_FOUND": "Log in again.",
        "VAULT_UNAVAILABLE": "Try the same request again.",
        "WAITING_ROOM": "Wait as `Retry-After` says, then send the same claim with the same key.",
        "WALLET_PART": "Take less than the order's amount from the balance, or choose `WALLET_BALANCE`.",
        "WECHAT_LOGIN_REQUIRED": "Link the WeChat login (`POST /api/v1/me/logins`), and log in by it.",
        "WITHDRAWAL_APPROVED_ALREADY": "Wait for the other person's approval.",
        "WITHDRAWAL_EXPIRED": "Request it again, with a new key.",
        "WITHDRAWAL_NOT_FOUND": "List the withdrawals again.",
        "WITHDRAWAL_OWN": "Ask another person of finance to approve it.",
        "WITHDRAWAL_STATE": "Read the withdrawal: it has moved on.",
        "WRONG_STATE": "Read the thing again: it has moved on.",
    }
)


def load_rooms() -> None:
    """Import all of octane, so that every error class exists."""
    for module in pkgutil.walk_packages(octane.__path__, "octane."):
        importlib.import_module(module.name)


def named_errors() -> list[type[OctaneError]]:
    """Every class with a code of its own (a subclass without one goes by its family's), by status, code."""
    load_rooms()
    ours = (error for error in all_errors() if error.__module__.startswith("octane."))
    found = {error for error in ours if "code" in vars(error)}
    return sorted(found, key=lambda error: (error.status, error.code))


def public_errors() -> list[type[OctaneError]]:
    return [error for error in named_errors() if error.code not in INSIDE]


def codes_by_status() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for error in public_errors():
        found.setdefault(error.status, []).append(error.code)
    return found


def errors_table() -> str:
    """The page of the documentation: a table of all codes."""
    rows = [
        f"| `{error.code}` | {error.status} | {'yes' if error.retryable else 'no'} | {error.summary} "
        f"| {ACTIONS[error.code]} |"
        for error in public_errors()
    ]
    return "\n".join((*HEAD, *rows, ""))


HEAD = (
    "# Error codes",
    "",
    'Every refusal is `{"error":{"code","message","request_id"}}`. Decide by `code`: codes and their',
    "statuses stay as they are, messages may change. *Retry* says that the very same request, with the same",
    "`Idempotency-Key`, may succeed later; nothing happens twice. `Retry-After` tells the seconds to wait.",
    'WeChat Pay\'s notices are refused with `{"code":"FAIL","message":CODE}`, UnionPay\'s and the issuer\'s',
    "with the code as plain text, Alipay's with the word `fail`.",
    "",
    "Generated by `make openapi`; do not edit.",
    "",
    "| code | status | retry | meaning | what to do |",
    "|---|---|---|---|---|",
)
