"""What the gateway answers itself wears the same as what a function answers (SE4)."""

from octane.api.doors import HEADERS
from world.system import system

WORN = {**HEADERS, "Content-Security-Policy": "sandbox", "X-Frame-Options": "DENY"}
"""A static value of API Gateway cannot hold quotes, so it says by two headers what functions say by one."""
RETRY_AFTER = {
    *("THROTTLED", "QUOTA_EXCEEDED"),
    *("INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE", "AUTHORIZER_FAILURE"),
}


def test_every_answer_of_the_gateway() -> None:
    api = system()["Resources"]["Api"]["Properties"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= api["GatewayResponses"].keys()
    for name, answer in api["GatewayResponses"].items():
        worn = dict(answer["ResponseParameters"]["Headers"])
        assert ("Retry-After" in worn) is (name in RETRY_AFTER), name
        worn.pop("Retry-After", None)
        assert worn == {header: f"'{value}'" for header, value in WORN.items()}, name


def test_no_page_may_read_unless_it_is_named_and_credentials_never_travel() -> None:
    template = system()
    assert template["Parameters"]["AllowedOrigin"]["Default"] == ""
    cors = template["Resources"]["Api"]["Properties"]["Cors"]
    assert "*" not in str(cors)
    assert "AllowCredentials" not in cors


def test_a_page_may_send_what_our_calls_read() -> None:
    allowed = system()["Resources"]["Api"]["Properties"]["Cors"]["AllowHeaders"].strip("'").split(",")
    assert {"Authorization", "Idempotency-Key", "If-None-Match"} <= set(allowed)
