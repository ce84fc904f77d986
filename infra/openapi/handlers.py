"""Find the HTTP functions: every file under functions/ that has an `app`."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

Json = dict[str, Any]


class HttpFunction(NamedTuple):
    """A function, its domain (folder) and what Powertools says of its routes."""

    name: str
    domain: str
    schema: Json


def http_functions(folder: Path) -> Iterator[HttpFunction]:
    """Load functions in the order of their paths; what has no `app` answers no request of a client."""
    for path in sorted(folder.glob("*/*.py")):
        spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ImportError(path.name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        app = getattr(module, "app", None)
        if isinstance(app, APIGatewayRestResolver):
            schema: Json = json.loads(app.get_openapi_json_schema(title=path.stem))
            yield HttpFunction(path.stem, path.parent.name, schema)
