"""`python -m local.expand template.yaml`: print what CloudFormation gets, after the SAM transform.

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
from local.package import Template, point_code, read_template


def expand(template: Template, root: Path) -> dict[str, Any]:
    """What SAM makes of `template`; its code is said to lie in a bucket that need not exist."""
    point_code(template, root, lambda _name, _folder: {"Bucket": "octane-code", "Key": "code.zip"})
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    managed_policies = SimpleNamespace(load=dict)
    expanded: dict[str, Any] = transform(template, {}, managed_policies)
    return expanded


if __name__ == "__main__":
    path = Path(sys.argv[1])
    sys.stdout.write(json.dumps(expand(read_template(path), path.parent), indent=1))
