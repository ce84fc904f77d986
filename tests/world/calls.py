"""How to make each call of the API, as data: for whoever makes them all."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Json = Any
OWN, OTHER, ENTERPRISE = "own", "other", "enterprise"
ALL = (OWN, OTHER, ENTERPRISE)
NOTHING = ("",)
"""The call names no thing."""
NO_ID = "A" * 26


class Call(NamedTuple):
    """How to make a call; `{names}` are filled in with the things of a cell."""

    path: str = ""
    """With its query; empty: the path of the table."""
    body: Json = None
    whose: tuple[str, ...] = NOTHING


PAY = {"method": "WECHAT_NATIVE"}
REASON = "a reason"
NAMELESS = dict.fromkeys(("withdrawal_id", "evidence_id", "plan_id", "campaign_id"), NO_ID)
PLACE = {"day": "2026-07-01", "source": "WECHAT", "difference_id": NO_ID}
CALLS: Mapping[str, Call] = {
    "GET /switches": Call(),
    "POST /sessions": Call(body={"provider": "WECHAT", "code": "code-anybody"}),
    "POST /sessions/refresh": Call(body={"refresh_token": "none"}),
    "POST /sms-codes": Call(body={"phone": "0", "purpose": "LOGIN"}),
    "POST /callbacks/wechat/payments": Call(body={}),
    "POST /callbacks/wechat/refunds": Call(body={}),
    "POST /callbacks/alipay/payments": Call(body={}),
    "POST /callbacks/unionpay/payments": Call(body={}),
    "POST /callbacks/unionpay/refunds": Call(body={}),
    "POST /callbacks/issuers/juhe": Call(body={}),
    "POST /callbacks/billers/{biller}": Call("/callbacks/billers/water", {}),
    "GET /me": Call(),
    "POST /me/phone": Call(body={"code": "no-code"}),
    "GET /me/logins": Call(),
    "POST /me/logins": Call(body={"provider": "ALIPAY", "code": "no-code"}),
    "DELETE /me/logins/{provider}": Call("/me/logins/WECHAT"),
    "PUT /me/payment-password": Call(body={"pin": "258037"}),
    "POST /me/step-ups": Call(body={"operation": "WITHDRAW", "amount_fen": 100}),
    "POST /me/step-ups/{step_up_id}/proofs": Call(body={"method": "FACE"}, whose=(OWN, OTHER)),
    "PUT /me/identity": Call(body={"name": "张三", "identity_number": "11010519491231002X"}),
    "POST /me/account": Call(body={"enterprise_id": ""}),
    "GET /me/consents": Call(),
    "PUT /me/consents/{purpose}": Call("/me/consents/MARKETING", {"given": True, "text_version": 1}),
    "POST /me/exports": Call(),
    "POST /me/erasure": Call(),
    "POST /enterprises": Call(body={"name": "Another Ltd"}),
    "GET /enterprises/{enterprise_id}": Call("/enterprises/{account_id}", whose=(OTHER, ENTERPRISE)),
    "PUT /enterprises/{enterprise_id}/members/{user_id}": Call(
        "/enterprises/{enterprise_id}/members/{spare}", {"role": "viewer"}
    ),
    "GET /cards": Call(),
    "POST /cards": Call(body={"number": "{new_number}", "holder_name": "张三"}),
    "GET /orders": Call("/orders?userId={account_id}", whose=ALL),
    "POST /orders": Call(body={"card_id": "{card_id}", "amount_fen": 100}, whose=ALL),
    "POST /bill-orders": Call(
        body={"bill_account_id": "{bill_account_id}", "bills": [{"bill_no": "B1", "amount_fen": 100}]},
        whose=ALL,
    ),
    "GET /orders/{order_id}": Call(whose=ALL),
    "GET /orders/{order_id}/receipt": Call(whose=ALL),
    "POST /orders/{order_id}/pay": Call(body=PAY, whose=ALL),
    "POST /orders/{order_id}/step-up": Call(body={"step_up_id": NO_ID}, whose=ALL),
    "POST /orders/{order_id}/cancel": Call(whose=ALL),
    "POST /orders/{order_id}/refunds": Call(body={"amount_fen": 1, "reason": REASON}, whose=ALL),
    "POST /payments/create": Call(
        body={
            "userId": "{account_id}",
            "amount": 1,
            "paymentMethod": "WECHAT_NATIVE",
            "cardId": "{card_id}",
        },
        whose=ALL,
    ),
    "GET /wallet": Call(),
    "POST /wallet/top-ups": Call(body={"amount_fen": 100}),
    "GET /routing/rules": Call(),
    "POST /routing/rules": Call(body={"rules": {}, "based_on": 0}),
    "POST /routing/dry-runs": Call(body={"rules": {}, "attempts": ["T"]}),
    "GET /reconciliation/differences": Call(),
    "GET /funds": Call(),
    "GET /withdrawals": Call(),
    "POST /withdrawals": Call(body={"amount_fen": 100, "purpose": "rent"}),
    "POST /withdrawals/{withdrawal_id}/approval": Call(),
    "POST /withdrawals/{withdrawal_id}/refusal": Call(body={"reason": REASON}),
    "GET /risk/rules": Call(),
    "POST /risk/rules": Call(body={"rules": {}, "based_on": 0}),
    "POST /risk/rules/dry-run": Call(body={"rules": {}, "orders": [NO_ID]}),
    "POST /risk/rules/rollback": Call(body={"to_version": 7, "based_on": 0}),
    "GET /risk/decisions/{order_id}": Call(whose=ALL),
    "PUT /risk/lists/{list}/{value}": Call("/risk/lists/user/x", {"entry": "WATCH", "reason": REASON}),
    "DELETE /risk/lists/{list}/{value}": Call("/risk/lists/user/x", {"reason": REASON}),
    "PUT /users/{user_id}/freeze": Call("/users/{spare}/freeze", {"reason": REASON}),
    "DELETE /users/{user_id}/freeze": Call("/users/{spare}/freeze", {"reason": REASON}),
    "GET /reviews": Call(),
    "GET /reviews/{order_id}": Call(whose=ALL),
    "POST /reviews/{order_id}/claim": Call(body={"version": 1}, whose=ALL),
    "POST /reviews/{order_id}/decision": Call(
        body={"decision": "APPROVE", "reason": REASON, "version": 1}, whose=ALL
    ),
    "GET /audit": Call("/audit?subject={account_id}", whose=ALL),
    "POST /evidence": Call(body={"order_id": "{order_id}"}, whose=ALL),
    "GET /evidence/{evidence_id}": Call(),
    "DELETE /bill-accounts/{bill_account_id}": Call(whose=(OTHER, OWN)),
    "DELETE /cards/{card_id}": Call("/cards/{last_card_id}", whose=(OTHER, OWN, ENTERPRISE)),
    "DELETE /enterprises/{enterprise_id}/members/{user_id}": Call(
        "/enterprises/{enterprise_id}/members/{me}"
    ),
    "DELETE /sessions/current": Call(),
}
"""In the order in which they can follow each other: what ends something comes last."""
MARKET: Mapping[str, Call] = {
    "GET /billers": Call(),
    "GET /bill-accounts": Call(),
    "POST /bill-accounts": Call(body={"biller": "WATER", "account_no": "0"}),
    "GET /bill-accounts/{bill_account_id}/bills": Call(whose=ALL),
    "GET /bill-plans": Call(),
    "POST /bill-plans": Call(
        body={"bill_account_id": "{bill_account_id}", "bill_no": "B1", "instalments": 2}, whose=ALL
    ),
    "GET /bill-plans/{plan_id}": Call(),
    "DELETE /bill-plans/{plan_id}": Call(),
    "GET /home": Call(),
    "GET /stations/nearby": Call("/stations/nearby?lat=31.2304&lng=121.4737"),
    "GET /stations/{station_id}": Call("/stations/none"),
    "POST /stations/imports": Call(body={"key": "imports/stations/none.csv"}),
    "GET /prices": Call(),
    "PUT /prices/{province}": Call("/prices/BJ", {"fens": {"92": 755}, "based_on": 7, "reason": REASON}),
    "GET /me/price-subscriptions": Call(),
    "PUT /me/price-subscriptions/{province}": Call("/me/price-subscriptions/BJ"),
    "DELETE /me/price-subscriptions/{province}": Call("/me/price-subscriptions/BJ"),
    "GET /me/coupons": Call(),
    "POST /coupon-codes": Call(body={"code": "NOT-A-CODE"}),
    "GET /campaigns": Call(),
    "POST /campaigns": Call(body={}),
    "GET /campaigns/{campaign_id}": Call(),
    "PUT /campaigns/{campaign_id}": Call(body={}),
    "POST /campaigns/{campaign_id}/claims": Call(),
    "GET /campaigns/{campaign_id}/claims": Call(),
    "POST /campaigns/{campaign_id}/codes": Call(body={"count": 1, "uses": 1}),
    "GET /supply": Call(),
}
DIFFERENCE = "/reconciliation/differences/{day}/{source}/{difference_id}"
DIFFERENCES: Mapping[str, Call] = {
    f"GET {DIFFERENCE}": Call(),
    f"POST {DIFFERENCE}/decisions": Call(body={"action": "RECOVER", "reason": REASON, "version": 1}),
    f"POST {DIFFERENCE}/approvals": Call(body={"version": 1}),
    f"POST {DIFFERENCE}/refusals": Call(body={"reason": REASON, "version": 1}),
}


def calls() -> Mapping[str, Call]:
    return {**DIFFERENCES, **MARKET, **CALLS}
