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

DOCUMENT = json.loads((ROOT / "infra/openapi/openapi.json").read_text())
EXAMPLES = 8
"""For each operation: a bounded run."""
SERVER_ERROR = 500
FINANCE = {"funds", "reconciliation"}
"""What a customer is only ever refused: fuzzed as finance."""

schema: Any = schemathesis.openapi.from_dict(DOCUMENT)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented(case: Any, octane: LocalOctane, person: Client, finance: Client) -> None:
    caller = finance if FINANCE & set(case.operation.tags) else person
    headers = {"Authorization": f"Bearer {caller.token}"}
    answer = case.call(base_url=octane.url, headers=headers)
    assert answer.status_code < SERVER_ERROR or answer.status_code in {503, 504}, answer.content
    case.validate_response(
        answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
    )
