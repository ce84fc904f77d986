"""Each stack has room to grow; together they are what one template would be; new code is a new version."""

import re
from pathlib import Path
from typing import Any

import pytest

from local.expand import expand, expand_all, transformed
from local.nesting import whole
from local.package import point_code
from local.stacks import ROOT_STACK, read_stacks

ROOT = Path(__file__).resolve().parents[2]
MOST = 450
"""CloudFormation allows 500 resources in a stack; move a domain into its own before that."""
NESTED_STACK = "AWS::CloudFormation::Stack"
LAYER = "AWS::Lambda::LayerVersion"
_DIGEST = re.compile(r"(Version|Deployment|Layer)[0-9a-f]{10}$")
Resources = dict[str, Any]


@pytest.fixture(scope="module")
def expanded() -> dict[str, Resources]:
    return {name: template["Resources"] for name, template in expand_all(ROOT).items()}


def test_every_stack_has_room(expanded: dict[str, Resources]) -> None:
    full = {name: len(resources) for name, resources in expanded.items() if len(resources) > MOST}
    assert full == {}, "infra/stacks/README.md says how to make room"


def test_every_template_is_deployed() -> None:
    named = {stack["Properties"]["Location"] for stack in read_stacks(ROOT)[ROOT_STACK]["Resources"].values()
             if stack["Type"] == "AWS::Serverless::Application"}  # fmt: skip
    assert named == {f"infra/stacks/{path.name}" for path in (ROOT / "infra/stacks").glob("*.yaml")}


def types_of(resources: Resources) -> dict[str, str]:
    """Types by logical id; what an id digests (code, body) may differ."""
    return {_DIGEST.sub(r"\1", name): body["Type"] for name, body in resources.items()}


def test_nested_stacks_are_together_what_one_template_would_be(expanded: dict[str, Resources]) -> None:
    """After SAM's transform too: nothing that it makes of one stack meets what it makes of another."""
    apart = [
        (name, kind) for resources in expanded.values() for name, kind in types_of(resources).items()
        if kind != NESTED_STACK
    ]  # fmt: skip
    together = types_of(expand(whole(ROOT), ROOT)["Resources"])
    assert together == dict(apart)
    shared = {name for name, kind in apart if kind == LAYER}
    assert len(apart) - len(set(apart)) == sum(apart.count((name, LAYER)) - 1 for name in shared)


def test_new_code_in_a_layer_is_a_new_version_of_every_function() -> None:
    """Else the alias stays with a version that has the old layer."""
    before, after = versions("one"), versions("two")
    assert len(before) == len(after) > len(read_stacks(ROOT))
    assert not before & after


def versions(code: str) -> set[str]:
    """The logical ids of all versions where `layers/octane` has this code."""
    found = set()
    for template in read_stacks(ROOT).values():
        point_code(
            template, ROOT, lambda _, folder: {"Bucket": "b", "Key": code if "octane" in folder else "same"}
        )
        found |= {
            name for name, body in transformed(template)["Resources"].items()
            if body["Type"] == "AWS::Lambda::Version"
        }  # fmt: skip
    return found
