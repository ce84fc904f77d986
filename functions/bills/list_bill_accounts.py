"""GET /api/v1/bill-accounts: the caller's accounts at billers."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.bills import BillAccountList, BillAccountView
from octane.bills import accounts
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/bill-accounts", summary="List the bound accounts, each with what was last paid")
def list_bill_accounts() -> BillAccountList:
    found = accounts.list_accounts(deps().store, entry.caller(app).account_id)
    return BillAccountList(accounts=[BillAccountView.of(*listed) for listed in found])


handler = entry.lambda_entry(app)
