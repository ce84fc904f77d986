"""Deploy the packaged templates with CloudFormation, as `sam deploy` would."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.cloud import Cloud
from local.expand import transformed
from local.nesting import whole
from local.package import Template, Upload, package
from local.stacks import ROOT_STACK, applications, read_stacks

STACK = "octane"
BUCKET = "octane-deployments"
DEPLOY_SECONDS = 180.0

Say = Callable[[str], None]
Outputs = dict[str, str]


class DeployError(Exception):
    """CloudFormation refused or rolled back; the message names the resources that failed."""


def deploy(
    cloud: Cloud,
    root: Path,
    parameters: Mapping[str, str],
    say: Say,
    change: Callable[[Template], None] | None = None,
    *,
    nested: bool = False,
) -> Outputs:
    """Create or update the stack from `root/template.yaml` and return its outputs.

    `change` edits the template first: a test takes a permission away with it. What AWS nests is one stack
    here, unless `nested`: the embedded AWS can create nested stacks, and fails to update them.
    """
    storage = cloud.client("s3")
    storage.create_bucket(Bucket=BUCKET)

    def upload(key: str, body: bytes) -> None:
        storage.put_object(Bucket=BUCKET, Key=key, Body=body)

    stacks = read_stacks(root) if nested else {ROOT_STACK: whole(root)}
    for each in stacks.values():
        if change:
            change(each)
        _allow_batches(each)
        _allow_plain_http(each)
    folders = package(stacks.values(), root, BUCKET, upload)
    template = stacks[ROOT_STACK]
    for name, application in applications(template).items():
        # the embedded AWS transforms the root alone
        key = _upload_template(transformed(stacks[name]), upload)
        application["Properties"]["Location"] = f"{cloud.endpoint}/{BUCKET}/{key}"
    key = _upload_template(template, upload)
    say(f"packaged {folders} folders of code")
    formation = cloud.client("cloudformation")
    if _send(formation, f"{cloud.endpoint}/{BUCKET}/{key}", parameters):
        _follow(formation, say)
    outputs = read_outputs(cloud)
    _put_gateway_responses(cloud.client("apigateway"), template, outputs)
    _lock_objects(storage, template, outputs, parameters)
    return outputs


def read_outputs(cloud: Cloud) -> Outputs:
    stack = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _upload_template(template: Template, upload: Upload) -> str:
    """Put a template under the digest of its content, so that a nested stack is updated when it changes."""
    body = json.dumps(template, default=str).encode()
    key = f"{hashlib.sha256(body).hexdigest()[:32]}.json"
    upload(key, body)
    return key


def _send(formation: Any, template_url: str, parameters: Mapping[str, str]) -> bool:
    """Ask for the stack; False when it is already as asked."""
    request = {
        "StackName": STACK,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    try:
        formation.describe_stacks(StackName=STACK)
    except ClientError:
        formation.create_stack(**request)
        return True
    try:
        formation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"]["Message"]:
            return False
        raise
    return True


def _follow(formation: Any, say: Say) -> None:
    """Wait for the end of the operation, saying how far it is about once a second."""
    deadline = time.monotonic() + DEPLOY_SECONDS
    spoken = time.monotonic()
    while True:
        status: str = formation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        if time.monotonic() > deadline:
            raise DeployError(f"still {status} after {DEPLOY_SECONDS:.0f} seconds")
        if time.monotonic() - spoken > 1:
            spoken = time.monotonic()
            say(f"{_complete(formation)} resources are ready")
        time.sleep(0.1)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployError(f"{status}\n{_failures(formation)}")
    say(f"{_complete(formation)} resources are ready")


def _complete(formation: Any) -> int:
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=STACK)
    statuses = [row["ResourceStatus"] for page in pages for row in page["StackResourceSummaries"]]
    return sum(status.endswith("_COMPLETE") for status in statuses)


def _failures(formation: Any) -> str:
    events = formation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed
    )


def _allow_batches(template: Template) -> None:
    """Name SendMessageBatch beside SendMessage.

    To AWS a batch is the same permission; the embedded AWS asks for the permission of the call's own name.
    """
    for resource in template["Resources"].values():
        for policy in resource["Properties"].get("Policies", []):
            for statement in policy.get("Statement", []):
                if "sqs:SendMessage" in statement["Action"]:
                    statement["Action"] = [*statement["Action"], "sqs:SendMessageBatch"]


def _allow_plain_http(template: Template) -> None:
    """Drop the policies that refuse whoever does not use TLS: here everything is loopback and plain HTTP."""
    for name, resource in list(template["Resources"].items()):
        statements = resource.get("Properties", {}).get("PolicyDocument", {}).get("Statement", [])
        if any("aws:SecureTransport" in str(statement.get("Condition")) for statement in statements):
            del template["Resources"][name]


def _put_gateway_responses(gateway: Any, template: Template, outputs: Outputs) -> None:
    """Publish the API's gateway responses.

    AWS reads them with the rest of the API's definition; the embedded AWS skips that section.
    """
    responses = template["Resources"]["Api"]["Properties"].get("GatewayResponses", {})
    for kind, response in responses.items():
        status = {"statusCode": str(response["StatusCode"])} if "StatusCode" in response else {}
        gateway.put_gateway_response(
            restApiId=outputs["ApiId"],
            responseType=kind,
            responseTemplates=response["ResponseTemplates"],
            **status,
        )
    if responses:
        gateway.create_deployment(restApiId=outputs["ApiId"], stageName=outputs["StageName"])


def _lock_objects(storage: Any, template: Template, outputs: Outputs, parameters: Mapping[str, str]) -> None:
    """Lock the buckets that the template locks; the embedded AWS skips that property."""
    for name, resource in template["Resources"].items():
        if "ObjectLockConfiguration" not in resource.get("Properties", {}):
            continue
        defaults = {key: value.get("Default") for key, value in template["Parameters"].items()}
        known = {**defaults, **parameters}
        rule = {"Mode": known["ArchiveLockMode"], "Years": int(known["ArchiveYears"])}
        storage.put_object_lock_configuration(
            Bucket=outputs[f"{name}Name"],
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}},
        )
