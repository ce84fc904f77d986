"""The committed description is what the handlers say, the template serves it, and it is valid OpenAPI 3.1."""

import copy
import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from openapi.document import COMMITTED, ROOT, differences, generate, text_of
from world.system import routes, system

Json = dict[str, Any]
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def generated() -> Json:
    return generate()


@pytest.fixture(scope="module")
def committed() -> Json:
    found: Json = json.loads(COMMITTED.read_text())
    return found


def operations(document: Json) -> dict[tuple[str, str], Json]:
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items() if method in METHODS
    }  # fmt: skip


def template_routes() -> dict[tuple[str, str], bool]:
    """Method and path of each route, and whether anybody may call it."""
    return {(route.method, route.path): route.open_to_all for route in routes(system())}


def test_committed_is_what_the_handlers_say(committed: Json, generated: Json) -> None:
    assert differences(committed, generated) == [], "run `make openapi` and commit what it writes"
    assert COMMITTED.read_text() == text_of(generated)


def test_generating_twice_gives_the_same_text(generated: Json) -> None:
    assert text_of(generate()) == text_of(generated)


def test_a_planted_drift_is_found_where_it_is(committed: Json, generated: Json) -> None:
    changed = copy.deepcopy(generated)
    place = changed["components"]["schemas"]["OrderView"]["properties"]
    place["amount_fen"] = {**place["amount_fen"], "type": "string"}
    assert differences(committed, changed) == [
        "#/components/schemas/OrderView/properties/amount_fen/type differs"
    ]

    less = copy.deepcopy(generated)
    del less["paths"]["/api/v1/orders"]["get"]
    more = copy.deepcopy(generated)
    more["paths"]["/api/v1/orders"]["put"] = {}
    assert differences(committed, less) == ["#/paths/~1api~1v1~1orders/get is committed and not generated"]
    assert differences(committed, more) == ["#/paths/~1api~1v1~1orders/put is generated and not committed"]

    reordered = copy.deepcopy(generated)
    reordered["components"]["schemas"]["OrderView"]["required"].reverse()
    assert differences(committed, reordered)


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, "1"), ([1], [1, 1]), (None, {}), ({}, [])])
def test_values_of_another_type_differ(one: Any, other: Any) -> None:
    assert differences({"value": one}, {"value": other}) == ["#/value differs"]


def test_every_route_of_the_template_is_described_and_the_other_way_round(generated: Json) -> None:
    assert set(operations(generated)) == set(template_routes())


def test_what_needs_a_token_is_what_the_template_guards(generated: Json) -> None:
    assert generated["security"] == [{"bearer": []}]
    open_to_all = {
        route for route, operation in operations(generated).items() if operation.get("security") == []
    }
    assert open_to_all == {route for route, is_open in template_routes().items() if is_open}
    guarded = [operation for route, operation in operations(generated).items() if route not in open_to_all]
    assert all("401" in operation["responses"] for operation in guarded)


def test_it_is_valid(generated: Json) -> None:
    assert list(OpenAPIV31SpecValidator(generated).iter_errors()) == []


def test_every_refusal_has_the_one_shape(generated: Json) -> None:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    responses = generated["components"]["responses"]
    assert all(response["content"] == error for response in responses.values())
    for (_, path), operation in operations(generated).items():
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"400", "429", "503"} <= refusals.keys()
        if "/callbacks/" not in path:
            assert all(answer.keys() == {"$ref"} for answer in refusals.values()), path


def test_whatever_creates_needs_an_idempotency_key(generated: Json) -> None:
    creates = {
        ("POST", "/api/v1/sessions"),
        ("POST", "/api/v1/cards"),
        ("POST", "/api/v1/orders"),
        ("POST", "/api/v1/orders/{order_id}/pay"),
        ("POST", "/api/v1/orders/{order_id}/refunds"),
        ("POST", "/api/v1/payments/create"),
        ("POST", "/api/v1/wallet/top-ups"),
        ("POST", "/api/v1/withdrawals"),
        ("POST", "/api/v1/evidence"),
        ("POST", "/api/v1/me/exports"),
        ("POST", "/api/v1/me/step-ups"),
        ("POST", "/api/v1/enterprises"),
        ("POST", "/api/v1/bill-accounts"),
        ("POST", "/api/v1/bill-plans"),
        ("POST", "/api/v1/bill-orders"),
        ("POST", "/api/v1/campaigns"),
        ("POST", "/api/v1/campaigns/{campaign_id}/claims"),
        ("POST", "/api/v1/campaigns/{campaign_id}/codes"),
        ("POST", "/api/v1/coupon-codes"),
    }
    with_key = {
        route for route, operation in operations(generated).items()
        if any(p["name"] == "Idempotency-Key" and p["required"] for p in operation.get("parameters", []))
    }  # fmt: skip
    assert with_key == creates


def test_operations_are_named_as_their_functions(generated: Json) -> None:
    names = [operation["operationId"] for operation in operations(generated).values()]
    files = {path.stem for path in (ROOT / "functions").glob("*/*.py")}
    assert len(set(names)) == len(names)
    assert set(names) <= files


def test_no_reference_dangles_and_no_schema_is_left_over(generated: Json) -> None:
    wanted = set(re.findall(r'"#/components/(\w+/\w+)"', text_of(generated)))
    there = {f"{kind}/{name}" for kind in ("schemas", "responses") for name in generated["components"][kind]}
    assert wanted == there
