"""`python -m local.expand FOLDER`: write what CloudFormation gets of each stack, after the SAM transform.

cfn-lint judges SAM's own resources leniently; what they become, it judges in full.
"""

import json
import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from samtranslator.translator.transform import transform

from local.cloud import REGION
from local.package import Template, point_code
from local.stacks import applications, read_stacks

ROOT = Path(__file__).resolve().parents[2]


def expand(template: Template, root: Path) -> dict[str, Any]:
    """What SAM makes of `template`; its code is said to lie in a bucket that need not exist."""
    point_code(template, root, lambda _name, _folder: {"Bucket": "octane-code", "Key": "code.zip"})
    return transformed(template)


def transformed(template: Template) -> dict[str, Any]:
    """What SAM makes of a template whose code lies in S3."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    managed_policies = SimpleNamespace(load=dict)
    result: dict[str, Any] = transform(template, {}, managed_policies)
    return result


def expand_all(root: Path) -> dict[str, dict[str, Any]]:
    """What CloudFormation gets, stack by stack; the root names the others' files, `STACK.json`."""
    stacks = read_stacks(root)
    for template in stacks.values():
        for name, resource in applications(template).items():
            resource["Properties"]["Location"] = f"{name}.json"
    return {name: expand(template, root) for name, template in stacks.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, expanded in expand_all(ROOT).items():
        (folder / f"{name}.json").write_text(json.dumps(expanded, indent=1))
