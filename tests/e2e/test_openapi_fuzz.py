"""Schemathesis over the deployed API: whatever is sent, the answer is documented and no fault of ours."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from e2e.client import Client
from local.world import ROOT, LocalOctane
from octane.kernel.caller import Role

DOCUMENT = json.loads((ROOT / "infra/openapi/openapi.json").read_text())
EXAMPLES = 8
"""For each operation: a bounded run."""
SERVER_ERROR = 500
STAFF = {
    "risk": Role.RISK,
    **dict.fromkeys(("evidence", "funds", "reconciliation", "reviews", "withdrawals"), Role.FINANCE_DIRECTOR),
}
"""What a customer is only ever refused, by the path's first name: fuzzed as staff."""

schema: Any = schemathesis.openapi.from_dict(DOCUMENT)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(
    case: Any, octane: LocalOctane, person: Client, staff: dict[Role, Client]
) -> None:
    role = STAFF.get(case.operation.path.split("/")[3])
    caller = staff[role] if role else person
    headers = {"Authorization": f"Bearer {caller.token}"}
    answer = case.call(base_url=octane.url, headers=headers)
    assert answer.status_code < SERVER_ERROR or answer.status_code in {503, 504}, answer.content
    case.validate_response(
        answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
    )
