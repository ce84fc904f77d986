"""POST /api/v1/routing/dry-runs: what a draft of the rules would have decided."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from octane.api import entry
from octane.api.views.rules import DryRunBody, DryRunView
from octane.limits.buckets import Spend
from octane.orders import rules
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.post("/api/v1/routing/dry-runs", summary="Try routing rules on past decisions (staff)")
def dry_run_rules(body: DryRunBody) -> DryRunView:
    caller = entry.caller(app)
    deps().buckets.take(Spend("dry_run_user", caller.user_id))
    return DryRunView.of(rules.dry_run_rules(deps(), caller, body.rules, body.attempts))


handler = entry.lambda_entry(app)
