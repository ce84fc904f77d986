"""The templates of the system: `template.yaml`, the root, and the stacks that it nests."""

import os.path
from pathlib import Path

from local.package import PATHS, Template, read_template

TEMPLATE = "template.yaml"
ROOT_STACK = "Root"
NESTED = "AWS::Serverless::Application"


def read_stacks(root: Path) -> dict[str, Template]:
    """Every template by the name of its stack, the root first. Local paths are relative to `root`."""
    template = read_template(root / TEMPLATE)
    stacks = {ROOT_STACK: template}
    for name, resource in applications(template).items():
        path = Path(resource["Properties"]["Location"])
        stacks[name] = read_template(root / path)
        for body in stacks[name]["Resources"].values():
            for field in PATHS:
                if isinstance(local := body.get("Properties", {}).get(field), str):
                    slash = "/" if local.endswith("/") else ""
                    body["Properties"][field] = os.path.normpath(path.parent / local) + slash
    return stacks


def applications(template: Template) -> dict[str, Template]:
    """The resources that are nested stacks."""
    return {name: body for name, body in template["Resources"].items() if body["Type"] == NESTED}
