"""What must hold of the REST API's routes and of the one role with which both gateways call functions."""

from collections.abc import Iterable, Iterator

from contract.resource_rules import Properties, of_type
from local.package import Template
from world.system import Route, functions

ROLE = {"Fn::GetAtt": ["GatewayRole", "Arn"]}
ALIAS = "live"
PUBLISHED = (
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*:" + ALIAS
)
"""A function that has no name of its own gets one that begins with its stack's, and a nested stack's name
begins with the root's."""
CALLER = {"Service": "apigateway.amazonaws.com"}


def gateway_faults(template: Template, routed: Iterable[Route]) -> Iterator[str]:
    known = functions(template)
    for route in routed:
        place = f"{route.method} {route.path}"
        if route.function not in known:
            yield f"{place}: no function is called {route.function}"
        said = {key: value for key, value in route.integration.items() if key != "uri"}
        if said != {"type": "aws_proxy", "httpMethod": "POST", "credentials": ROLE}:
            yield f"{place}: it calls its function by {said}"
    for name, properties in known.items():
        if properties["AutoPublishAlias"] != ALIAS or "FunctionName" in properties:
            yield f"{name}: the gateway may not call it: no alias {ALIAS}, or a name of its own"
    yield from _role_faults(template["Resources"]["GatewayRole"]["Properties"])
    for name, body in of_type(template, "AWS::Lambda::Permission"):
        if body["Properties"]["Principal"] == CALLER["Service"]:
            yield f"{name}: the gateways need no permission: they have a role"
    (authorizer,) = template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values()
    if (
        not authorizer.get("DisableFunctionDefaultPermissions")
        or authorizer.get("FunctionInvokeRole") != ROLE
    ):
        yield "Api: its authorizer is called without the role"
    for kind, field in (("Integration", "CredentialsArn"), ("Authorizer", "AuthorizerCredentialsArn")):
        for name, body in of_type(template, f"AWS::ApiGatewayV2::{kind}"):
            if body["Properties"].get(field) != ROLE:
                yield f"{name}: its function is called without the role"


def _role_faults(role: Properties) -> Iterator[str]:
    """It is API Gateway's alone, and calls what is published."""
    trusted = [
        (each["Effect"], each["Principal"], each["Action"])
        for each in role["AssumeRolePolicyDocument"]["Statement"]
    ]
    if trusted != [("Allow", CALLER, "sts:AssumeRole")]:
        yield f"GatewayRole: it is taken by {trusted}"
    allowed = [
        (each["Effect"], each["Action"], each["Resource"])
        for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]
    ]  # fmt: skip
    if allowed != [("Allow", "lambda:InvokeFunction", {"Fn::Sub": PUBLISHED})] or "ManagedPolicyArns" in role:
        yield f"GatewayRole: it may {allowed}"
