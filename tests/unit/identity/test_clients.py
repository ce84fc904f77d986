"""What a request says of where it comes from: hints, and nothing that is no hint."""

from types import SimpleNamespace
from typing import Any

import pytest

from octane.api.clients import client_of
from octane.api.entry import caller
from octane.kernel.caller import Caller, Client, Member, Role
from octane.kernel.errors import UnauthenticatedError


def event(**headers: str) -> dict[str, object]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"headers": named, "requestContext": {"identity": {"sourceIp": "1.2.3.4"}}}


def test_the_gateway_says_the_address_and_the_client_the_rest() -> None:
    asked = event(X_Device_Id="device-1", x_location="31.2304,121.4737", X_Forwarded_For="6.6.6.6")
    assert client_of(asked) == Client("1.2.3.4", "device-1", "31.2304,121.4737")


@pytest.mark.parametrize(
    "device", ["", "short", "x" * 65, "device 1", "device\n1", "设备设备设备设备", "<script>", "' OR 1=1 --"]
)
def test_a_device_of_another_form_is_none(device: str) -> None:
    assert client_of(event(X_Device_Id=device)).device == ""


@pytest.mark.parametrize("place", ["", "31.2", "31.2;121", "${jndi:ldap://x},1", "1,2,3", "31.2,121.4\n"])
def test_a_position_of_another_form_is_none(place: str) -> None:
    assert client_of(event(X_Location=place)).place == ""


def test_an_event_without_headers() -> None:
    assert client_of({"headers": None, "requestContext": {}}) == Client()


def app_with(**context: str) -> Any:
    """A resolver that has just been given an event of this authorizer's context."""
    gateway = {"authorizer": context, "identity": {"sourceIp": "1.2.3.4"}}
    raw = {"headers": {"X-Device-Id": "device-1"}, "requestContext": gateway}
    return SimpleNamespace(current_event=SimpleNamespace(raw_event=raw))


CONTEXT = {"user_id": "U1", "role": "customer", "session_id": "S1", "openid": "o1"}


def test_a_caller_is_what_the_authorizer_says_and_where_the_request_comes_from() -> None:
    acting = app_with(**CONTEXT, enterprise_id="E1", member="finance", alipay_id="a1")
    assert caller(acting) == Caller(
        "U1", Role.CUSTOMER, "S1", "o1", "E1", Member.FINANCE, "1.2.3.4", "device-1", "a1"
    )


def test_an_authorizer_of_the_release_before_says_less() -> None:
    assert caller(app_with(**CONTEXT)) == Caller(
        "U1", Role.CUSTOMER, "S1", "o1", ip="1.2.3.4", device="device-1"
    )


@pytest.mark.parametrize("member", ["", "emperor"])
def test_an_enterprise_without_a_part_in_it_is_nobody(member: str) -> None:
    with pytest.raises(UnauthenticatedError):
        caller(app_with(**CONTEXT, enterprise_id="E1", member=member))
