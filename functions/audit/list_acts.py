"""GET /api/v1/audit?subject=: what was done to an account, an order, a set of rules; newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Query

from octane.api import entry
from octane.api.views.audit import ActList, Moment, Subject, window
from octane.audit import reading
from octane.wiring import deps

app = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=entry.read_json)


@app.get("/api/v1/audit", summary="Acts on one subject, newest first (auditor, risk, finance director)")
def list_acts(
    subject: Annotated[Subject, Query(description="An account's id, an order's, `RULES#RISK` …")],
    since: Annotated[Moment | None, Query(description="RFC 3339 with an offset.")] = None,
    until: Annotated[Moment | None, Query(description="Before it; RFC 3339 with an offset.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = reading.PAGE,
    cursor: Annotated[str | None, Query(max_length=1024)] = None,
) -> ActList:
    page = reading.list_acts(deps(), entry.caller(app), subject, window(since, until), limit, cursor)
    return ActList.of(page)


handler = entry.lambda_entry(app)
