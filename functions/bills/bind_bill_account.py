"""POST /api/v1/bill-accounts: bind an account at a biller."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.bills import BillAccountView, BindBillAccount
from octane.bills import binding
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/bill-accounts", summary="Bind an account at a biller, or a number plate", status_code=201)
def bind_bill_account(body: BindBillAccount, key: entry.IdempotencyKey) -> BillAccountView:
    caller, label = entry.caller(app), body.label or ""
    return BillAccountView.of(binding.bind_account(deps(), caller, body.biller, body.account_no, label, key))


handler = entry.lambda_entry(app)
