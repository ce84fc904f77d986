"""GET /api/v1/wallet: the caller's balance."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.wallets import WalletView
from octane.orders import wallet
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/wallet", summary="The caller's balance")
def get_wallet() -> WalletView:
    return WalletView.of(wallet.get_wallet(deps(), entry.caller(app)))


handler = entry.lambda_entry(app)
